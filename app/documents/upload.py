"""Adding files or a folder, and what of them was not accepted."""

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app.api import accept
from app.documents.states import one_line
from app.markup import label
from app.services import Services
from app.texts import Texts
from rag.types import EVERYONE, State
from serving.errors import FootnoteError

_SHOWN = 8
Told = Callable[[int], None]
"""Receives how many files are done."""


def show_upload(services: Services, text: Texts) -> None:
    """The form, open while there is nothing yet, and the last upload's problems."""
    documents = services.runtime.library.list(None)
    known = {group for document in documents for group in document.groups}
    with st.expander(
        text("docs.add.expander"), icon=":material/add:", expanded=True, key="add-documents"
    ):
        folder = _asks_for_folder(text)
        limit = services.runtime.settings.max_file_mb
        choose = text("docs.choose.folder" if folder else "docs.choose")
        drop = text("docs.folder" if folder else "docs.files")
        st.html(uploader_style(choose, text("docs.limit", limit=limit), drop))
        with st.form("upload", clear_on_submit=True, border=False):
            left, right = st.columns([3, 2], gap="medium")
            files = left.file_uploader(
                drop, accept_multiple_files="directory" if folder else True, key="files"
            )
            left.caption(text("docs.intro"))
            groups = right.multiselect(
                text("docs.groups"),
                sorted(known | {EVERYONE}),
                placeholder=text("docs.groups.default"),
                accept_new_options=True,
                key="groups",
            )
            if right.form_submit_button(text("docs.add"), type="primary", icon=":material/add:"):
                _add(services, text, files, groups or None)
    listed = {
        one_line(text, document.name, document.reason)
        for document in services.runtime.library.list(None)
        if document.reason
    }
    problems = [p for p in st.session_state.get("upload_problems", []) if p not in listed]
    for problem in problems[:_SHOWN]:
        st.error(label(problem), icon=":material/error:")
    if len(problems) > _SHOWN:
        st.caption(text("docs.more", count=len(problems) - _SHOWN))


def _asks_for_folder(text: Texts) -> bool:
    names = {kind: text(f"docs.what.{kind}") for kind in ("files", "folder")}
    chosen = st.segmented_control(
        text("docs.what"),
        list(names),
        format_func=lambda kind: names[kind],
        default="files",
        required=True,
        label_visibility="collapsed",
        key="what",
    )
    return chosen == "folder"


def _add(
    services: Services, text: Texts, files: Sequence[UploadedFile], groups: list[str] | None
) -> None:
    bar = st.progress(0.0)

    def told(done: int) -> None:
        bar.progress(done / len(files), text("docs.adding", done=done, count=len(files)))

    problems = add_files(services, text, files, groups, told)
    bar.empty()
    st.session_state["upload_problems"] = problems
    if added := len(files) - len(problems):
        st.toast(label(text("docs.added", count=added)), icon=":material/check:")


def uploader_style(choose: str, limit: str, drop: str) -> str:
    """Streamlit's uploader speaks English only: its texts, replaced by ours."""
    zone = '[data-testid="stFileUploaderDropzone"]'
    inside = f'{zone} [data-testid="stFileUploaderDropzoneInstructions"] span'
    return (
        f"<style>{zone} button p {{font-size: 0}}"
        f'{zone} button p::after {{content: "{choose}"; font-size: .875rem}}'
        f"{inside} {{font-size: 0}}"
        f'{inside}::after {{content: "{limit}"; font-size: .875rem}}'
        f'[data-testid="stFileUploaderDropzone"] > div:only-child {{font-size: 0}}'
        f'[data-testid="stFileUploaderDropzone"] > div:only-child::after '
        f'{{content: "{drop}"; font-size: .875rem}}</style>'
    )


def add_files(
    services: Services,
    text: Texts,
    files: Sequence[UploadedFile],
    groups: Sequence[str] | None = None,
    told: Told = lambda _done: None,
) -> list[str]:
    """Take each file in; the lines for those that were not accepted. One never stops the rest.

    `groups` None: as before, everyone for a new document. Files of one name in an upload would
    replace each other (a browser tells no folders of files that were dropped): none is taken in.
    """
    problems = []
    several = {name for name, count in Counter(f.name for f in files).items() if count > 1}
    for done, file in enumerate(files):
        told(done)
        reason = (
            text("docs.same_name")
            if file.name in several
            else _add_one(services, text, file, groups)
        )
        if reason:
            problems.append(one_line(text, file.name, reason))
    return list(dict.fromkeys(problems))


def _add_one(
    services: Services, text: Texts, file: UploadedFile, groups: Sequence[str] | None
) -> str:
    """Take a file in; why it was not accepted, else nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(file.getbuffer())
        try:
            document = accept(services, path, file.name, groups)
        except FootnoteError as error:
            return str(error)
        except OSError as error:
            return text("docs.not_kept", why=error.strerror or type(error).__name__)
    return document.reason if document.state is State.REJECTED else ""
