"""The plain baselines that figures are published beside."""

from dataclasses import replace

import pytest

from rag.evaluate.baselines import baselines, fused, ranked
from rag.evaluate.dataset import Question, Row
from rag.evaluate.index import Vectors, fill
from rag.types import EVERYONE, Principal

TEXTS = {
    "leave": "Employees have 25 days of annual leave.",
    "days": "Days, days, days: the poem counts days of rain.",
    "holiday": "Staff may take five weeks of paid holiday every year.",
}
ASKED = Question(
    id="q",
    question="How many days of annual leave?",
    answers=(),
    gold=frozenset({"leave"}),
    answerable=True,
    language="en",
    history=(),
    principal=Principal("a", frozenset({EVERYONE})),
)


@pytest.fixture(scope="module")
def filled(empty_runtime, tmp_path_factory):
    rows = [Row(name, "", text, "en", (EVERYONE,)) for name, text in TEXTS.items()]
    path = tmp_path_factory.mktemp("vectors") / "vectors.sqlite"
    vectors, opened = Vectors(path, empty_runtime.embedder), empty_runtime
    fill(rows, opened.store, opened.library, opened.embedder, vectors, lambda *_: None)
    vectors.close()
    return opened


def test_each_baseline_ranks_by_its_own_half(filled):
    found = ranked(filled, ASKED)
    assert found["bm25"] == ["leave", "days"], "no term of the question in the third"
    assert found["dense"][:2] == ["leave", "holiday"]
    assert found["rrf"][0] == "leave"
    assert set(found["rrf"]) == set(TEXTS)


def test_figures_are_means_over_questions_with_gold_passages(filled):
    other = replace(ASKED, gold=frozenset({"holiday"}))
    none = replace(ASKED, gold=frozenset())
    found = baselines(filled, [ASKED, other, none])
    assert found["bm25"]["recall@10"] == 0.5
    assert found["dense"]["recall@10"] == 1.0
    assert baselines(filled, [none])["rrf"]["ndcg@10"] is None


def test_what_is_left_out_is_not_found(filled):
    found = ranked(filled, replace(ASKED, left_out=frozenset({"leave"})))
    assert all("leave" not in ranking for ranking in found.values())


def test_reciprocal_ranks_are_added():
    assert fused([["a", "b", "c"], ["c", "b"]]) == ["c", "b", "a"]
    assert fused([["a"], []]) == ["a"]
