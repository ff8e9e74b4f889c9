"""Metrics of retrieval and of answers, as pure functions.

Retrieval is judged on documents: a document ranks where its first chunk does. nDCG has binary
gains and the discount 1/log2(rank + 1) (Järvelin and Kekäläinen 2002). Exact match and token F1
are SQuAD's (Rajpurkar et al. 2016), over normalised words without English articles; Russian has
none. None of this knows whether a differently worded answer is right: all of it compares words.
F1 and exact match punish whole sentences, so for extractive answers both are low by nature and
containment is what tells.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from rag.text import normalize

_NOT_WORD = re.compile(r"[\W_]+")
_ARTICLES = frozenset({"a", "an", "the"})


def first_ranks(documents: Iterable[str]) -> list[str]:
    """Document ids by their first chunk: later chunks of the same document are dropped."""
    return list(dict.fromkeys(documents))


def recall_at(ranked: Sequence[str], gold: Set[str], k: int) -> float:
    """Share of `gold` among the first `k` of `ranked`; `gold` must not be empty."""
    return len(gold & set(ranked[:k])) / len(gold)


def reciprocal_rank(ranked: Sequence[str], gold: Set[str]) -> float:
    """1 / rank of the first of `gold`, its mean is MRR; 0 if none is ranked."""
    return next((1 / rank for rank, item in enumerate(ranked, 1) if item in gold), 0.0)


def ndcg_at(ranked: Sequence[str], gold: Set[str], k: int) -> float:
    """nDCG@k with binary gains; `ranked` has no duplicates, `gold` is not empty."""
    gained = sum(1 / math.log2(at + 2) for at, item in enumerate(ranked[:k]) if item in gold)
    ideal = sum(1 / math.log2(at + 2) for at in range(min(k, len(gold))))
    return gained / ideal


def words(text: str) -> list[str]:
    """Normalised words: `rag.text.normalize`, and all punctuation separates."""
    return _NOT_WORD.sub(" ", normalize(text)).split()


def answer_words(text: str) -> list[str]:
    """As `words`, without `a`, `an`, `the`: what exact match and F1 compare."""
    return [word for word in words(text) if word not in _ARTICLES]


def contains(answer: str, golds: Sequence[str]) -> bool:
    """Whether any gold answer stands in the answer, word for word and at word boundaries."""
    shown = f" {' '.join(words(answer))} "
    return any(
        f" {' '.join(gold_words)} " in shown for gold in golds if (gold_words := words(gold))
    )


def touches(quote: str, golds: Sequence[str]) -> bool:
    """Whether a quote holds a gold answer, or is a part of one that is longer than the quote."""
    return contains(quote, golds) or any(contains(gold, [quote]) for gold in golds)


def exact_match(answer: str, golds: Sequence[str]) -> bool:
    """Whether the answer is one of the gold answers, but for case, punctuation and articles."""
    shown = answer_words(answer)
    return bool(shown) and any(shown == answer_words(gold) for gold in golds)


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """Best F1 of the answer's words with any gold answer's; 0 if there is no gold answer."""
    shown = answer_words(answer)
    return max((_f1(shown, answer_words(gold)) for gold in golds), default=0.0)


def _f1(shown: Sequence[str], gold: Sequence[str]) -> float:
    common = (Counter(shown) & Counter(gold)).total()
    if not common:
        return 0.0
    precision, recall = common / len(shown), common / len(gold)
    return 2 * precision * recall / (precision + recall)


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often refusing was right; None where nothing could be judged."""

    precision: float | None
    """Of the questions refused, the share that is unanswerable."""
    recall: float | None
    """Of the unanswerable questions, the share refused."""
    answered_when_answerable: float | None
    """Of the answerable questions, the share answered."""

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall of refusing."""
        if self.precision is None or self.recall is None:
            return None
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean of the shares decided rightly of unanswerable and of answerable questions."""
        if self.recall is None or self.answered_when_answerable is None:
            return None
        return (self.recall + self.answered_when_answerable) / 2


def refusals(outcomes: Iterable[tuple[bool, bool]]) -> Refusals:
    """From pairs (answerable, refused)."""
    counts = Counter(outcomes)
    right, wrong = counts[False, True], counts[True, True]
    return Refusals(
        precision=_ratio(right, right + wrong),
        recall=_ratio(right, right + counts[False, False]),
        answered_when_answerable=_ratio(counts[True, False], counts[True, False] + wrong),
    )


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What refusing would be worth if all below `threshold` were refused."""

    threshold: float
    precision: float
    recall: float
    answered_when_answerable: float


def refusal_curve(confidences: Sequence[tuple[bool, float]]) -> list[CurvePoint]:
    """Precision and recall of refusing at every threshold that makes a difference, ascending.

    From pairs (answerable, confidence). Empty unless there are questions of both kinds. A
    threshold is the lowest confidence that would be answered, 1.0 the refusal of all.
    """
    unanswerable = sum(not answerable for answerable, _ in confidences)
    answerable = len(confidences) - unanswerable
    if not unanswerable or not answerable:
        return []
    points = []
    for threshold in sorted({confidence for _, confidence in confidences} | {1.0})[1:]:
        refused = [known for known, confidence in confidences if confidence < threshold]
        right = refused.count(False)
        lost = len(refused) - right
        points.append(
            CurvePoint(threshold, right / len(refused), right / unanswerable, 1 - lost / answerable)
        )
    return points


def average_precision(curve: Sequence[CurvePoint]) -> float | None:
    """Area under the curve as the sum of precision times gained recall; None of no curve."""
    if not curve:
        return None
    area, reached = 0.0, 0.0
    for point in curve:
        area += point.precision * (point.recall - reached)
        reached = point.recall
    return area


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def mean(values: Sequence[float]) -> float | None:
    """None of nothing."""
    return math.fsum(values) / len(values) if values else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """With linear interpolation between the nearest ranks; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    at = (len(ordered) - 1) * percent / 100
    low, high = math.floor(at), math.ceil(at)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)
