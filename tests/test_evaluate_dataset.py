"""Reading question sets."""

import json
from pathlib import Path

import pytest

from rag.answers import Turn
from rag.evaluate.dataset import Selection, load, with_corpus_limit
from rag.types import EVERYONE
from serving.errors import ConfigError

SETS = Path(__file__).parents[2] / "shared" / "eval"


def _write(file: Path, rows: list[dict[str, object]]) -> None:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _q(number: int, gold: str = "d1", **more: object) -> dict[str, object]:
    return {
        "id": f"q{number}", "question": f"What is {number}?", "answers": ["x"],
        "gold_ids": [gold], "answerable": True, "lang": "en", **more,
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _write(tmp_path / "corpus-01.jsonl", [{"id": "d1", "title": "T", "text": "a", "lang": "en"}])
    _write(
        tmp_path / "corpus-02.jsonl",
        [{"id": "d2", "title": None, "text": "б", "lang": "ru", "acl": ["anna"]}],
    )
    _write(tmp_path / "questions.dev.jsonl", [_q(n) for n in range(6)])
    _write(tmp_path / "questions_leaveout.dev.jsonl", [_q(9)])
    (tmp_path / "leaveout_excluded_docs.json").write_text('["d1"]')
    return tmp_path


def test_all_parts_of_a_corpus_are_read(folder: Path) -> None:
    dataset = load(folder, Selection())
    assert [(row.id, row.title, row.groups) for row in dataset.corpus] == [
        ("d1", "T", (EVERYONE,)),
        ("d2", "", ("anna",)),
    ]
    assert [question.id for question in dataset.questions] == [f"q{n}" for n in range(6)]


def test_leaving_out_takes_its_own_questions_and_corpus(folder: Path) -> None:
    dataset = load(folder, Selection(leaveout=True))
    assert [row.id for row in dataset.corpus] == ["d2"]
    assert [question.id for question in dataset.questions] == ["q9"]
    assert dataset.corpus_hash != load(folder, Selection()).corpus_hash


def test_a_limit_spreads_over_the_file(folder: Path) -> None:
    chosen = load(folder, Selection(limit=3)).questions
    assert [question.id for question in chosen] == ["q0", "q2", "q4"]
    assert len(load(folder, Selection(limit=99)).questions) == 6


def test_another_sets_questions_with_mapped_gold(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    _write(other, [_q(1, "ru1"), _q(2, "ru7")])
    dataset = load(folder, Selection(questions=other, gold_prefixes={"ru": "d"}))
    assert [question.gold for question in dataset.questions] == [{"d1"}, set()]


def test_history_becomes_turns_and_the_asker_a_principal(folder: Path) -> None:
    history = [
        {"role": "user", "content": "A?"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "unanswered"},
        {"role": "user", "content": "B?"},
        {"role": "assistant", "content": "b"},
    ]
    _write(folder / "questions.dev.jsonl", [_q(1, history=history, asker="anna")])
    (question,) = load(folder, Selection()).questions
    assert question.history == (Turn("A?", "a"), Turn("B?", "b"))
    assert question.principal.groups == {"anna", EVERYONE}


def test_gold_outside_the_corpus_is_dropped(folder: Path) -> None:
    dataset = load(folder, Selection(corpus_language="ru"))
    assert all(not question.gold for question in dataset.questions)


def test_a_corpus_limit_keeps_passages_with_answers(folder: Path) -> None:
    _write(folder / "questions.dev.jsonl", [_q(1, "d2")])
    dataset = with_corpus_limit(load(folder, Selection()), 1)
    assert [row.id for row in dataset.corpus] == ["d2"]
    assert dataset.questions[0].gold == {"d2"}


def test_what_is_wrong_is_said_in_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no corpus\*\.jsonl"):
        load(tmp_path / "nothing", Selection())
    with pytest.raises(ConfigError, match="no passages or no questions"):
        load(folder, Selection(language="de"))
    (folder / "questions.dev.jsonl").write_text("{\n")
    with pytest.raises(ConfigError, match=r"questions\.dev\.jsonl, line 1"):
        load(folder, Selection())


@pytest.mark.skipif(not SETS.is_dir(), reason="../shared/eval is not here")
@pytest.mark.parametrize("name", sorted(p.name for p in SETS.glob("*/")) if SETS.is_dir() else [])
def test_every_shared_set_can_be_read(name: str) -> None:
    dataset = load(SETS / name, Selection())
    known = {row.id for row in dataset.corpus}
    assert len(known) == len(dataset.corpus)
    assert all(question.gold <= known for question in dataset.questions)
