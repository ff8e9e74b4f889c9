"""The gate over the sample organisation: open for the product as it is, closed for a worse one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rag.evaluate import baseline
from rag.evaluate.baseline import Baseline
from rag.evaluate.dataset import Selection, load_questions
from rag.evaluate.gate import conclude
from rag.evaluate.measure import Measuring, measure_on
from rag.runtime import Runtime
from serving.rerank import open_reranker
from tests.conftest import DATA
from tests.loopback import Handler, LoopbackServer
from tests.rerank_http import score

pytestmark = pytest.mark.slow

QUESTIONS = DATA / "questions.jsonl"
ACCEPTED = DATA / "baseline.json"


def measured(runtime: Runtime) -> dict[str, Baseline]:
    dataset = load_questions(QUESTIONS, Selection())
    how = Measuring(runtime.settings, Path("unused"))
    return {dataset.name: Baseline.of(measure_on(runtime, dataset, how).run)}


@pytest.fixture(scope="module")
def present(sample_runtime: Runtime) -> dict[str, Baseline]:
    return measured(sample_runtime)


def test_the_product_is_as_good_as_its_baseline(
    present: dict[str, Baseline], capsys: pytest.CaptureFixture[str]
) -> None:
    code = conclude(baseline.read(ACCEPTED), present, accept=False)
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "open" in printed


class Perverse(LoopbackServer):
    """A reranking server that scores a text the lower the more words of the question it has."""

    base = "/v1"

    def __init__(self) -> None:
        class Reranking(Handler):
            def answer(self) -> None:
                asked = json.loads(self.body())
                scores = [-score(asked["query"], text) for text in asked["documents"]]
                results = [{"index": n, "relevance_score": s} for n, s in enumerate(scores)]
                self.send_json(200, {"results": results})

        super().__init__(Reranking)


def test_a_reranker_that_turns_the_order_round_closes_the_gate(
    sample_runtime: Runtime, present: dict[str, Baseline], capsys: pytest.CaptureFixture[str]
) -> None:
    """What FOOTNOTE_RERANK_URL does, pointed at a bad model."""
    with Perverse() as server:
        retriever = replace(sample_runtime.retriever, reranker=open_reranker("", server.url))
        answerer = replace(sample_runtime.answerer, retriever=retriever)
        worse = replace(sample_runtime, retriever=retriever, answerer=answerer)
        assert conclude(present, measured(worse), accept=False) == 1
    assert "DROPPED" in capsys.readouterr().out
