"""The Explain page: for a question and a document, what each step of the search made of it.

What is said comes from `rag/explain.py`; this module only words and draws it.
"""

from dataclasses import asdict
from typing import Any

import streamlit as st

from app.markup import label
from app.services import Services, local_principal
from app.texts import Texts
from rag.explain import explain
from rag.explanation import Explanation, Outcome, PartExplained
from rag.types import Chunk, Principal
from serving.errors import Forbidden, ModelUnavailable

_USED = (Outcome.QUOTED, Outcome.PASSAGE)
_RANKINGS = ("dense", "sparse", "other_language", "fused", "ranked")


def show(services: Services, text: Texts, principal: Principal) -> None:
    """Draw the page; the question is asked as `principal`, and the local user looks."""
    st.header(text("nav.explain"), anchor=False)
    st.caption(text("explain.lead"))
    viewer = local_principal(services.runtime.settings)
    names = {d.id: d.name for d in services.runtime.library.list(viewer.groups)}
    if not names:
        st.caption(text("explain.none"))
        return
    limit = services.runtime.settings.max_question_chars
    with st.form("explain"):
        question = st.text_input(text("explain.question"), max_chars=limit, key="explain-question")
        document = st.selectbox(
            text("explain.document"),
            list(names),
            index=None,
            format_func=lambda one: names.get(one, one),
            placeholder=text("explain.choose"),
            key="explain-document",
        )
        st.form_submit_button(text("explain.run"), type="primary")
    # A question without a word is no question: there is nothing to explain.
    if document is None or not any(character.isalnum() for character in question):
        return
    try:
        found = explain(services.runtime.answerer, question.strip(), document, principal, viewer)
    except Forbidden:
        st.warning(text("explain.gone"), icon=":material/warning:")
    except ModelUnavailable as error:
        st.error(label(str(error)), icon=":material/error:")
    else:
        writes = services.runtime.answerer.llm is not None
        _show(text, found, writes)


def _show(text: Texts, found: Explanation, writes: bool) -> None:
    used = found.outcome in _USED
    draw, icon = (st.success, "check") if used else (st.warning, "filter_alt")
    draw(label(outcome_words(text, found, found.outcome, writes)), icon=f":material/{icon}:")
    if found.filter_dropped:
        st.caption(label(text("explain.dropped", filter=found.understood.filter)))
    for part in found.parts:
        if len(found.parts) > 1:
            st.subheader(label(part.question), anchor=False)
            st.markdown(label(outcome_words(text, found, part.outcome, writes)))
        _show_part(text, part)


def outcome_words(text: Texts, found: Explanation, outcome: Outcome, writes: bool) -> str:
    """The outcome as a sentence."""
    key = "given" if writes and outcome is Outcome.QUOTED else outcome.name.lower()
    return text(
        f"explain.{key}",
        groups=", ".join(found.document.groups),
        reason=found.document.reason,
        until=found.document.valid_until,
        filter=found.understood.filter,
    )


def _show_part(text: Texts, part: PartExplained) -> None:
    st.dataframe(rankings(text, part), hide_index=True, placeholder="—")
    st.markdown(_terms(text, "terms", part.terms) + "  \n" + _terms(text, "missing", part.missing))
    verdict = text("explain.answers" if part.decision.answer else "explain.refuses")
    confidence = f"{part.decision.confidence:.0%}"
    st.markdown(label(text("explain.decision", confidence=confidence, verdict=verdict)))
    if part.sentences:
        st.markdown(f"##### {text('explain.sentences')}")
        st.dataframe(sentences(text, part), hide_index=True)
    chunk = best_chunk(part)
    if chunk is not None:
        with st.expander(text("explain.best")):
            st.caption(label(" › ".join(chunk.section)))
            st.code(chunk.text, language=None, wrap_lines=True)
    with st.expander(text("traces.details")):
        st.json(asdict(part.decision))


def rankings(text: Texts, part: PartExplained) -> list[dict[str, Any]]:
    """A row for each ranking that the document took part in, or could have."""
    rows = []
    for name in _RANKINGS:
        place = getattr(part, name)
        if place is None:
            continue
        rows.append(
            {
                text("explain.step"): text(f"explain.{name}"),
                text("explain.rank"): place.rank or None,
                text("explain.depth"): place.depth,
                text("explain.score"): round(place.score, 4) if place.chunk else None,
                text("explain.passed"): place.passed,
            }
        )
    return rows


def sentences(text: Texts, part: PartExplained) -> list[dict[str, Any]]:
    """The document's most promising sentences."""
    return [
        {
            text("explain.sentence"): quote.text,
            text("explain.score"): round(quote.score, 3),
            text("explain.shown"): shown,
        }
        for quote, shown in part.sentences
    ]


def best_chunk(part: PartExplained) -> Chunk | None:
    """The document's best chunk in the last ranking that it took part in."""
    for name in reversed(_RANKINGS):
        place = getattr(part, name)
        if place is not None and place.chunk is not None:
            chunk: Chunk = place.chunk
            return chunk
    return None


def _terms(text: Texts, name: str, terms: tuple[str, ...]) -> str:
    return f"{text(f'explain.{name}')}: {label(', '.join(terms)) or '—'}"
