"""From outcomes to figures: the JSON, the printed table, and a line per question."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.evaluate import metrics
from rag.evaluate.ask import DEPTH, Outcome

Figures = dict[str, Any]


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """All metrics; None where no question could be judged by it.

    Retrieval: answerable questions with gold ids. Containment and F1: answerable questions
    with gold answers, a refusal counting as a wrong answer.
    """
    return {
        **_retrieval(outcomes),
        **_answers([outcome for outcome in outcomes if outcome.answer is not None]),
        "questions": len(outcomes),
    }


def _retrieval(outcomes: Sequence[Outcome]) -> Figures:
    judged = [o for o in outcomes if o.question.answerable and o.question.gold]
    found: Figures = {
        f"recall@{k}": metrics.mean(
            [metrics.recall_at(o.ranked, o.question.gold, k) for o in judged]
        )
        for k in (1, 5, 10)
    }
    found["ndcg@10"] = metrics.mean(
        [metrics.ndcg_at(o.ranked, o.question.gold, DEPTH) for o in judged]
    )
    found["retrieval_judged"] = len(judged)
    found["retrieval_ms"] = _spread([o.retrieval_ms for o in outcomes])
    return found


def _answers(outcomes: Sequence[Outcome]) -> Figures:
    judged = [o for o in outcomes if o.question.answerable and o.question.answers]
    right = [float(metrics.contains(o.shown, o.question.answers)) for o in judged]
    answered = [hit for hit, o in zip(right, judged, strict=True) if not _refused(o)]
    cited = [o for o in outcomes if o.question.answerable and o.question.gold and not _refused(o)]
    refusals = metrics.refusals((o.question.answerable, _refused(o)) for o in outcomes)
    latencies = [o.latency_ms for o in outcomes if o.latency_ms is not None]
    return {
        "containment": metrics.mean(right),
        "containment_when_answered": metrics.mean(answered),
        "containment_judged": len(judged),
        "token_f1": metrics.mean([metrics.token_f1(o.shown, o.question.answers) for o in judged]),
        "cites_gold": metrics.mean([float(bool(o.cited & o.question.gold)) for o in cited]),
        "refusal_precision": refusals.precision,
        "refusal_recall": refusals.recall,
        "answered_when_answerable": refusals.answered_when_answerable,
        "unanswerable": sum(not o.question.answerable for o in outcomes),
        "latency_ms": _spread(latencies or [o.retrieval_ms for o in outcomes]),
        "first_sentence_ms": _spread(
            [o.first_sentence_ms for o in outcomes if o.first_sentence_ms is not None]
        ),
    }


def _refused(outcome: Outcome) -> bool:
    return outcome.answer is not None and outcome.answer.refused


def _spread(values: Sequence[float]) -> Figures:
    return {"p50": metrics.percentile(values, 50), "p95": metrics.percentile(values, 95)}


def table(found: Figures) -> str:
    """Two columns; what could not be judged is left out, settings too."""
    lines = []
    for name, value in found.items():
        if name == "settings" or value is None:
            continue
        if isinstance(value, dict):
            parts = [f"{key} {part:.1f}" for key, part in value.items() if part is not None]
            value = "  ".join(parts)
        elif isinstance(value, float):
            value = f"{value:.3f}"
        if value != "":
            lines.append(f"{name:26} {value}")
    return "\n".join(lines)


def write_details(outcomes: Sequence[Outcome], file: Path) -> None:
    """One JSON object a line, in the order of the questions, for the analysis of failures."""
    with file.open("w", encoding="utf-8") as lines:
        for outcome in outcomes:
            lines.write(json.dumps(_details(outcome), ensure_ascii=False) + "\n")


def _details(outcome: Outcome) -> Figures:
    question, answer = outcome.question, outcome.answer
    judged = bool(question.gold) and question.answerable
    found: Figures = {
        "id": question.id,
        "question": question.question,
        "answerable": question.answerable,
        "answers": list(question.answers),
        "gold": sorted(question.gold),
        "ranked": list(outcome.ranked[:DEPTH]),
        "best_similarity": round(outcome.best_similarity, 4),
        "ndcg@10": metrics.ndcg_at(outcome.ranked, question.gold, DEPTH) if judged else None,
    }
    if answer is not None:
        found |= {
            "mode": answer.mode,
            "notice": answer.notice,
            "shown": outcome.shown,
            "cited": sorted(outcome.cited),
            "contains": metrics.contains(outcome.shown, question.answers),
            "latency_ms": outcome.latency_ms,
            "trace_id": answer.trace_id,
        }
    return found
