"""Who may read a document, and from when until when its version answers."""

from datetime import UTC, date, datetime, time

import streamlit as st

from app.documents.listing import viewer_zone
from app.documents.states import local
from app.services import Services
from app.texts import Texts
from rag.moments import stamp
from rag.types import EVERYONE, Document, Version
from serving.errors import RejectedFile


def show_access(services: Services, text: Texts, document: Document) -> None:
    """Two forms: groups, and dates of the version that answers or will."""
    known = {group for other in services.runtime.library.list(None) for group in other.groups}
    with st.form(f"access-{document.id}", border=False):
        groups = st.multiselect(
            text("docs.access"),
            sorted(known | {EVERYONE}),
            default=list(document.groups),
            accept_new_options=True,
            key=f"groups-{document.id}",
        )
        if st.form_submit_button(text("docs.save")):
            if not groups:
                st.error(text("docs.access.none"))
            else:
                services.pipeline.set_groups(document.id, groups)
                st.session_state["documents_notice"] = text("docs.saved")
                st.rerun()
    versions = services.runtime.library.versions(document.id)
    version = next((v for v in versions if v.answers), versions[0] if versions else None)
    if version is not None:
        _show_validity(services, text, document, version)


def _show_validity(services: Services, text: Texts, document: Document, version: Version) -> None:
    with st.form(f"validity-{document.id}", border=False):
        left, right = st.columns(2)
        begins = left.date_input(
            text("docs.valid_from"), _day(version.valid_from), key=f"from-{document.id}"
        )
        ends = right.date_input(
            text("docs.valid_until"), _day(version.valid_until), key=f"until-{document.id}"
        )
        if st.form_submit_button(text("docs.save"), key=f"save-validity-{document.id}"):
            try:
                services.pipeline.set_validity(
                    document.id, version.version, moment(begins), moment(ends)
                )
            except RejectedFile:
                st.error(text("docs.valid.wrong"))
                return
            st.session_state["documents_notice"] = text("docs.saved")
            st.rerun()


def _day(when: str) -> date | None:
    return local(when, viewer_zone()).date() if when else None


def moment(day: object) -> str:
    """The beginning of a day where the viewer is, as ISO 8601 in UTC; nothing for no day."""
    if not isinstance(day, date):
        return ""
    begins = datetime.combine(day, time(), viewer_zone() or UTC)
    return stamp(begins)
