"""The comparison of two runs of one set: what changed, how surely, and on which questions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from app import evaluation_charts
from app.evaluation_words import words_of
from app.texts import Texts
from rag.evaluate.compare import Difference, changed, differences
from rag.evaluate.runs import Run
from rag.evaluate.score import COMPARED

_SHARES = tuple(name for name, sign in COMPARED.items() if sign > 0)


def show(text: Texts, run: Run, others: Mapping[str, Run]) -> None:
    """Draw the comparison of `run` with one of `others`, which the reader chooses."""
    if not others:
        st.caption(text("eval.other_none"))
        return
    name = st.selectbox(
        text("eval.before"),
        list(others),
        format_func=lambda one: _told(others[one]),
        key="compared-with",
        filter_mode=None,
    )
    before = others[name]
    found = differences(before.scores, run.scores, list(COMPARED))
    st.dataframe(
        _rows(text, found), hide_index=True, column_config=_columns(text), key="differences"
    )
    shares = [one for one in found if one.metric in _SHARES]
    st.altair_chart(evaluation_charts.changes(text, _rows(text, shares)), key="changes")
    st.caption(text("eval.interval"))
    if shares:
        _show_questions(text, before, run, [one.metric for one in shares])


def _told(run: Run) -> str:
    started = datetime.fromisoformat(run.started_at)
    return f"{started:%Y-%m-%d %H:%M} · {run.commit[:10] or '—'}"


def _rows(text: Texts, found: list[Difference]) -> list[dict[str, Any]]:
    return [
        {
            "metric": words_of(text, one.metric),
            "count": one.questions,
            "before": one.before,
            "after": one.after,
            "change": one.change,
            "low": one.low,
            "high": one.high,
        }
        for one in found
    ]


def _columns(text: Texts) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "metric": st.column_config.TextColumn(text("eval.metric"), width="medium"),
        "count": number(text("eval.count")),
        "before": number(text("eval.before"), format="%.3f"),
        "after": number(text("eval.after"), format="%.3f"),
        "change": number(text("eval.change"), format="%+.3f"),
        "low": number(text("eval.low"), format="%+.3f"),
        "high": number(text("eval.high"), format="%+.3f"),
    }


def _show_questions(text: Texts, before: Run, after: Run, metrics: list[str]) -> None:
    metric = st.selectbox(
        text("eval.metric"),
        metrics,
        format_func=lambda one: words_of(text, one),
        key="changed-metric",
        filter_mode=None,
    )
    better, worse = changed(metric, before.scores, after.scores)
    asked = {str(q["id"]): str(q["question"]) for q in after.questions}
    first, second = before.scores, after.scores
    for key, words, ids in (("worse", "eval.worse", worse), ("better", "eval.better", better)):
        st.markdown(f"**{text(words, count=len(ids))}**")
        if ids:
            rows = [
                {"question": asked[one], "before": first[one][metric], "after": second[one][metric]}
                for one in ids
            ]
            config = {"question": text("traces.question"), **_columns(text)}
            st.dataframe(rows, hide_index=True, column_config=config, key=f"changed-{key}")
