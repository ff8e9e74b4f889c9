"""Whether what was found can answer the question at all, decided before anything is said.

Logistic regressions over three features of what was retrieved; `rag/refusal.json` holds the
coefficients, how they were fitted (`python -m rag.evaluate.fit_refusal`) and for which embedder.
When no passage is in the question's language, shared words say nothing, and a second model
without that feature decides.

Does not know near misses well: a passage on the topic that lacks the fact looks like an answer
(measured in docs/quality.md). With another embedder than the fitted one its cosines mean
nothing, and only shared words decide.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp
from pathlib import Path
from typing import Any

from rag.extract import Quote
from rag.store.sparse import SparseEncoder
from rag.text import language_of
from rag.types import Passage

COVERED_BY = 3
"""Passages in which the question's words are looked for."""
LEAST_COVERAGE = 0.4
"""Where nothing is fitted: the share of the question's terms that one passage must hold."""

LEAST_TERMS = 2
"""A question with fewer content terms, none of them found, is a greeting or a slip: its cosines
say nothing."""

_FITTED = Path(__file__).with_name("refusal.json")


@dataclass(frozen=True, slots=True)
class Features:
    """What the decision looks at."""

    similarity: float
    """Highest cosine of question and passage."""
    sentence: float
    """Highest cosine of question and sentence."""
    coverage: float
    """Largest share of the question's content terms in one of the best passages, 0..1."""
    same_language: bool
    """Whether one of the best passages is in the question's language."""
    terms: int = 0
    """Content terms of the question."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`confidence` is the estimated probability, 0..1, that the passages answer."""

    answer: bool
    confidence: float
    features: Features


def features(
    question: str, passages: Sequence[Passage], quotes: Sequence[Quote], sparse: SparseEncoder
) -> Features:
    """Of a question and what was retrieved for it; zeros where nothing was."""
    terms = frozenset(sparse.terms(question))
    best = passages[:COVERED_BY]
    held = [len(terms.intersection(sparse.terms(p.chunk.embedded_text))) for p in best]
    language = language_of(question)
    return Features(
        similarity=max((p.similarity for p in passages), default=0.0),
        sentence=max((q.similarity for q in quotes), default=0.0),
        coverage=max(held, default=0) / len(terms) if terms else 0.0,
        same_language=any(p.chunk.language in ("", language) for p in best),
        terms=len(terms),
    )


def decide(found: Features, fingerprint: str) -> Decision:
    """Answer or refuse.

    Args:
        fingerprint: of the embedder whose cosines `found` holds.
    """
    if found.terms < LEAST_TERMS and not found.coverage:
        return Decision(False, 0.0, found)
    fitted = _fitted()
    if fitted["embedder"] != fingerprint:
        return Decision(found.coverage >= LEAST_COVERAGE, found.coverage, found)
    model = fitted["same_language" if found.same_language else "cross_language"]
    logit = model["intercept"] + sum(
        weight * getattr(found, name) for name, weight in model["weights"].items()
    )
    confidence = 1.0 / (1.0 + exp(-logit))
    return Decision(confidence >= model["threshold"], confidence, found)


@cache
def _fitted() -> dict[str, Any]:
    fitted: dict[str, Any] = json.loads(_FITTED.read_text(encoding="utf-8"))
    return fitted
