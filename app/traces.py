"""The Traces page: the questions asked, newest first, and what one of them did, step by step."""

import html
from collections.abc import Iterator
from typing import Any

import streamlit as st

from app.markup import label, note_html
from app.services import Services
from app.texts import Texts
from rag.trace_store import StoredTrace, TraceStep, TraceSummary

_LISTED = 100
_SHOWN_FIELDS = ("document", "page", "score", "similarity", "text", "section")


def show(services: Services, text: Texts) -> None:
    """Draw the page."""
    st.header(text("nav.traces"), anchor=False)
    store = services.runtime.tracer.store
    found = store.recent(_LISTED) if store is not None else []
    if store is None or not found:
        st.caption(text("traces.empty"))
        return
    chosen = st.dataframe(
        rows(text, found),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0], "columns": [], "cells": []}},
        height=min(280, 38 + 35 * len(found)),
        column_config=_columns(text),
        key="traces",
    )
    selected = chosen["selection"]["rows"]
    trace = store.get(found[selected[0]].id) if selected and selected[0] < len(found) else None
    if trace is not None:
        show_trace(text, trace)


def rows(text: Texts, traces: list[TraceSummary]) -> dict[str, list[Any]]:
    """The list as columns."""
    return {
        "question": [trace.question for trace in traces],
        "outcome": [trace.error or text(f"outcome.{trace.mode}") for trace in traces],
        "took": [round(trace.duration_ms) for trace in traces],
        "when": [trace.started_at for trace in traces],
    }


def _columns(text: Texts) -> dict[str, Any]:
    column = st.column_config
    return {
        "question": column.TextColumn(text("traces.question"), width=620),
        "outcome": column.TextColumn(text("traces.outcome")),
        "took": column.NumberColumn(text("traces.took")),
        "when": column.DatetimeColumn(text("traces.when"), format="D MMM, HH:mm:ss"),
    }


def show_trace(text: Texts, trace: StoredTrace) -> None:
    """Draw one trace."""
    st.subheader(label(trace.summary.question), anchor=False)
    st.caption(text("traces.id", id=trace.summary.id))
    if trace.summary.error:
        st.error(label(trace.summary.error), icon=":material/error:")
    st.html(waterfall_html(trace.root))
    passages = list(found_passages(trace.root))
    if passages:
        st.markdown(f"##### {text('traces.passages')}")
        _show_passages(text, passages)
    for step in walk(trace.root):
        if step.kind == "generation":
            with st.expander(text("traces.prompt")):
                st.code(readable(step.input), language=None, wrap_lines=True)
    with st.expander(text("traces.details")):
        for step in walk(trace.root):
            st.markdown(f"**{label(step.name)}**")
            parts = {"input": step.input, "output": step.output, "metadata": step.metadata}
            st.json({key: part for key, part in parts.items() if part}, expanded=1)


def _show_passages(text: Texts, passages: list[dict[str, Any]]) -> None:
    st.dataframe(
        [{**passage, "page": passage.get("page") or None} for passage in passages],
        hide_index=True,
        column_order=_SHOWN_FIELDS,
        column_config={field: text(f"traces.{field}") for field in _SHOWN_FIELDS},
        placeholder="",
        key="passages",
    )


def walk(step: TraceStep) -> Iterator[TraceStep]:
    """The step and all inside it, in the order of their start."""
    yield step
    for inner in step.steps:
        yield from walk(inner)


def _with_depth(step: TraceStep, depth: int = 0) -> Iterator[tuple[int, TraceStep]]:
    yield depth, step
    for inner in step.steps:
        yield from _with_depth(inner, depth + 1)


def waterfall_html(root: TraceStep) -> str:
    """A bar for each step, placed and sized by its share of the whole."""
    whole = max(root.duration_ms, 0.001)
    lines = []
    for depth, step in _with_depth(root):
        left = min(100 * step.start_ms / whole, 100.0)
        width = min(100 * step.duration_ms / whole, 100 - left)
        bad = " fn-bad" if step.error else ""
        lines.append(
            f'<span style="padding-left: {depth * 0.9:.1f}rem" title="{html.escape(step.error)}">'
            f"{html.escape(step.name)}</span>"
            f'<span class="fn-track"><span class="fn-bar{bad}" '
            f'style="left: {left:.2f}%; width: {width:.2f}%"></span></span>'
            f'<span class="fn-ms">{step.duration_ms:.1f} ms</span>'
        )
        if step.error:
            lines.append(f"<span></span>{note_html(step.error)}<span></span>")
    return f'<div class="fn-bars">{"".join(lines)}</div>'


def found_passages(root: TraceStep) -> Iterator[dict[str, Any]]:
    """The passages of the first step that put out a list of objects with a `score`."""
    for step in walk(root):
        found = passages_in(step.output)
        if found:
            yield from found
            return


def passages_in(output: object) -> list[dict[str, Any]]:
    """The objects with a `score` in a step's output, flattened to what a table can show."""
    if isinstance(output, dict):
        output = output.get("passages", output.get("hits"))
    if not isinstance(output, list):
        return []
    scored = [item for item in output if isinstance(item, dict) and "score" in item]
    return [
        {key: value for key, value in item.items() if isinstance(value, str | int | float)}
        for item in scored
    ]


def readable(prompt: object) -> str:
    """A prompt as text: messages under their roles, anything else as it is."""
    if isinstance(prompt, dict) and "messages" in prompt:
        prompt = prompt["messages"]
    if isinstance(prompt, list):
        parts = []
        for message in prompt:
            if isinstance(message, dict):
                parts.append(f"[{message.get('role', '')}]\n{message.get('content', '')}")
            else:
                parts.append(str(message))
        return "\n\n".join(parts)
    return str(prompt)
