"""Drafts of question sets, with a scripted model at the wire and without one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.evaluate.__main__ import main
from rag.evaluate.dataset import Selection, load
from rag.evaluate.draft import EVERY_LEFT_OUT, Source, drafts
from rag.evaluate.draft_model import checked
from rag.evaluate.draft_plain import plain
from rag.evaluate.metrics import contains
from rag.settings import load_settings
from serving.errors import ConfigError
from serving.language_model import open_language_model
from tests.openai_server import OpenAIServer, says

CARRIED = "At most 5 working days of leave may be carried over into the following year. Ask early."
ПЕРЕНОС = "Неиспользованный остаток отпуска переносится не более чем на 14 дней. Пишите заранее."


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def test_a_question_of_heading_and_sentence() -> None:
    found = plain(CARRIED, ("Leave policy", "3.2 Carry-over"))
    assert found is not None
    assert found.answer == "5 working days"
    assert "Carry-over" in found.question
    assert "3.2" not in found.question
    assert found.question.endswith("?")
    russian = plain(ПЕРЕНОС, ("Отпуск: перенос",))
    assert russian is not None
    assert russian.answer == "14 дней"
    assert russian.question.startswith("Какая величина")


@pytest.mark.parametrize(
    ("text", "section"),
    [
        (CARRIED, ()),
        ("The canteen is open to everybody who works in the building and to guests.", ("Canteen",)),
        ("18F was founded by presidential fellows who wanted to build things.", ("History of it",)),
        ("It rose from 5 days to 7 days when the new agreement was signed.", ("Leave policy",)),
        (
            "| at most 5 days | of leave | may be carried over into the next year.",
            ("Leave policy",),
        ),
        ("Предприятие было основано в далёком 1998 году двумя инженерами.", ("О компании",)),
    ],
)
def test_what_gives_no_decent_question_gives_none(text: str, section: tuple[str, ...]) -> None:
    assert plain(text, section) is None


@pytest.mark.parametrize(
    ("reply", "good"),
    [
        ("Question: How many days may be carried over?\nAnswer: 5 working days", True),
        ("question: How many may be carried over?\n\nANSWER: “5 Working  Days”.", True),
        ("Question: How many may be carried over?\nAnswer: 6 working days", False),
        ("Question: Are 5 working days carried over?\nAnswer: 5 working days", False),
        ("Question: Tell me about leave\nAnswer: 5 working days", False),
        ("NOTHING", False),
        ("", False),
    ],
)
def test_a_model_s_answer_must_stand_in_the_passage(reply: str, good: bool) -> None:
    assert (checked(reply, CARRIED) is not None) is good


def test_a_model_writes_and_what_it_made_up_is_dropped(server: OpenAIServer) -> None:
    server.replies.extend([
        says("Question: How long may leave be kept?\nAnswer: until the following year"),
        says("Question: How many days may be carried over?\nAnswer: 5 working days"),
    ])  # fmt: skip
    llm = open_language_model(server.url, "scripted", "", 5.0)
    found = [Source("a.pdf", ("Leave",), CARRIED), Source("b.pdf", ("Leave",), CARRIED)]
    (row,) = drafts(found, llm, 10)
    assert row["answers"] == ["5 working days"] or row["left_out"]
    assert row["reviewed"] is False
    passages = [body["messages"][1]["content"] for body in server.asked]
    assert all(CARRIED in passage for passage in passages)


def test_documents_take_turns_and_some_are_left_out() -> None:
    names = [f"{n}.pdf" for n in range(60)]
    found = [
        Source(name, (f"Rule {name} {part}",), CARRIED, ("hr",))
        for name in names
        for part in "abcd"
    ]
    rows = list(drafts(found, None, 60))
    assert len({row["made_from"] + row["question"] for row in rows}) == 60
    left_out = [row for row in rows if not row["answerable"]]
    assert 60 / EVERY_LEFT_OUT / 3 < len(left_out) < 60 / EVERY_LEFT_OUT * 3
    assert all(row["answers"] == row["gold_ids"] == [] and row["left_out"] for row in left_out)
    assert all(row["gold_ids"] for row in rows if row["answerable"])
    assert {tuple(row["groups"]) for row in rows} == {("hr",)}
    assert rows == list(drafts(found, None, 60))  # the same from the same documents
    assert len(list(drafts(found, None, 1000))) <= 60 * 3


def test_a_draft_of_a_corpus_is_a_set_once_it_is_reviewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("FOOTNOTE_LLM_URL", "FOOTNOTE_LLM_MODEL"):
        monkeypatch.delenv(name, raising=False)
    corpus = [
        {"id": f"{n}", "title": f"Carry-over {n}", "text": CARRIED, "lang": "en"} for n in range(9)
    ]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)), "utf-8")
    out = tmp_path / "questions.jsonl"
    command = ["draft", str(tmp_path), "--out", str(out)]
    assert main(command) == 0
    assert main(command) == 1  # nothing is overwritten
    assert "already" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="drafts"):
        load(tmp_path, Selection())
    assert load(tmp_path, Selection(unreviewed=True)).questions
    rows: list[dict[str, Any]] = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    out.write_text("\n".join(json.dumps(row | {"reviewed": True}) for row in rows), "utf-8")
    questions = load(tmp_path, Selection()).questions
    assert len(questions) == len(rows)
    assert all(contains(CARRIED, question.answers) for question in questions if question.answerable)
    assert load_settings().judge_url == ""
