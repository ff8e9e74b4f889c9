"""The list of documents: filter, search, states, what is under way, what needs a person.

It polls only while something is being read. The chosen document is kept by id, so that it stays
chosen while the list changes under it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from app.documents.problems import show_problems
from app.documents.states import (
    BUSY,
    Shown,
    as_tree,
    belongs,
    day_and_time,
    size_words,
    state_words,
)
from app.markup import label, shorten
from app.services import Services
from app.texts import Texts
from app.texts_reasons import reason_words
from ingest.progress import Progress
from rag.types import Document, State

_POLL = 0.7
"""Seconds between two looks at the jobs."""
_SHOWN_BARS = 2
_ROW = 35
_MOST_ROWS = 12
_INDENT = "\u2003"
"""Of a document inside a document that is inside another, for each level."""

Rows = Sequence[tuple[int, Document]]
"""Depth and document."""


def show_list(services: Services, text: Texts) -> None:
    """Draw the list, polling while something is being read."""
    documents = services.runtime.library.list(None)
    if not documents:
        st.caption(text("docs.empty"))
        return
    busy = any(belongs(document, Shown.BUSY) for document in documents)
    table = st.fragment(_show_table, run_every=_POLL if busy else None)
    table(services, text)


def close_document() -> None:
    """Choose none; the table forgets its selection."""
    st.session_state["document"] = ""
    st.session_state["documents_closed"] = st.session_state.get("documents_closed", 0) + 1


def chosen_document(services: Services) -> Document | None:
    """The document chosen in the list, as it is now."""
    chosen: str = st.session_state.get("document", "")
    return services.runtime.library.get(chosen) if chosen else None


def viewer_zone() -> tzinfo | None:
    """The time zone of the viewer's browser; None where it is unknown."""
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _show_table(services: Services, text: Texts) -> None:
    documents = services.runtime.library.list(None)
    _show_progress(services, text, documents)
    is_open = bool(st.session_state.get("document"))
    if not is_open:
        show_problems(services, text, documents)
    shown = _filter(text, documents)
    with st.container(key="documents-list"):
        if shown:
            _choose(text, shown, rows(services, text, shown, viewer_zone()))
        else:
            st.caption(text("docs.none_such"))
    if not is_open:
        st.caption(text("docs.pick"))
    busy = {document.id for document in documents if belongs(document, Shown.BUSY)}
    now = (busy, st.session_state.get("document", ""))
    if now != st.session_state.get("documents_drawn"):
        st.session_state["documents_drawn"] = now
        st.rerun()  # the page decides anew whether to poll, and which document is open


def _choose(text: Texts, shown: Rows, table: dict[str, list[Any]]) -> None:
    """The table; a new choice is drawn below it."""
    state = st.session_state
    ids = [document.id for _, document in shown]
    digest = hashlib.blake2b(" ".join(ids).encode(), digest_size=6).hexdigest()
    key = f"table-{digest}-{state.get('documents_closed', 0)}"

    def choose() -> None:
        selected = state[key]["selection"]["rows"]
        state["document"] = ids[selected[0]] if selected and selected[0] < len(ids) else ""

    before: str = state.get("document", "")
    at = [ids.index(before)] if before in ids else []
    st.dataframe(
        table,
        hide_index=True,
        on_select=choose,
        selection_mode="single-row",
        selection_default={"selection": {"rows": at, "columns": [], "cells": []}},
        height=38 + _ROW * min(len(ids), _MOST_ROWS),
        column_config=_columns(text),
        placeholder="",
        key=key,
    )


def _filter(text: Texts, documents: Sequence[Document]) -> Rows:
    """What the two controls leave, members below their containers."""
    names = {
        shown: text(f"docs.filter.{shown}", count=sum(belongs(d, shown) for d in documents))
        for shown in Shown
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            text("docs.filter"),
            list(names),
            format_func=lambda shown: names[shown],
            default=Shown.ALL,
            required=True,
            label_visibility="collapsed",
            key="shown",
        )
        wanted = st.text_input(
            text("docs.search"),
            placeholder=text("docs.search"),
            label_visibility="collapsed",
            key="name",
        )
    needle = wanted.strip().casefold()
    found = [d for d in documents if belongs(d, Shown(chosen)) and needle in d.name.casefold()]
    return as_tree(found)


def _show_progress(services: Services, text: Texts, documents: Sequence[Document]) -> None:
    busy = [document for document in documents if document.state in BUSY]
    if not busy:
        return
    with st.container(key="progress"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(text("docs.reading", count=len(busy)))
            if st.button(text("docs.cancel.all"), icon=":material/close:", key="cancel-all"):
                for document in busy:
                    services.jobs.cancel(document.id)
        working = [document for document in busy if document.state is State.WORKING]
        for document in working[:_SHOWN_BARS]:
            progress = services.jobs.progress(document.id)
            share = progress.done / progress.total if progress and progress.total else 0.0
            words = state_words(text, document, progress, None)
            st.progress(min(share, 1.0), f"{label(shorten(document.name, 60))} — {words}")


def rows(services: Services, text: Texts, shown: Rows, zone: tzinfo | None) -> dict[str, list[Any]]:
    """The table as columns; the one for reasons only where there is one."""
    documents = [document for _, document in shown]
    names = {document.id: document.name for document in documents}
    table: dict[str, list[Any]] = {
        "name": [_shown_name(depth, document, names) for depth, document in shown],
        "state": [
            state_words(text, document, _progress(services, document), zone)
            for document in documents
        ],
        "reason": [_reason(text, document) for document in documents],
        "pages": [document.pages or None for document in documents],
        "chunks": [document.chunks or None for document in documents],
        "size": [size_words(document.size) for document in documents],
        "groups": [", ".join(document.groups) for document in documents],
        "added": [day_and_time(document.added_at, zone) for document in documents],
    }
    if not any(table["reason"]):
        del table["reason"]
    return table


def _shown_name(depth: int, document: Document, names: Mapping[str, str]) -> str:
    if not depth:
        return document.name
    inside = document.name.removeprefix(f"{names.get(document.parent, '')}/")
    return f"{_INDENT * (depth - 1)}↳ {inside}"


def _reason(text: Texts, document: Document) -> str:
    told = document.reason.removeprefix(f"{document.name}: ")
    return reason_words(text, told) if told else ""


def _progress(services: Services, document: Document) -> Progress | None:
    # Asks the database: of thousands of documents few are being read.
    return services.jobs.progress(document.id) if document.state is State.WORKING else None


def _columns(text: Texts) -> dict[str, Any]:
    column = st.column_config
    return {
        "name": column.TextColumn(text("docs.name"), width=250),
        "state": column.TextColumn(text("docs.state"), width=160),
        "pages": column.NumberColumn(text("docs.pages"), width=85),
        "chunks": column.NumberColumn(text("docs.chunks"), width=95),
        "size": column.TextColumn(text("docs.size"), width=80),
        "groups": column.TextColumn(text("docs.readers"), width=100),
        "added": column.TextColumn(text("docs.added"), width=140),
        "reason": column.TextColumn(text("docs.reason"), width=220),
    }
