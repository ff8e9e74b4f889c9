"""The Documents page: add files, see how far each is, look into one, read it again, delete it.

The table polls the jobs only while something is being read.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.api import accept
from app.citation import show_original_link
from app.markup import label, note_html, shorten
from app.services import Services
from app.texts import Texts, state_word
from rag.types import EVERYONE, Document, State
from serving.errors import FootnoteError

_BUSY = frozenset({State.WAITING, State.WORKING})
_SHOWN_PARTS = 200
_SHOWN_PROBLEMS = 8
_POLL = 0.7
"""Seconds between two looks at the jobs."""


def show(services: Services, text: Texts) -> None:
    """Draw the page."""
    st.header(text("nav.documents"), anchor=False)
    _show_upload(services, text)
    documents = services.runtime.library.list(None)
    _show_upload_problems(text, documents)
    notice = st.session_state.pop("documents_notice", "")
    if notice:
        st.toast(label(notice), icon=":material/check:")
    if not documents:
        st.caption(text("docs.empty"))
        return
    busy = any(document.state in _BUSY for document in documents)
    table = st.fragment(_show_table, run_every=_POLL if busy else None)
    table(services, text)


def _show_upload(services: Services, text: Texts) -> None:
    known = {group for document in services.runtime.library.list(None) for group in document.groups}
    limit = services.runtime.settings.max_file_mb
    st.html(uploader_style(text("docs.choose"), text("docs.limit", limit=limit)))
    with st.form("upload", clear_on_submit=True):
        left, right = st.columns([3, 2], gap="medium")
        files = left.file_uploader(text("docs.files"), accept_multiple_files=True, key="files")
        left.caption(text("docs.intro"))
        groups = right.multiselect(
            text("docs.groups"),
            sorted(known | {EVERYONE}),
            placeholder=text("docs.groups.default"),
            accept_new_options=True,
            key="groups",
        )
        if right.form_submit_button(text("docs.add"), type="primary", icon=":material/add:"):
            st.session_state["upload_problems"] = add_files(services, text, files, groups or None)


def _show_upload_problems(text: Texts, documents: Sequence[Document]) -> None:
    """What the last upload's files were refused for, except what the list below says itself."""
    listed = set(problems_of(text, documents))
    for problem in st.session_state.get("upload_problems", []):
        if problem not in listed:
            st.error(label(problem), icon=":material/error:")


def problems_of(text: Texts, documents: Sequence[Document]) -> list[str]:
    """One line for each document that was not accepted or failed."""
    return [one_line(text, d.name, d.reason) for d in documents if d.reason]


def uploader_style(choose: str, limit: str) -> str:
    """Streamlit's uploader speaks English only: its two texts, replaced by ours."""
    zone = '[data-testid="stFileUploaderDropzone"]'
    return (
        f"<style>{zone} button p {{font-size: 0}}"
        f'{zone} button p::after {{content: "{choose}"; font-size: .875rem}}'
        f'{zone} [data-testid="stFileUploaderDropzoneInstructions"] span {{font-size: 0}}'
        f'{zone} [data-testid="stFileUploaderDropzoneInstructions"] span::after '
        f'{{content: "{limit}"; font-size: .875rem}}</style>'
    )


def add_files(
    services: Services,
    text: Texts,
    files: Sequence[UploadedFile],
    groups: Sequence[str] | None = None,
) -> list[str]:
    """Take each file in; the lines for those that were not accepted. One never stops the rest.

    `groups` None: as before, everyone for a new document.
    """
    problems = []
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "upload"
            path.write_bytes(file.getbuffer())
            try:
                document = accept(services, path, file.name, groups)
                reason = document.reason if document.state is State.REJECTED else ""
            except FootnoteError as error:
                reason = str(error)
            except OSError as error:
                reason = text("docs.not_kept", why=error.strerror or type(error).__name__)
        if reason:
            problems.append(one_line(text, file.name, reason))
    return problems


def one_line(text: Texts, name: str, reason: str) -> str:
    """Which file, and why; the name once, although reasons may begin with it.

    Reasons are English; where the page is not, a word of its language leads.
    """
    line = reason if name in reason else f"{name}: {reason}"
    return text("docs.problem", line=line)


def _show_table(services: Services, text: Texts) -> None:
    documents = services.runtime.library.list(None)
    _show_progress(services, text, documents)
    problems = problems_of(text, documents)
    for problem in problems[:_SHOWN_PROBLEMS]:
        st.html(note_html(problem, "fn-notice"))
    if len(problems) > _SHOWN_PROBLEMS:
        st.caption(text("docs.more", count=len(problems) - _SHOWN_PROBLEMS))
    chosen = st.dataframe(
        rows(text, documents),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config=_columns(text),
        placeholder="",
        key="table",
    )
    busy = {document.id for document in documents if document.state in _BUSY}
    if busy != st.session_state.get("busy_documents", set()):
        st.session_state["busy_documents"] = busy
        st.rerun()  # the page decides anew whether to poll
    selected = chosen["selection"]["rows"]
    if selected and selected[0] < len(documents):
        _show_document(services, text, documents[selected[0]])
    else:
        st.caption(text("docs.pick"))


def _show_progress(services: Services, text: Texts, documents: Sequence[Document]) -> None:
    with st.container(key="progress"):
        for document in documents:
            if document.state not in _BUSY:
                continue
            progress = services.jobs.progress(document.id)
            share = progress.done / progress.total if progress and progress.total else 0.0
            word = state_word(text, document.state)
            st.progress(min(share, 1.0), f"{label(shorten(document.name, 60))} — {word}")


def rows(text: Texts, documents: Sequence[Document]) -> dict[str, list[Any]]:
    """The table as columns; the one for reasons only where there is one."""
    table: dict[str, list[Any]] = {
        "name": [document.name for document in documents],
        "state": [state_word(text, document.state) for document in documents],
        "pages": [document.pages or None for document in documents],
        "chunks": [document.chunks or None for document in documents],
        "size": [size_words(document.size) for document in documents],
        "groups": [", ".join(document.groups) for document in documents],
        "added": [document.added_at[:16].replace("T", " ") for document in documents],
        "reason": [document.reason for document in documents],
    }
    if not any(table["reason"]):
        del table["reason"]
    return table


def size_words(size: int) -> str:
    """Bytes as KiB or MiB."""
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size / 2**10:.1f} KiB"


def _columns(text: Texts) -> dict[str, Any]:
    column = st.column_config
    found: dict[str, Any] = {
        "name": column.TextColumn(text("docs.name"), width=250),
        "pages": column.NumberColumn(text("docs.pages"), width=70),
        "chunks": column.NumberColumn(text("docs.chunks"), width=90),
        "reason": column.TextColumn(text("docs.reason"), width=300),
    }
    for key in ("state", "size", "groups", "added"):
        found[key] = column.TextColumn(text("docs.added" if key == "added" else f"docs.{key}"))
    found["groups"] = column.TextColumn(text("docs.readers"))
    return found


def _show_document(services: Services, text: Texts, document: Document) -> None:
    with st.container(border=True, key="document"):
        st.subheader(label(document.name), anchor=False)
        if document.reason:
            st.warning(label(one_line(text, document.name, document.reason)))
        with st.container(horizontal=True, vertical_alignment="center"):
            if document.sha256:
                show_original_link(services, text, document)
            if st.button(text("docs.again"), icon=":material/refresh:"):
                services.jobs.submit(document.id)
                st.rerun()
            if st.button(text("docs.delete"), icon=":material/delete:"):
                _confirm_delete(services, text, document)
        with st.expander(text("docs.read")):
            _show_read(services, text, document)


def _confirm_delete(services: Services, text: Texts, document: Document) -> None:
    def delete() -> None:
        services.pipeline.remove(document.id)
        st.session_state["documents_notice"] = text("docs.deleted", name=document.name)

    def body() -> None:
        st.markdown(label(text("docs.delete.sure", name=document.name)))
        if st.button(text("docs.delete.yes"), type="primary", key="delete-yes", on_click=delete):
            st.rerun()  # closes the dialog

    st.dialog(text("docs.delete"))(body)()


def _show_read(services: Services, text: Texts, document: Document) -> None:
    elements = services.runtime.library.elements(document) if document.version else []
    if not elements:
        st.caption(text("docs.nothing_read"))
        return
    for element in elements[:_SHOWN_PARTS]:
        page = element.get("page")
        words = str(element.get("text", ""))
        where = f"{text('ask.page', page=page)} " if page else ""
        if element.get("type") == "Title":
            st.markdown(f"**{label(words)}**")
        else:
            st.markdown(label(f"{where}{words}"))
    if len(elements) > _SHOWN_PARTS:
        st.caption(text("docs.more", count=len(elements) - _SHOWN_PARTS))
