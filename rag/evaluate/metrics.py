"""Metrics of retrieval and of answers, as pure functions.

Retrieval is judged on documents: a document ranks where its first chunk does. nDCG has binary
gains and the discount 1/log2(rank + 1) (Järvelin and Kekäläinen 2002). Token F1 is SQuAD's,
without dropping English articles, because the texts are in two languages. None of this knows
whether a differently worded answer is right: containment and F1 compare words.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from rag.text import normalize

_NOT_WORD = re.compile(r"[\W_]+")


def first_ranks(documents: Iterable[str]) -> list[str]:
    """Document ids by their first chunk: later chunks of the same document are dropped."""
    return list(dict.fromkeys(documents))


def recall_at(ranked: Sequence[str], gold: Set[str], k: int) -> float:
    """Share of `gold` among the first `k` of `ranked`; `gold` must not be empty."""
    return len(gold & set(ranked[:k])) / len(gold)


def ndcg_at(ranked: Sequence[str], gold: Set[str], k: int) -> float:
    """nDCG@k with binary gains; `ranked` has no duplicates, `gold` is not empty."""
    gained = sum(1 / math.log2(at + 2) for at, item in enumerate(ranked[:k]) if item in gold)
    ideal = sum(1 / math.log2(at + 2) for at in range(min(k, len(gold))))
    return gained / ideal


def words(text: str) -> list[str]:
    """Normalised words: `rag.text.normalize`, and all punctuation separates."""
    return _NOT_WORD.sub(" ", normalize(text)).split()


def contains(answer: str, golds: Sequence[str]) -> bool:
    """Whether any gold answer stands in the answer, word for word and at word boundaries."""
    shown = f" {' '.join(words(answer))} "
    return any(
        f" {' '.join(gold_words)} " in shown for gold in golds if (gold_words := words(gold))
    )


def token_f1(answer: str, golds: Sequence[str]) -> float:
    """Best F1 of the answer's words with any gold answer's; 0 if there is no gold answer."""
    return max((_f1(words(answer), words(gold)) for gold in golds), default=0.0)


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


def refusals(outcomes: Iterable[tuple[bool, bool]]) -> Refusals:
    """From pairs (answerable, refused)."""
    counts = Counter(outcomes)
    right, wrong = counts[False, True], counts[True, True]
    return Refusals(
        precision=_ratio(right, right + wrong),
        recall=_ratio(right, right + counts[False, False]),
        answered_when_answerable=_ratio(counts[True, False], counts[True, False] + wrong),
    )


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
