"""The comparison of chunkings judges what it says it judges."""

import json
from pathlib import Path

import pytest

from ingest.bench.chunk_sets import TAKEN_OUT, Page, fold, rebuild
from ingest.bench.chunk_ways import WAYS
from ingest.bench.chunks import table
from serving.embedding import Embedder

LEAVE = "Employees have 25 days of leave each year. " * 3
SICK = "Sick leave needs a certificate from the third day on. " * 3
TRAVEL = "Trains are preferred to flights below six hours. " * 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {"id": "a#0", "title": "Staff", "text": LEAVE, "source": "a.md"},
        {"id": "a#1", "title": "Staff", "text": SICK, "source": "a.md"},
        {"id": "b#0", "title": "Travel > Trains", "text": TRAVEL, "source": "b.md"},
    ]
    asked = {"id": "q", "question": "When do I need a certificate?", "answers": ["third day"]}
    asked |= {"gold_ids": ["a#1"], "lang": "en"}
    made = tmp_path / "made"
    made.mkdir()
    (made / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    (made / "questions.dev.jsonl").write_text(json.dumps(asked), "utf-8")
    return made


def test_sections_become_documents_and_the_heading_asked_for_is_not_given_away(
    folder: Path,
) -> None:
    rebuilt = rebuild(folder)
    assert sorted(rebuilt.pages) == ["a.md", "b.md"]
    titles = [e.text for e in rebuilt.pages["a.md"].elements if e.category == "Title"]
    assert titles == ["Staff", TAKEN_OUT]
    assert [e.text for e in rebuilt.pages["b.md"].elements][:2] == ["Travel", "Trains"]
    (asked,) = rebuilt.questions
    assert (asked.gold, asked.page) == ("a#1", "a.md")


def test_a_chunk_is_right_if_half_of_it_or_of_the_section_is_in_it() -> None:
    page = Page(
        "a.md", [], fold(LEAVE + SICK), {"a#1": (len(fold(LEAVE)), len(fold(LEAVE + SICK)))}
    )
    assert page.share(SICK, "a#1")
    assert page.share(f"{LEAVE}\n{SICK}", "a#1")
    assert page.share(SICK[: len(SICK) // 3], "a#1")
    assert not page.share(LEAVE, "a#1")
    assert not page.share(f"{LEAVE}\n{SICK[: len(SICK) // 3]}", "a#1")


@pytest.mark.parametrize("way", list(WAYS))
def test_every_way_keeps_every_word_of_a_document(
    way: str, folder: Path, embedder: Embedder
) -> None:
    for page in rebuild(folder).pages.values():
        chunks = WAYS[way](page.elements, page.name, embedder)
        held = "".join(fold(chunk.embedded_text) for chunk in chunks)
        bodies = [e for e in page.elements if e.category != "Title"]
        assert all(fold(e.text) in held for e in bodies)
        assert len({chunk.id for chunk in chunks}) == len(chunks)


def test_the_table_has_a_row_for_each_measurement() -> None:
    figures = dict.fromkeys(("ndcg", "recall5", "held1", "held3", "budget"), 0.5)
    row = {"set": "xquad-en", "way": "one-section", "chunks": 3, "tokens": 1000, "too_long": 0}
    assert table([row | figures]).splitlines()[-1] == (
        "| xquad-en | one-section | 0.500 | 0.500 | 0.500 | 0.500 | 0.500 | 3 | 1,000 | 0 |"
    )
