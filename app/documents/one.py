"""One document: what it is, what was understood of it, and everything that can be done with it."""

from collections.abc import Callable

import streamlit as st

from app.citation import show_original_link
from app.documents.access import show_access
from app.documents.findings import languages_line, sentence
from app.documents.listing import close_document, viewer_zone
from app.documents.preview import show_preview
from app.documents.problems import try_again
from app.documents.receipts import keep_last
from app.documents.states import BUSY, day_and_time, is_problem, one_line
from app.documents.versions import show_versions
from app.markup import label
from app.services import Services
from app.texts import Texts
from rag.report import QualityReport, Severity
from rag.types import Document, Principal, State

_ICONS = {
    Severity.NOTE: ":material/info:",
    Severity.WARNING: ":material/warning:",
    Severity.SERIOUS: ":material/error:",
}


def show_document(
    services: Services, text: Texts, principal: Principal, document: Document
) -> None:
    """Draw it, below the list."""
    with st.container(border=True, key="document-panel"):
        st.subheader(label(document.name), anchor=False)
        st.caption(label(summary(services, text, document)))
        if document.reason:
            st.warning(label(one_line(text, document.name, document.reason)))
        _show_actions(services, text, document)
        reading = services.runtime.library.files.reading(document.sha256)
        report = services.runtime.library.report(document, reading) or QualityReport()
        keys = ("read", "report", "versions", "access")
        names = [text(f"docs.one.{key}") for key in keys]
        if document.findings:
            names[1] += f" ({len(document.findings)})"
        tabs = st.tabs(names, key=f"one-{document.id}", on_change="rerun")
        parts: list[Callable[[], None]] = [
            lambda: show_preview(services, text, document, reading),
            lambda: show_report(services, text, principal, report),
            lambda: show_versions(services, text, document),
            lambda: show_access(services, text, document),
        ]
        for tab, part in zip(tabs, parts, strict=True):
            if tab.open:
                with tab:
                    part()


def summary(services: Services, text: Texts, document: Document) -> str:
    """What it is, in one line."""
    zone = viewer_zone()
    parts = [day_and_time(document.added_at, zone)]
    if document.pages:
        parts.append(text("docs.summary.pages", count=document.pages))
    if document.chunks:
        parts.append(text("docs.summary.passages", count=document.chunks))
    if members := services.runtime.library.children(document.id):
        parts.append(text("docs.summary.members", count=len(members)))
    parent = services.runtime.library.get(document.parent) if document.parent else None
    if parent is not None:
        parts.append(text("docs.summary.inside", name=parent.name))
    if document.source:
        parts.append(text("docs.summary.source", name=document.source))
    if document.valid_from:
        parts.append(text("docs.summary.from", date=day_and_time(document.valid_from, zone)))
    if document.valid_until:
        parts.append(text("docs.summary.until", date=day_and_time(document.valid_until, zone)))
    return " · ".join(part for part in parts if part)


def _show_actions(services: Services, text: Texts, document: Document) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if document.sha256:
            show_original_link(services, text, document)
        if document.state in BUSY:
            if st.button(text("docs.cancel"), icon=":material/close:", key="cancel-one"):
                services.jobs.cancel(document.id)
                st.rerun()
        elif is_problem(document) or document.state is State.CANCELLED:
            if st.button(text("docs.retry"), icon=":material/refresh:", key="retry-one"):
                try_again(services, [document])
                st.rerun()
        elif st.button(text("docs.again"), icon=":material/refresh:", key="again-one"):
            services.jobs.submit(document.id)
            st.rerun()
        if st.button(text("docs.delete"), icon=":material/delete:", key="delete-one"):
            _confirm_delete(services, text, document)
        if st.button(text("docs.close"), icon=":material/keyboard_arrow_up:", key="close-one"):
            close_document()
            st.rerun()


def _confirm_delete(services: Services, text: Texts, document: Document) -> None:
    def delete() -> None:
        keep_last(services.pipeline.remove(document.id))
        close_document()
        st.session_state["documents_notice"] = text("docs.deleted", name=document.name)

    def body() -> None:
        st.markdown(label(text("docs.delete.sure", name=document.name)))
        if services.runtime.library.children(document.id):
            st.markdown(text("docs.delete.inside"))
        if st.button(text("docs.delete.yes"), type="primary", key="delete-yes", on_click=delete):
            st.rerun()  # closes the dialog

    st.dialog(text("docs.delete"))(body)()


def show_report(
    services: Services, text: Texts, principal: Principal, report: QualityReport
) -> None:
    """What the quality report found, in plain words, worst first."""

    def name_of(document_id: str) -> str:
        other = services.runtime.library.get(document_id)
        return other.name if other and principal.may_read(other.groups) else ""

    if not report.findings:
        st.markdown(text("find.none"))
    for severity in reversed(Severity):
        found = [f for f in report.findings if f.severity is severity]
        if found:
            st.markdown(f"**{text(f'find.severity.{severity}')}**")
        for finding in found:
            line = label(sentence(text, finding, name_of))
            st.markdown(f"{_ICONS[severity]} {line}")
    if languages := languages_line(text, report):
        st.caption(label(languages))
