"""The Evaluation page: measured runs, their figures, comparisons, and the questions that failed.

Runs are made on the command line (`python -m rag.evaluate run … --save`), because measuring takes
long; the page only reads them. It shows texts of documents to everyone who may open it, as the
Traces page does.
"""

from pathlib import Path
from typing import Any

import streamlit as st

from app import evaluation_charts, evaluation_compare, evaluation_questions
from app.evaluation_words import FIGURES, columns_of, words_of
from app.markup import label
from app.services import Services
from app.texts import Texts
from rag.evaluate import runs
from rag.evaluate.runs import Run
from serving.errors import ConfigError

_LISTED = 40
_COMMAND = "python -m rag.evaluate run ../shared/eval/xquad-en --save"


def show(services: Services, text: Texts) -> None:
    """Draw the page."""
    st.header(text("nav.evaluation"), anchor=False)
    folder = runs.folder_of(services.runtime.settings.data_dir)
    found = _loaded(runs.names(folder)[:_LISTED], folder)
    if not found:
        st.caption(text("eval.empty"))
        st.code(_COMMAND, language=None)
        return
    names = list(found)
    chosen = st.dataframe(
        _rows(list(found.values())),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0], "columns": [], "cells": []}},
        height=min(240, 38 + 35 * len(names)),
        column_config=_columns(text),
        placeholder="—",
        key="runs",
    )
    selected = chosen["selection"]["rows"]
    if not selected or selected[0] >= len(names):
        return
    run = found[names[selected[0]]]
    st.subheader(label(run.set), anchor=False)
    figures, compared, questions = st.tabs(
        [text("eval.figures"), text("eval.compare"), text("eval.questions")]
    )
    with figures:
        _show_figures(text, run)
    with compared:
        others = {n: other for n, other in found.items() if other.set == run.set and other != run}
        evaluation_compare.show(text, run, others)
    with questions:
        evaluation_questions.show(services, text, run)


def _loaded(names: list[str], folder: Path) -> dict[str, Run]:
    """The runs by name; read once a session, and those that cannot be read are passed over."""
    kept: dict[str, Run | None] = st.session_state.setdefault("evaluations", {})
    for name in names:
        if name not in kept:
            try:
                kept[name] = runs.load(folder, name)
            except ConfigError:
                kept[name] = None  # of another release
    return {name: run for name in names if (run := kept[name]) is not None}


def _rows(found: list[Run]) -> dict[str, list[Any]]:
    shown = ("ndcg@10", "containment", "grounded", "decided_rightly")
    return {
        "when": [run.started_at for run in found],
        "set": [run.set for run in found],
        "count": [run.figures["questions"] for run in found],
        **{name: [run.figures.get(name) for run in found] for name in shown},
    }


def _columns(text: Texts) -> dict[str, Any]:
    column = st.column_config
    return {
        "when": column.DatetimeColumn(text("eval.when"), format="D MMM, HH:mm"),
        "set": column.TextColumn(text("eval.set"), width="medium"),
        "count": column.NumberColumn(text("eval.count")),
        **columns_of(text, ("ndcg@10", "containment", "grounded", "decided_rightly")),
    }


def _show_figures(text: Texts, run: Run) -> None:
    known = run.settings.get("embedder", "")
    commit = run.commit[:10] or text("eval.commit_unknown")
    st.caption(text("eval.made", embedder=label(str(known)), commit=label(commit)))
    table, plots = st.columns([5, 6], gap="large")
    with table:
        _show_table(text, run)
        st.caption(text("eval.low_by_nature"))
    with plots:
        st.markdown(f"##### {text('eval.curve')}")
        _show_curve(text, run)
        times = [q["scores"].get("latency_ms") for q in run.questions]
        if known_times := [time for time in times if time is not None]:
            st.markdown(f"##### {text('eval.times')}")
            st.altair_chart(evaluation_charts.times(text, known_times), key="times")


def _show_table(text: Texts, run: Run) -> None:
    names = [name for name in FIGURES if run.figures.get(name) is not None]
    rows: dict[str, list[Any]] = {
        "metric": [words_of(text, name) for name in names],
        "value": [run.figures[name] for name in names],
    }
    column = st.column_config
    config = {
        "metric": column.TextColumn(text("eval.metric"), width="medium"),
        "value": column.NumberColumn(text("eval.value"), format="%.3f"),
    }
    for name, figures in (run.figures.get("baselines") or {}).items():
        rows[name] = [figures.get(metric) for metric in names]
        config[name] = column.NumberColumn(name, format="%.3f")
    st.dataframe(
        rows,
        hide_index=True,
        column_config=config,
        height="content",
        placeholder="—",
        key="figures",
    )


def _show_curve(text: Texts, run: Run) -> None:
    if not run.curve:
        st.caption(text("eval.curve.none"))
        return
    precision, recall = run.figures["refusal_precision"], run.figures["refusal_recall"]
    now = None if precision is None or recall is None else (precision, recall)
    if now:
        st.caption(f":red[◆] {text('eval.curve.here')}")
    st.altair_chart(evaluation_charts.refusal_curve(text, run.curve, now), key="curve")
