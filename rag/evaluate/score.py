"""What each question's outcome is worth, as numbers that can be averaged and compared in pairs.

A score is absent where the question cannot be judged by it: retrieval needs gold documents,
containment gold answers, groundedness an answer. A refusal of an answerable question counts as a
wrong answer, and so does asking back.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rag.answers import Answer, Support
from rag.evaluate import metrics
from rag.evaluate.ask import DEPTH, Outcome
from rag.evaluate.dataset import Question

Scores = dict[str, float]
"""By name; shares 0..1, milliseconds, tokens."""

COMPARED: Mapping[str, float] = MappingProxyType(
    {
        "ndcg@10": 1,
        "recall@10": 1,
        "containment": 1,
        "cites_gold": 1,
        "quote_touches_gold": 1,
        "grounded": 1,
        "decided_rightly": 1,
        "faithfulness": 1,
        "latency_ms": -1,
    }
)
"""Scores that two runs are compared by; -1 where less is better."""
GATED = ("ndcg@10", "containment", "cites_gold", "grounded", "decided_rightly")
"""Those whose drop fails the gate: few, because every further one costs power."""

_GROUNDED = frozenset({Support.QUOTED, Support.SUPPORTED})


def scores(outcome: Outcome) -> Scores:
    """All scores of one outcome."""
    found = {**_retrieval(outcome), "retrieval_ms": outcome.retrieval_ms}
    if outcome.answer is None:
        return found
    found |= _decision(outcome) | _times(outcome)
    if outcome.question.answerable:
        found |= _content(outcome)
        if outcome.answer.citations:
            found |= _citations(outcome.question, outcome.answer)
    if sentences := outcome.answer.sentences:
        grounded = [float(sentence.support in _GROUNDED) for sentence in sentences]
        found["grounded"] = sum(grounded) / len(grounded)
    if outcome.faithfulness is not None:
        found["faithfulness"] = outcome.faithfulness
    return found


def _retrieval(outcome: Outcome) -> Scores:
    ranked, question = outcome.ranked, outcome.question
    if not question.answerable or not question.gold:
        return {}
    found = {f"recall@{k}": metrics.recall_at(ranked, question.gold, k) for k in (1, 5, 10)}
    found["ndcg@10"] = metrics.ndcg_at(ranked, question.gold, DEPTH)
    found["mrr"] = metrics.reciprocal_rank(ranked, question.gold)
    return found


def _decision(outcome: Outcome) -> Scores:
    """Whether an answer was given exactly where there is one; asking back is not answering."""
    answered = not outcome.refused and not outcome.clarified
    return {"decided_rightly": float(answered == outcome.question.answerable)}


def _times(outcome: Outcome) -> Scores:
    times = {"latency_ms": outcome.latency_ms, "first_sentence_ms": outcome.first_sentence_ms}
    found = {name: value for name, value in times.items() if value is not None}
    if outcome.tokens is not None:
        found |= {"tokens_in": float(outcome.tokens[0]), "tokens_out": float(outcome.tokens[1])}
    return found


def _content(outcome: Outcome) -> Scores:
    golds, shown = outcome.question.answers, outcome.shown
    if not golds:
        return {}
    return {
        "containment": float(metrics.contains(shown, golds)),
        "exact_match": float(metrics.exact_match(shown, golds)),
        "token_f1": metrics.token_f1(shown, golds),
    }


def _citations(question: Question, answer: Answer) -> Scores:
    """At the document: which are cited. At the span: what is quoted.

    Gold answers are alternatives, so one quote with one of them is a recall of 1. A gold answer
    that is longer than a quote (a whole section) is touched by a quote that stands in it.
    """
    names = [citation.passage.document.name for citation in answer.citations]
    found: Scores = {}
    if question.gold:
        found["cites_gold"] = float(bool(question.gold.intersection(names)))
        found["citation_precision"] = sum(n in question.gold for n in names) / len(names)
        found["citation_recall"] = len(question.gold.intersection(names)) / len(question.gold)
    if question.answers:
        quotes: Sequence[str] = [citation.quote for citation in answer.citations]
        touching = [metrics.touches(quote, question.answers) for quote in quotes]
        found["quote_touches_gold"] = float(any(touching))
        found["quote_precision"] = sum(touching) / len(touching)
    return found
