"""Comparing runs in pairs, and the gate's judgement, on scores made by hand."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluate import baseline
from rag.evaluate.baseline import Baseline
from rag.evaluate.compare import changed, difference, differences
from rag.evaluate.gate import conclude, judge
from rag.evaluate.score import Scores
from serving.errors import ConfigError


def of(values: list[float], metric: str = "containment") -> dict[str, Scores]:
    return {f"q{at}": {metric: value} for at, value in enumerate(values)}


def test_a_difference_is_of_the_questions_in_both_runs() -> None:
    before = {"a": {"mrr": 1.0}, "b": {"mrr": 0.5}, "c": {"grounded": 1.0}, "d": {"mrr": 0.0}}
    after = {"a": {"mrr": 0.5}, "b": {"mrr": 0.5}, "c": {"mrr": 1.0}, "e": {"mrr": 0.0}}
    found = difference("mrr", before, after)
    assert found is not None
    assert (found.questions, found.before, found.after) == (2, 0.75, 0.5)
    assert (found.low, found.high) == (-0.5, 0.0)
    assert difference("grounded", before, after) is None
    assert [d.metric for d in differences(before, after, ["grounded", "mrr"])] == ["mrr"]
    assert changed("mrr", before, after) == ([], ["a"])


def test_the_interval_is_that_of_the_known_distribution() -> None:
    """Of 400 differences, 100 are -1: the mean's standard error is sqrt(.25 * .75 / 400)."""
    found = difference("containment", of([1.0] * 400), of([0.0] * 100 + [1.0] * 300))
    assert found is not None
    error = 1.96 * (0.25 * 0.75 / 400) ** 0.5
    assert found.low == pytest.approx(-0.25 - error, abs=0.006)
    assert found.high == pytest.approx(-0.25 + error, abs=0.006)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=30))
def test_a_run_does_not_drop_against_itself(values: list[float]) -> None:
    (found,) = judge({"s": of(values)}, {"s": of(values)})
    assert not found.dropped
    assert (found.difference.low, found.difference.high) == (0.0, 0.0)


def test_what_may_be_chance_does_not_close_the_gate_and_what_is_not_does() -> None:
    whole = of([1.0] * 100)
    (two,) = judge({"s": whole}, {"s": of([0.0] * 2 + [1.0] * 98)})
    assert two.difference.change == pytest.approx(-0.02)
    assert not two.dropped
    (twelve,) = judge({"s": whole}, {"s": of([0.0] * 12 + [1.0] * 88)})
    assert twelve.dropped
    (better,) = judge({"s": of([0.0] * 12 + [1.0] * 88)}, {"s": whole})
    assert not better.dropped
    (small,) = judge({"s": whole}, {"s": of([0.996] * 100)})
    assert small.difference.high < 0  # certain, and too small to matter
    assert not small.dropped


def test_the_more_is_compared_the_more_it_takes() -> None:
    before, after = of([1.0] * 40), of([0.0] * 4 + [1.0] * 36)
    (alone,) = judge({"s": before}, {"s": after})
    among = judge({f"s{n}": before for n in range(40)}, {f"s{n}": after for n in range(40)})
    assert all(one.difference.high >= alone.difference.high for one in among)


def test_a_baseline_comes_back_as_it_was_written(tmp_path: Path) -> None:
    one = Baseline({"q1": {"ndcg@10": 0.631, "grounded": 1}, "q2": {"grounded": 0.5}}, "e5", "abc")
    path = tmp_path / "baseline.json"
    assert baseline.read(path) == {}
    baseline.write(path, {"b": one, "a": one})
    assert baseline.read(path) == {"a": one, "b": one}
    assert list(json.loads(path.read_text())) == ["a", "b"]
    path.write_text('{"a": {"ids": 3}}')
    with pytest.raises(ConfigError, match="is no baseline"):
        baseline.read(path)


def test_another_embedder_is_not_compared_in_silence() -> None:
    known = {"s": Baseline(of([1.0]), "one")}
    other = {"s": Baseline(of([1.0]), "another")}
    with pytest.raises(ConfigError, match="measured with one"):
        conclude(known, other, accept=False)
    assert conclude(known, other, accept=True) == 0
    with pytest.raises(ConfigError, match="Nothing to compare"):
        conclude({}, other, accept=False)


def test_the_committed_baseline_holds_numbers_and_no_words_of_a_set() -> None:
    found = baseline.read(baseline.DEFAULT)
    assert found
    for one in found.values():
        assert one.embedder.startswith("multilingual-e5-small")
        assert all(0 <= value <= 1 for scores in one.scores.values() for value in scores.values())
    allowed = {"embedder", "commit", "ids", "scores"}
    assert all(
        value.keys() == allowed for value in json.loads(baseline.DEFAULT.read_text()).values()
    )
