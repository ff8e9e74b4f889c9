"""From outcomes to figures: means of the scores, what refusing was worth, times; and a table."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.evaluate import metrics
from rag.evaluate.ask import DEPTH, Outcome
from rag.evaluate.score import Scores, scores

Figures = dict[str, Any]

_SPREAD = ("retrieval_ms", "first_sentence_ms", "latency_ms", "tokens_in", "tokens_out")
"""Given as quantiles; everything else as a mean."""
_ORDER = (
    *(f"recall@{k}" for k in (1, 5, 10)),
    *("ndcg@10", "mrr", "containment", "exact_match", "token_f1", "grounded", "faithfulness"),
    *("cites_gold", "citation_precision", "citation_recall"),
    *("quote_touches_gold", "quote_precision", "decided_rightly"),
)


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """All metrics; None where no question could be judged by it (`rag.evaluate.score`).

    Asking back is counted apart: it is neither an answer nor a refusal.
    """
    scored = [scores(outcome) for outcome in outcomes]
    found: Figures = {name: metrics.mean(_values(scored, name)) for name in _ORDER}
    found["containment_when_answered"] = metrics.mean(
        [
            s["containment"]
            for s, o in zip(scored, outcomes, strict=True)
            if "containment" in s and not o.refused and not o.clarified
        ]
    )
    found |= _decisions([o for o in outcomes if o.answer is not None])
    found |= {name: _spread(_values(scored, name)) for name in _SPREAD}
    if found["latency_ms"]["p50"] is None:
        found["latency_ms"] = found["retrieval_ms"]
    found["retrieval_judged"] = len(_values(scored, "ndcg@10"))
    found["containment_judged"] = len(_values(scored, "containment"))
    found["questions"] = len(outcomes)
    return found


def _values(scored: Sequence[Scores], name: str) -> list[float]:
    return [s[name] for s in scored if name in s]


def _decisions(outcomes: Sequence[Outcome]) -> Figures:
    decided = [(o.question.answerable, o.refused) for o in outcomes if not o.clarified]
    refusals = metrics.refusals(decided)
    return {
        "refusal_precision": refusals.precision,
        "refusal_recall": refusals.recall,
        "refusal_f1": refusals.f1,
        "refusal_balanced_accuracy": refusals.balanced_accuracy,
        "refusal_average_precision": metrics.average_precision(_curve(outcomes)),
        "answered_when_answerable": refusals.answered_when_answerable,
        "unanswerable": sum(not o.question.answerable for o in outcomes),
        "clarified": sum(o.clarified for o in outcomes),
        "clarified_when_answerable": sum(o.clarified and o.question.answerable for o in outcomes),
        "by_kind": _by_kind(outcomes),
        "sentences_by_support": dict(
            Counter(s.support.value for o in outcomes if o.answer for s in o.answer.sentences)
        ),
    }


def _by_kind(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        if outcome.question.kind:
            did = "clarified" if outcome.clarified else "answered"
            did = "refused" if outcome.refused else did
            found.setdefault(outcome.question.kind, Counter())[did] += 1
    return {kind: dict(counts) for kind, counts in sorted(found.items())}


def _curve(outcomes: Sequence[Outcome]) -> list[metrics.CurvePoint]:
    """Over the confidence before anything is said; asking back has none."""
    return metrics.refusal_curve(
        [
            (o.question.answerable, o.answer.confidence)
            for o in outcomes
            if o.answer is not None and not o.clarified
        ]
    )


def curve(outcomes: Sequence[Outcome]) -> list[Figures]:
    """The refusal curve, as JSON can hold it."""
    return [{k: round(v, 4) for k, v in asdict(point).items()} for point in _curve(list(outcomes))]


def _spread(values: Sequence[float]) -> Figures:
    return {"p50": metrics.percentile(values, 50), "p95": metrics.percentile(values, 95)}


def table(found: Figures) -> str:
    """Two columns; what could not be judged is left out, settings too."""
    lines = []
    for name, value in found.items():
        if name == "settings" or value is None:
            continue
        if isinstance(value, dict):
            parts = [f"{key} {_short(part)}" for key, part in value.items() if part is not None]
            value = "  ".join(parts)
        elif isinstance(value, float):
            value = f"{value:.3f}"
        if value != "":
            lines.append(f"{name:26} {value}")
    return "\n".join(lines)


def _short(value: object) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{key} {_short(part)}" for key, part in value.items()) + ")"
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3f}" if 0 < value < 1 else f"{value:.1f}"


def write_details(outcomes: Sequence[Outcome], file: Path) -> None:
    """One JSON object a line, in the order of the questions, for the analysis of failures."""
    with file.open("w", encoding="utf-8") as lines:
        for outcome in outcomes:
            lines.write(json.dumps(details(outcome), ensure_ascii=False) + "\n")


def details(outcome: Outcome) -> Figures:
    """One question with what came of it, texts and scores."""
    question, answer = outcome.question, outcome.answer
    found: Figures = {
        "id": question.id,
        "question": question.question,
        "answerable": question.answerable,
        "kind": question.kind,
        "answers": list(question.answers),
        "gold": sorted(question.gold),
        "ranked": list(outcome.ranked[:DEPTH]),
        "best_similarity": round(outcome.best_similarity, 4),
        "scores": {name: round(value, 4) for name, value in scores(outcome).items()},
    }
    if answer is not None:
        found |= {
            "mode": answer.mode.value,
            "notice": answer.notice,
            "search": answer.search,
            "confidence": round(answer.confidence, 4),
            "shown": outcome.shown,
            "supports": [sentence.support.value for sentence in answer.sentences],
            "cited": sorted(outcome.cited),
            "trace_id": answer.trace_id,
        }
    return found
