"""The gate over the sample organisation: open for the product as it is, closed for a worse one."""

from dataclasses import replace
from pathlib import Path

import pytest

from rag.evaluate import baseline
from rag.evaluate.baseline import Baseline
from rag.evaluate.dataset import Selection, load_questions
from rag.evaluate.gate import conclude
from rag.evaluate.measure import Measuring, measure_on
from rag.runtime import Runtime
from tests.conftest import DATA

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


def test_settings_that_make_answers_worse_close_the_gate(
    sample_runtime: Runtime, present: dict[str, Baseline], capsys: pytest.CaptureFixture[str]
) -> None:
    """One candidate of each half of the search and one passage: what FOOTNOTE_CANDIDATES=1 and
    FOOTNOTE_PASSAGES=1 do."""
    retriever = replace(sample_runtime.retriever, candidates=1, late=None)
    answerer = replace(sample_runtime.answerer, retriever=retriever, passages=1)
    worse = replace(sample_runtime, retriever=retriever, answerer=answerer)
    assert conclude(present, measured(worse), accept=False) == 1
    assert "DROPPED" in capsys.readouterr().out
