"""What stays as it is until a person does something: why, and trying again."""

from collections.abc import Sequence

import streamlit as st

from app.documents.states import is_problem, one_line, same_reasons
from app.markup import label, note_html
from app.services import Services
from app.texts import Texts
from app.texts_reasons import reason_words
from rag.types import Document

_SHOWN = 5
"""Reasons, and files of one reason, shown at once."""


def show_problems(services: Services, text: Texts, documents: Sequence[Document]) -> None:
    """One line a problem, files of one reason together; a button for each and one for all."""
    problems = [document for document in documents if is_problem(document)]
    groups = same_reasons(problems)
    with st.container(key="problems", gap="xsmall"):
        for reason, of_one in groups[:_SHOWN]:
            if len(of_one) == 1:
                _show_one(
                    services, text, of_one[0], one_line(text, of_one[0].name, of_one[0].reason)
                )
            else:
                _show_group(services, text, reason, of_one)
        if len(groups) > _SHOWN:
            st.caption(text("docs.more", count=len(groups) - _SHOWN))
        if len(problems) > 1 and st.button(
            text("docs.retry.all", count=len(problems)), icon=":material/refresh:", key="retry-all"
        ):
            try_again(services, problems)
            st.rerun()


def _show_group(
    services: Services, text: Texts, reason: str, documents: Sequence[Document]
) -> None:
    line = text(
        "docs.problem.group", count=len(documents), reason=label(reason_words(text, reason))
    )
    with st.expander(line, icon=":material/error:"):
        for document in documents[: 4 * _SHOWN]:
            _show_one(services, text, document, document.name)
        if len(documents) > 4 * _SHOWN:
            st.caption(text("docs.more", count=len(documents) - 4 * _SHOWN))


def _show_one(services: Services, text: Texts, document: Document, line: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(note_html(line, "fn-notice"), width="stretch")
        if st.button(text("docs.retry"), icon=":material/refresh:", key=f"retry-{document.id}"):
            try_again(services, [document])
            st.rerun()


def try_again(services: Services, documents: Sequence[Document]) -> None:
    """Have documents processed once more; what was never kept stays as it is."""
    for document in documents:
        services.jobs.retry(document.id)
