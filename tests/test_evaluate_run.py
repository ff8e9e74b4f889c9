"""A whole evaluation on four passages, with the real store and the real model."""

import json
from pathlib import Path

import pytest

from rag.evaluate import runs
from rag.evaluate.__main__ import main
from rag.trace_store import EVALUATION, TraceStore

TEXTS = {
    "leave": "Every employee has 28 days of paid leave a year.",
    "taxi": "A taxi to the airport is paid for by the company.",
    "guest": "Guests receive a badge at the reception desk.",
    "пропуск": "Пропуск сотрудника действует три года.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{"id": key, "title": "", "text": text} for key, text in TEXTS.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    question = {
        "id": "q", "question": "How many days of paid leave does an employee have?",
        "answers": ["28 days"], "gold_ids": ["leave"], "answerable": True, "lang": "en",
    }  # fmt: skip
    (tmp_path / "questions.jsonl").write_text(json.dumps(question), "utf-8")
    return tmp_path


def test_figures_and_details_of_a_small_set(
    folder: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(data_dir))
    cache, figures, details = folder / "cache", folder / "figures.json", folder / "details.jsonl"
    arguments = ["run", str(folder), "--cache", str(cache), "--save"]
    assert main([*arguments, "--json", str(figures), "--details", str(details)]) == 0

    found = json.loads(figures.read_text("utf-8"))
    assert (found["questions"], found["documents"], found["chunks"]) == (1, 4, 4)
    assert found["recall@1"] == found["recall@5"] == found["recall@10"] == 1.0
    assert found["ndcg@10"] == found["containment"] == found["answered_when_answerable"] == 1.0
    assert found["refusal_precision"] is None
    assert found["latency_ms"]["p50"] > 0
    assert found["settings"]["embedding_model"] == "multilingual-e5-small"
    (line,) = details.read_text("utf-8").splitlines()
    assert json.loads(line)["cited"] == ["leave"]
    assert json.loads(line)["scores"]["quote_touches_gold"] == 1.0
    _check_kept(data_dir)
    assert [path.name for path in cache.glob("run-*")] == []


def _check_kept(data_dir: Path) -> None:
    """The run is there for the page, and the product's traces have the question's."""
    saved = runs.folder_of(data_dir)
    (name,) = runs.names(saved)
    run = runs.load(saved, name)
    assert run.questions[0]["shown"] == TEXTS["leave"]
    assert run.settings["embedder"].startswith("multilingual-e5-small")
    assert run.scores["q"]["containment"] == 1.0
    traces = TraceStore(data_dir / "traces.sqlite")
    trace = traces.get(run.questions[0]["trace_id"])
    assert trace is not None
    assert trace.summary.session.startswith(EVALUATION)
    assert traces.recent() == []  # no person asked it
    assert traces.forget(["leave"]) == 2  # asked, and retrieved by itself
    traces.close()


def test_a_question_is_asked_without_the_documents_left_out(
    folder: Path,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(data_dir))
    file = folder / "questions.jsonl"
    question = json.loads(file.read_text("utf-8"))
    question |= {"answerable": False, "left_out": ["leave"], "reviewed": False}
    file.write_text(json.dumps(question), "utf-8")
    command = ["run", str(folder), "--cache", str(folder / "cache")]
    assert main(command) == 1
    assert "--unreviewed" in capsys.readouterr().err
    details = folder / "details.jsonl"
    assert main([*command, "--unreviewed", "--details", str(details)]) == 0
    found = json.loads(details.read_text("utf-8"))
    assert "leave" not in found["ranked"]
    assert set(found["ranked"]) == set(TEXTS) - {"leave"}


def test_a_wrong_folder_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "corpus*.jsonl" in error
