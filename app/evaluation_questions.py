"""The questions of one run: the failures by kind, and one question beside its trace."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import traces
from app.evaluation_words import words_of
from app.markup import label, note_html
from app.services import Services
from app.texts import Texts
from rag.evaluate.failures import Failure, failures
from rag.evaluate.runs import Run
from rag.trace_store import StoredTrace

_ALL, _ANY = "all", "any"


def show(services: Services, text: Texts, run: Run) -> None:
    """Draw the list of questions and the chosen one."""
    found = {str(q["id"]): failures(q) for q in run.questions}
    counts = {
        _ALL: len(found),
        _ANY: sum(bool(kinds) for kinds in found.values()),
        **{kind.value: sum(kind in kinds for kinds in found.values()) for kind in Failure},
    }
    chosen = st.selectbox(
        text("eval.filter"),
        [kind for kind, count in counts.items() if count or kind == _ALL],
        format_func=lambda kind: f"{text(f'eval.failure.{kind}')} ({counts[kind]})",
        key="failure",
        filter_mode=None,
    )
    listed = [q for q in run.questions if _is_of(found[str(q["id"])], chosen)]
    picked = st.dataframe(
        [{"question": q["question"], "outcome": _outcome(text, q)} for q in listed],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={
            "selection": {"rows": [0] if listed else [], "columns": [], "cells": []}
        },
        column_config={
            "question": st.column_config.TextColumn(text("traces.question"), width="large"),
            "outcome": text("traces.outcome"),
        },
        height=min(280, 38 + 35 * max(1, len(listed))),
        key=f"questions-{chosen}",
    )
    selected = picked["selection"]["rows"]
    if selected and selected[0] < len(listed):
        _show_question(services, text, listed[selected[0]])


def _is_of(kinds: frozenset[Failure], chosen: str) -> bool:
    return chosen == _ALL or (bool(kinds) if chosen == _ANY else Failure(chosen) in kinds)


def _outcome(text: Texts, question: Mapping[str, Any]) -> str:
    return text(f"outcome.{question.get('mode', '')}")


def _show_question(services: Services, text: Texts, question: Mapping[str, Any]) -> None:
    store = services.runtime.tracer.store
    trace = store.get(question.get("trace_id", "")) if store is not None else None
    st.markdown(f"##### {label(question['question'])}")
    expected = question["answers"] or [text("eval.expected.none")]
    judged = question["answers"] or not question["answerable"]
    lines = (
        (text("eval.shown"), _shown(text, question, trace)),
        (text("eval.expected"), " · ".join(expected) if judged else ""),
        (text("eval.cited"), ", ".join(question.get("cited", ()))),
        (text("eval.gold"), ", ".join(question["gold"])),
    )
    told = "".join(note_html(f"{name}: {words}", "fn-line") for name, words in lines if words)
    st.html(f'<div class="fn-read">{told}</div>')
    scores = {words_of(text, name): value for name, value in question["scores"].items()}
    st.json(scores, expanded=False)
    st.markdown(f"##### {text('eval.trace')}")
    if trace is None:
        st.caption(text("eval.trace.gone"))
    else:
        traces.show_trace(text, trace)


def _shown(text: Texts, question: Mapping[str, Any], trace: StoredTrace | None) -> str:
    """The answer; of a run over the own documents, as far as its trace still has it."""
    if "shown" in question:
        return str(question["shown"]) or _outcome(text, question)
    return str(trace.root.output) if trace is not None else text("eval.trace.gone")
