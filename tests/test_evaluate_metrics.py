"""Metrics by examples worked out by hand."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluate.metrics import (
    Refusals,
    average_precision,
    contains,
    exact_match,
    first_ranks,
    mean,
    ndcg_at,
    percentile,
    recall_at,
    reciprocal_rank,
    refusal_curve,
    refusals,
    token_f1,
    touches,
)


def test_a_document_ranks_where_its_first_chunk_does() -> None:
    assert first_ranks(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]


@pytest.mark.parametrize(("k", "expected"), [(1, 0.0), (2, 0.5), (3, 0.5), (4, 1.0), (10, 1.0)])
def test_recall_counts_gold_in_the_first_k(k: int, expected: float) -> None:
    assert recall_at(["x", "g1", "y", "g2"], {"g1", "g2"}, k) == expected


def test_ndcg_by_hand() -> None:
    assert ndcg_at(["g"], {"g"}, 10) == 1.0
    assert ndcg_at(["x", "g"], {"g"}, 10) == pytest.approx(1 / math.log2(3))
    # Gold at ranks 1 and 3 of two: (1 + 1/2) / (1 + 1/log2 3).
    assert ndcg_at(["g1", "x", "g2"], {"g1", "g2"}, 10) == pytest.approx(
        1.5 / (1 + 1 / math.log2(3))
    )
    assert ndcg_at(["x"] * 10 + ["g"], {"g"}, 10) == 0.0
    # More gold than k: the ideal list is k long.
    assert ndcg_at(["a", "b"], {"a", "b", "c"}, 2) == 1.0


@given(st.permutations(list("abcdefgh")), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_ndcg_is_one_exactly_when_all_gold_comes_first(ranked: list[str], gold: set[str]) -> None:
    value = ndcg_at(ranked, gold, 10)
    assert 0 < value <= 1 + 1e-12
    assert (set(ranked[: len(gold)]) == gold) == (value > 1 - 1e-9)


@pytest.mark.parametrize(
    ("answer", "golds", "expected"),
    [
        ("He paid $8,803.15 in May.", ["$8,803.15"], True),
        ("The year 1066, or so.", ["1066"], True),
        ("In 10661 it was over.", ["1066"], False),
        ("Это был Ёжик.", ["ежик"], True),
        ("The Norman leader", ["leader", "nobody"], True),
        ("Ten \n days", ["ten days"], True),
        ("Ten long days", ["ten days"], False),
        ("anything", ["", "?!"], False),
        ("anything", [], False),
        ("", ["x"], False),
    ],
)
def test_containment(answer: str, golds: list[str], expected: bool) -> None:
    assert contains(answer, golds) is expected


def test_token_f1_by_hand() -> None:
    # 2 words in common of 4 shown and 3 gold: P 1/2, R 2/3, F1 4/7.
    assert token_f1("red big old car", ["big red bus"]) == pytest.approx(4 / 7)
    assert token_f1("b b", ["b"]) == pytest.approx(2 / 3)
    assert token_f1("The red car", ["a red car"]) == 1.0
    assert token_f1("Отпуск 28 дней", ["28 дней"]) == pytest.approx(4 / 5)
    assert token_f1("x", ["y", "X!"]) == 1.0
    assert token_f1("", ["y"]) == 0.0
    assert token_f1("x", []) == 0.0


@pytest.mark.parametrize(
    ("answer", "golds", "expected"),
    [
        ("The Rollo.", ["rollo"], True),
        ("«Ёжик»", ["ежик"], True),
        ("It was Rollo", ["Rollo"], False),
        ("the", ["a"], False),
        ("", [""], False),
    ],
)
def test_exact_match(answer: str, golds: list[str], expected: bool) -> None:
    assert exact_match(answer, golds) is expected


def test_a_quote_touches_a_gold_answer_that_it_holds_or_stands_in() -> None:
    assert touches("He paid 5 euros in May.", ["5 euros"])
    assert touches("paid in May", ["It was paid in May, and again in June."])
    assert not touches("paid in July", ["It was paid in May."])
    assert not touches("", ["anything"])


def test_reciprocal_rank_by_hand() -> None:
    assert reciprocal_rank(["x", "y", "g", "h"], {"g", "h"}) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"], {"g"}) == 0.0


def test_the_curve_by_hand() -> None:
    known = [(False, 0.1), (False, 0.4), (True, 0.4), (True, 0.9)]
    points = [(p.threshold, p.precision, p.recall, p.answered_when_answerable)
              for p in refusal_curve(known)]  # fmt: skip
    assert points == [(0.4, 1.0, 0.5, 1.0), (0.9, pytest.approx(2 / 3), 1.0, 0.5), (1.0, 0.5, 1, 0)]
    assert average_precision(refusal_curve(known)) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert refusal_curve([(True, 0.5)]) == []
    assert average_precision([]) is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=40))
def test_a_higher_threshold_refuses_more(known: list[tuple[bool, float]]) -> None:
    points = refusal_curve(known)
    for lower, higher in pairwise(points):
        assert lower.threshold < higher.threshold
        assert lower.recall <= higher.recall
        assert lower.answered_when_answerable >= higher.answered_when_answerable
    area = average_precision(points)
    assert area is None or 0 <= area <= 1 + 1e-9


def test_refusals_by_hand() -> None:
    outcomes = [(False, True)] * 3 + [(True, True)] + [(False, False)] * 2 + [(True, False)] * 4
    assert refusals(outcomes) == Refusals(3 / 4, 3 / 5, 4 / 5)
    assert refusals(outcomes).f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    assert refusals(outcomes).balanced_accuracy == pytest.approx(0.7)
    assert refusals([(False, False), (True, True)]).f1 == 0.0
    assert refusals([]).f1 is refusals([]).balanced_accuracy is None
    assert refusals([]) == Refusals(None, None, None)
    assert refusals([(True, False)]) == Refusals(None, None, 1.0)


def test_percentiles_and_mean_by_hand() -> None:
    assert percentile([4, 1, 3, 2], 50) == 2.5
    assert percentile([10, 20, 30, 40, 50], 95) == pytest.approx(48)
    assert percentile([7], 95) == 7
    assert percentile([], 50) is None
    assert mean([1, 2, 6]) == 3
    assert mean([]) is None
