"""The versions of a document: which there are, what changed between two, going back to one."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import streamlit as st

from app.documents.listing import viewer_zone
from app.documents.rendering import changes_html
from app.documents.states import day_and_time, size_words
from app.services import Services
from app.texts import Texts
from rag.difference import Change, difference
from rag.types import Document, Version


def show_versions(services: Services, text: Texts, document: Document) -> None:
    """Draw the list, the comparison and the way back."""
    zone = viewer_zone()
    versions = services.runtime.library.versions(document.id)
    st.dataframe(
        version_rows(text, versions, zone),
        hide_index=True,
        column_config=_columns(text),
        placeholder="",
    )
    if len(versions) < 2:
        st.caption(text("docs.versions.one"))
        return
    _show_way_back(services, text, document, versions, zone)
    _show_changes(services, text, document, versions, zone)


def version_rows(
    text: Texts, versions: Sequence[Version], zone: tzinfo | None
) -> dict[str, list[object]]:
    """The versions as columns, newest first."""
    return {
        "added": [day_and_time(version.added_at, zone) for version in versions],
        "state": [text("docs.version.answers") if v.answers else "" for v in versions],
        "pages": [version.pages or None for version in versions],
        "size": [size_words(version.size) for version in versions],
        "valid": [valid_words(text, version, zone) for version in versions],
    }


def valid_words(text: Texts, version: Version, zone: tzinfo | None) -> str:
    """From when until when it answers."""
    if not version.valid_from and not version.valid_until:
        return text("docs.valid.always")
    return f"{day_and_time(version.valid_from, zone)} – {day_and_time(version.valid_until, zone)}"


def _columns(text: Texts) -> dict[str, Any]:
    column = st.column_config
    return {
        "added": column.TextColumn(text("docs.version.date")),
        "state": column.TextColumn(text("docs.state")),
        "pages": column.NumberColumn(text("docs.pages")),
        "size": column.TextColumn(text("docs.size")),
        "valid": column.TextColumn(text("docs.version.valid")),
    }


def _show_way_back(
    services: Services,
    text: Texts,
    document: Document,
    versions: Sequence[Version],
    zone: tzinfo | None,
) -> None:
    earlier = [version for version in versions if not version.answers]
    with st.container(horizontal=True):
        for version in earlier[:3]:
            date = day_and_time(version.added_at, zone)
            if st.button(
                text("docs.version.roll_back", date=date),
                icon=":material/history:",
                key=f"back-{version.version}",
            ):
                services.pipeline.roll_back(document.id, version.version)
                services.jobs.submit(document.id)
                st.session_state["documents_notice"] = text("docs.version.back")
                st.rerun()


def _show_changes(
    services: Services,
    text: Texts,
    document: Document,
    versions: Sequence[Version],
    zone: tzinfo | None,
) -> None:
    st.markdown(f"##### {text('docs.version.changes')}")
    names = {
        version.sha256: f"{day_and_time(version.added_at, zone)} · {size_words(version.size)}"
        for version in versions
    }
    hashes = list(names)
    older, newer = st.columns(2)
    old = older.selectbox(
        text("docs.version.older"),
        hashes,
        index=1,
        format_func=lambda sha: names[sha],
        key=f"older-{document.id}",
    )
    new = newer.selectbox(
        text("docs.version.newer"),
        hashes,
        index=0,
        format_func=lambda sha: names[sha],
        key=f"newer-{document.id}",
    )
    changes = changes_between(services, old, new)
    if changes is None:
        st.caption(text("docs.version.unread"))
    elif not any(change.runs for change in changes):
        st.caption(text("docs.version.same"))
    else:
        st.html(changes_html(changes, lambda count: text("docs.version.unchanged", count=count)))


def changes_between(services: Services, old: str, new: str) -> list[Change] | None:
    """What changed from one content to another; None where one was not read or is not kept."""
    files = services.runtime.library.files
    readings = (files.reading(old), files.reading(new))
    if readings[0] is None or readings[1] is None:
        return None
    texts = [
        [str(element["text"]) for element in reading.elements] for reading in readings if reading
    ]
    return list(difference(*texts))
