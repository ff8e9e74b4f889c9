"""The Evaluation page, on runs of a real question and on runs made by hand."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.services import Services
from app.texts import texts
from rag.evaluate import runs
from rag.evaluate.dataset import Dataset, Question
from rag.evaluate.failures import Failure, failures
from rag.evaluate.measure import Measuring, measure_on
from rag.evaluate.runs import Run
from rag.types import Principal
from tests.app.conftest import POLICY

EN = texts("en")


def page() -> None:
    from app import evaluation
    from app.services import current
    from app.texts import texts

    evaluation.show(current(), texts("en"))


@pytest.fixture
def folder(provided: Services) -> Iterator[Path]:
    found = runs.folder_of(provided.runtime.settings.data_dir)
    yield found
    shutil.rmtree(found, ignore_errors=True)


def question(key: str, asked: str, answers: tuple[str, ...], gold: str = "") -> Question:
    golds = frozenset({gold} - {""})
    return Question(key, asked, answers, golds, bool(answers), "en", (), Principal("evaluation"))


@pytest.fixture
def measured(provided: Services, folder: Path) -> Run:
    """Two questions asked of the services' own documents."""
    asked = (
        question("q1", "What is the daily allowance for travel within the country?",
                 ("50 euros",), "policy.pdf"),
        question("q2", "Who won the football match yesterday?", ()),
    )  # fmt: skip
    how = Measuring(provided.runtime.settings, folder)
    run = measure_on(provided.runtime, Dataset("ours", (), asked), how).run
    runs.save(run, folder)
    return run


def start() -> AppTest:
    at = AppTest.from_function(page, default_timeout=30).run()
    assert not at.exception
    return at


def shown(at: AppTest) -> str:
    return "".join(element.proto.body for element in at.get("html"))


def test_without_runs_the_command_is_named(folder: Path):
    at = start()
    assert EN("eval.empty") in at.caption[0].value
    assert "--save" in at.code[0].value


def test_a_run_has_its_figures_its_failures_and_their_traces(measured: Run):
    at = start()
    listed, figures, questions = (at.dataframe[n].value for n in (0, 1, 2))
    assert list(listed["set"]) == ["ours"]
    assert EN("eval.m.grounded") in set(figures["metric"])
    assert len(questions) == 2
    assert EN("eval.other_none") in [caption.value for caption in at.caption]
    at.selectbox(key="failure").select("not_contained").run()
    assert not at.exception
    text = shown(at)
    assert POLICY[1] in text  # read from the trace: the run itself has no words of the documents
    assert "50 euros" in text
    assert "score sentences" in text
    assert measured.questions[0].get("shown") is None


def test_the_words_of_a_forgotten_document_are_gone_from_the_page(
    provided: Services, measured: Run
):
    store = provided.runtime.tracer.store
    assert store is not None
    assert store.forget(["policy.pdf"])
    at = start()
    at.selectbox(key="failure").select("not_contained").run()
    assert not at.exception
    assert POLICY[1] not in shown(at)


def test_two_runs_are_compared_with_the_questions_that_changed(measured: Run, folder: Path):
    worse = [
        {**q, "scores": {**q["scores"], "grounded": 0.0}} if q["id"] == "q1" else q
        for q in measured.questions
    ]
    later = replace(measured, started_at="2031-01-01T00:00:00+00:00", questions=worse)
    runs.save(later, folder)
    at = start()
    at.selectbox(key="changed-metric").select("grounded").run()
    assert not at.exception
    assert EN("eval.worse", count=1) in "".join(m.value for m in at.markdown)
    tables = [frame.value for frame in at.dataframe]
    (differences,) = [t for t in tables if "change" in t.columns]
    row = differences[differences["metric"] == EN("eval.m.grounded")].iloc[0]
    assert (row["before"], row["after"], row["high"]) == (1.0, 0.0, -1.0)
    (changed,) = [t for t in tables if list(t.columns) == ["question", "before", "after"]]
    assert changed["question"].iloc[0] == measured.questions[0]["question"]


def test_a_file_that_is_no_run_is_passed_over(measured: Run, folder: Path):
    (folder / "20300101T000000Z-x.json").write_text("{}")
    assert len(start().dataframe[0].value) == 1


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"scores": {"recall@10": 0, "cites_gold": 0, "containment": 0}},
         {Failure.NOT_FOUND, Failure.WRONG_DOCUMENT, Failure.NOT_CONTAINED}),
        ({"mode": "refused", "scores": {"containment": 0}}, {Failure.WRONGLY_REFUSED}),
        ({"mode": "clarify", "scores": {"containment": 0}}, {Failure.ASKED_BACK}),
        ({"answerable": False}, {Failure.WRONGLY_ANSWERED}),
        ({"answerable": False, "mode": "refused"}, set()),
        ({"answerable": False, "mode": "clarify"}, set()),
    ],
)  # fmt: skip
def test_kinds_of_failure(changes: dict[str, Any], expected: set[Failure]):
    right = {"answerable": True, "mode": "written", "scores": {"recall@10": 1, "cites_gold": 1}}
    assert failures(right | changes) == expected
