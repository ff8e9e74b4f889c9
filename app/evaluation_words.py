"""Names of the figures as the pages show them."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from app.texts import Texts

FIGURES: dict[str, str] = {
    "ndcg@10": "eval.m.ndcg",
    "recall@10": "eval.m.recall",
    "mrr": "eval.m.mrr",
    "containment": "eval.m.containment",
    "exact_match": "eval.m.exact",
    "token_f1": "eval.m.f",
    "grounded": "eval.m.grounded",
    "faithfulness": "eval.m.faithful",
    "cites_gold": "eval.m.cites",
    "citation_precision": "eval.m.precision",
    "citation_recall": "eval.m.found",
    "quote_touches_gold": "eval.m.quote",
    "quote_precision": "eval.m.quotes",
    "decided_rightly": "eval.m.decided",
    "refusal_precision": "eval.m.refused_precision",
    "refusal_recall": "eval.m.refused_recall",
    "refusal_f1": "eval.m.refused_f",
    "refusal_balanced_accuracy": "eval.m.balanced",
    "refusal_average_precision": "eval.m.area",
    "answered_when_answerable": "eval.m.answered",
}
"""Shares, in the order of the table, with the keys of their words."""
_OTHERS = {"latency_ms": "eval.m.latency"}


def words_of(text: Texts, metric: str) -> str:
    """What a metric is called; its own name where it has none."""
    key = (FIGURES | _OTHERS).get(metric)
    return text(key) if key else metric


def columns_of(text: Texts, metrics: Iterable[str]) -> dict[str, Any]:
    """Columns of shares, headed by their words."""
    column = st.column_config
    return {m: column.NumberColumn(words_of(text, m), format="%.3f") for m in metrics}
