"""The sample organisation, from its files to answers: the whole product without a browser.

The bounds are far below what is measured (docs/quality.md): they catch a broken step, not a
small change in quality. What may not happen at all has no bound.
"""

import json
from typing import Any

import pytest

from ingest.pipeline import Pipeline
from ingest.sample import load_sample
from rag.answers import Answer, Answered, Retrieved, Support
from rag.evaluate.metrics import contains
from rag.runtime import Runtime
from rag.types import EVERYONE, Principal
from tests.conftest import DATA

QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (DATA / "questions.jsonl").read_text("utf-8").splitlines()
]
HR = "hr/salary-bands-2025.docx"

pytestmark = pytest.mark.slow


@pytest.fixture
def runtime(sample_runtime: Runtime) -> Runtime:
    return sample_runtime


def ask(runtime: Runtime, question: str, groups: list[str]) -> tuple[Answer, set[str]]:
    """The answer, and the names of all documents that any event of it mentions."""
    principal = Principal("tester", frozenset({EVERYONE, *groups}))
    seen: set[str] = set()
    for event in runtime.answerer.ask(question, principal):
        if isinstance(event, Retrieved):
            seen |= {passage.document.name for passage in event.passages}
        if isinstance(event, Answered):
            seen |= {citation.passage.document.name for citation in event.answer.citations}
            seen |= {passage.document.name for passage in event.answer.closest}
            return event.answer, seen
    raise AssertionError("an answer always ends with Answered")


@pytest.mark.parametrize("language", ["en", "ru"])
def test_most_answers_hold_the_fact_and_cite_its_document(runtime: Runtime, language: str) -> None:
    asked = [q for q in QUESTIONS if q["answerable"] and q["lang"] == language]
    held = cited = 0
    for question in asked:
        answer, _ = ask(runtime, question["question"], question.get("groups", []))
        shown = " ".join(sentence.text for sentence in answer.sentences)
        held += contains(shown, question["answers"])
        names = {citation.passage.document.name for citation in answer.citations}
        cited += bool(names & set(question["gold_ids"]))
    assert held / len(asked) >= 0.6
    assert cited / len(asked) >= 0.7


def test_every_quotation_stands_in_its_document(runtime: Runtime) -> None:
    for question in QUESTIONS[::5]:
        answer, _ = ask(runtime, question["question"], question.get("groups", []))
        for citation in answer.citations:
            assert citation.quote in citation.passage.chunk.text
            assert citation.support is Support.QUOTED
            if citation.passage.document.media_type == "application/pdf":
                assert citation.boxes


def test_the_document_for_hr_is_not_even_close_for_others(runtime: Runtime) -> None:
    secret = [q for q in QUESTIONS if q.get("groups") == ["hr"]]
    assert secret
    for question in secret:
        _, seen = ask(runtime, question["question"], [])
        assert HR not in seen
        _, seen = ask(runtime, question["question"], ["hr"])
        assert HR in seen


@pytest.mark.parametrize(
    "question",
    ["What is the capital of France?", "Кто написал роман «Война и мир»?", "hello", "привет"],
)
def test_what_is_not_there_is_refused_with_what_was_searched(
    runtime: Runtime, question: str
) -> None:
    answer, _ = ask(runtime, question, [])
    assert answer.refused
    assert answer.sentences == ()
    assert answer.searched == len(runtime.library.list(frozenset({EVERYONE})))


def test_a_second_load_does_nothing(runtime: Runtime) -> None:
    before = runtime.store.count()
    pipeline = Pipeline(runtime.library, runtime.store, runtime.embedder, runtime.settings)
    assert load_sample(pipeline, DATA) == []
    assert runtime.store.count() == before
