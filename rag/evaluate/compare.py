"""Two runs over the same questions, compared in pairs.

The interval of a difference is a paired bootstrap's (Efron and Tibshirani 1993, percentiles):
questions are drawn anew, each with both of its scores, so that what is hard in both runs cancels
out. Seeded. It knows the chance in which questions were asked, not that in the set's making.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.evaluate.score import Scores

RESAMPLES = 10_000
SEED = 20261124
_BATCH = 500
"""Resamples drawn at once, so that memory stays small for large sets."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a score changed from one run to another."""

    metric: str
    questions: int
    """Judged by it in both runs."""
    before: float
    after: float
    """Means over those questions."""
    low: float
    high: float
    """Interval of after - before."""

    @property
    def change(self) -> float:
        return self.after - self.before


def difference(
    metric: str, before: Mapping[str, Scores], after: Mapping[str, Scores], tail: float = 0.025
) -> Difference | None:
    """The change of one score; None where no question has it in both.

    Args:
        before: scores by question id, as `after`.
        tail: probability on each side of the interval.
    """
    both = [
        (before[key][metric], after[key][metric])
        for key in sorted(before.keys() & after.keys())
        if metric in before[key] and metric in after[key]
    ]
    if not both:
        return None
    first, second = np.array(both, np.float64).T
    low, high = interval(second - first, tail)
    return Difference(metric, len(both), float(first.mean()), float(second.mean()), low, high)


def interval(values: np.typing.NDArray[np.float64], tail: float) -> tuple[float, float]:
    """Bootstrap interval of the mean of `values`, shape (questions,), of at least one."""
    if not np.any(values):
        return 0.0, 0.0
    chance = np.random.default_rng(SEED)
    means = np.concatenate(
        [
            values[chance.integers(0, len(values), (_BATCH, len(values)))].mean(axis=1)
            for _ in range(RESAMPLES // _BATCH)
        ]
    )
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)


def differences(
    before: Mapping[str, Scores], after: Mapping[str, Scores], metrics: Sequence[str]
) -> list[Difference]:
    """The changes of all scores that both runs have."""
    found = (difference(metric, before, after) for metric in metrics)
    return [one for one in found if one is not None]


def changed(
    metric: str, before: Mapping[str, Scores], after: Mapping[str, Scores]
) -> tuple[list[str], list[str]]:
    """Ids of the questions that a score rose for and of those that it fell for, most first."""
    by = {
        key: after[key][metric] - before[key][metric]
        for key in sorted(before.keys() & after.keys())
        if metric in before[key] and metric in after[key]
    }
    order = sorted(by, key=lambda key: -abs(by[key]))
    return [key for key in order if by[key] > 0], [key for key in order if by[key] < 0]
