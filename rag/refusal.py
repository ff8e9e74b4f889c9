"""Whether what was found can answer the question at all, decided before anything is said.

Logistic regressions over what was retrieved: cosines, how far the best passage stands out, shared
words, names that no passage has, and the form of the question. `rag/refusal.json` holds their
coefficients, how they were fitted (`python -m rag.evaluate.fit_refusal`), for which embedder, and
the figures and curves of sets that a model had not seen. There are four: for a question by itself;
for a turn of a conversation; where the best passage is not in the question's language, so that
shared words say nothing; and, of shared words only, for an embedder that was not fitted for, whose
cosines mean nothing. A code such as `QX-655` that no passage has is a refusal whatever else was
found.

Does not know near misses well: a passage on the topic that lacks the fact looks like an answer
(docs/decisions/0017-refusal.md).
"""

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import exp
from pathlib import Path
from typing import Any, Literal

from rag.extract import Quote
from rag.extract_kind import holds, wanted
from rag.refusal_words import is_code, is_keywords, is_yes_no, missing
from rag.store.sparse import SparseEncoder
from rag.text import language_of
from rag.types import Passage

COVERED_BY = 3
"""Passages in which the question's words are looked for."""
LEAST_COVERAGE = 0.4
"""Below it a refusal is for want of the question's words."""
LEAST_TERMS = 2
"""A question with fewer content terms, none of them found, is a greeting or a slip: its cosines
say nothing."""
_TYPED_BY = 3
"""Sentences among which one must hold the kind of answer that is asked for."""

Reason = Literal["", "not_covered", "missing_name", "wrong_type", "weak_match"]
"""Why it is refused: the question's words are not there; a name or code is not; no sentence holds
a date, a number, … where one is asked for; what was found is too far from the question."""

_FITTED = Path(__file__).with_name("refusal.json")


@dataclass(frozen=True, slots=True)
class Features:
    """What the decision looks at. Shares are 0..1, cosines -1..1."""

    similarity: float
    """Highest cosine of question and passage."""
    sentence: float
    """Highest cosine of question and sentence."""
    coverage: float
    """Largest share of the question's content terms in one of the best passages."""
    same_language: bool
    """Whether the best passage is in the question's language: in a library of both, some passage
    always is."""
    terms: int = 0
    """Content terms of the question."""
    lead: float = 0.0
    """By how much the most similar passage is more similar than the others are on average."""
    sentence_coverage: float = 0.0
    """Share of the question's content terms in the sentence that is most similar to it."""
    pairs: float = 0.0
    """Largest share of the question's pairs of neighbouring terms in one of the best passages."""
    missing: tuple[str, ...] = ()
    """Names, codes and years of the question that no passage has."""
    named: bool = True
    """Whether the passages have all names, codes and years of the question."""
    typed: bool = True
    """Whether a sentence holds the kind of answer that is asked for, where it can be told."""
    yes_no: bool = False
    """It asks whether something is so; documents seldom say."""
    keywords: bool = False
    """It is no question by its form: a topic, on which any passage is an answer."""
    open_ended: bool = False
    """It asks for no date, number, name or place in particular."""
    clear: bool = True
    """No word of it stands for something never mentioned."""
    turns: int = 0
    """Turns of the conversation before it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`confidence` is the estimated probability, 0..1, that the passages answer."""

    answer: bool
    confidence: float
    features: Features
    reason: Reason = ""
    """Empty where it is answered."""
    missing: tuple[str, ...] = ()
    """With `missing_name`: the words of the question that no passage has."""


def features(
    question: str,
    passages: Sequence[Passage],
    quotes: Sequence[Quote],
    sparse: SparseEncoder,
    asked: str = "",
    turns: int = 0,
    unclear: str = "",
) -> Features:
    """Of a question and what was retrieved for it; zeros where nothing was.

    Args:
        question: as it was searched for.
        asked: as it was asked, where that differs: its form is looked at.
        turns: of the conversation before it.
        unclear: words that stand for something never mentioned (`rag/understand.py`).
    """
    asked = asked or question
    ordered = sparse.terms(question)
    terms = frozenset(ordered)
    texts = [_text(passage) for passage in passages]
    held = [sparse.terms(text) for text in texts[:COVERED_BY]]
    language = language_of(question)
    same_language = any(p.chunk.language in ("", language) for p in passages[:1])
    absent = missing(question, texts, sparse, same_language)
    kind = wanted(asked)
    nearest = max(quotes, key=lambda quote: quote.similarity, default=None)
    return Features(
        similarity=max((p.similarity for p in passages), default=0.0),
        sentence=nearest.similarity if nearest else 0.0,
        coverage=_best_share(terms, held),
        same_language=same_language,
        terms=len(terms),
        lead=_lead(passages),
        sentence_coverage=nearest.coverage if nearest else 0.0,
        pairs=_best_share(frozenset(pairwise(ordered)), [list(pairwise(h)) for h in held]),
        missing=absent,
        named=not absent,
        typed=not kind or any(holds(kind, q.text, asked) for q in quotes[:_TYPED_BY]),
        yes_no=is_yes_no(asked),
        keywords=is_keywords(asked),
        open_ended=not kind,
        clear=not unclear,
        turns=turns,
    )


def decide(found: Features, fingerprint: str) -> Decision:
    """Answer or refuse.

    Args:
        fingerprint: of the embedder whose cosines `found` holds.
    """
    if found.terms < LEAST_TERMS and not found.coverage:
        return Decision(False, 0.0, found, "not_covered")
    model = _fitted()[model_for(found, fingerprint)]
    confidence = _confidence(found, model)
    answer = confidence >= model["threshold"]
    if not answer or any(map(is_code, found.missing)):
        return Decision(False, confidence, found, _reason(found), found.missing)
    return Decision(True, confidence, found)


def model_for(found: Features, fingerprint: str) -> str:
    """Which of the models of `refusal.json` decides."""
    if _fitted()["embedder"] != fingerprint:
        return "words_only"
    if not found.same_language:
        return "cross_language"
    return "conversation" if found.turns else "same_language"


def _reason(found: Features) -> Reason:
    if found.missing:
        return "missing_name"
    if found.same_language and found.coverage < LEAST_COVERAGE:
        return "not_covered"
    return "weak_match" if found.typed else "wrong_type"


def _confidence(found: Features, model: Mapping[str, Any]) -> float:
    logit = model["intercept"] + sum(
        weight * float(getattr(found, name)) for name, weight in model["weights"].items()
    )
    return 1.0 / (1.0 + exp(-logit))


def _text(passage: Passage) -> str:
    return f"{passage.document.name}\n{passage.chunk.embedded_text}"


def _share(wanted_: Set[object], held: Set[object]) -> float:
    return len(wanted_ & held) / len(wanted_) if wanted_ else 0.0


def _best_share(wanted_: Set[object], held: Sequence[Sequence[object]]) -> float:
    return max((_share(wanted_, frozenset(found)) for found in held), default=0.0)


def _lead(passages: Sequence[Passage]) -> float:
    best, *others = sorted((p.similarity for p in passages), reverse=True) or [0.0]
    return best - sum(others) / len(others) if others else 0.0


@cache
def _fitted() -> dict[str, Any]:
    fitted: dict[str, Any] = json.loads(_FITTED.read_text(encoding="utf-8"))
    return fitted
