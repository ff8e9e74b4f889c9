"""Contradictions between documents: found where they are, and nowhere else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.disagreements import disagreement_lines, disagreements_html
from app.openai_api import footnotes
from app.texts import texts
from ingest.pipeline import Pipeline
from rag.answers import Answer, Answered, Disagreement, Mode, Sentence, Support
from rag.cite import Citations
from rag.claims import Quantity, Reader
from rag.disagree import disagreements, newest_first
from rag.newest import date_of
from rag.runtime import Runtime
from rag.store.sparse import SparseEncoder
from rag.types import Chunk, Document, Passage, Principal, chunk_id, document_id

PAIRS = Path(__file__).parent / "data" / "disagreements.jsonl"
SPARSE = SparseEncoder()
LEAVE = "How many days of annual leave do employees get?"
OLD = "Employees are entitled to 28 days of annual leave."
NEW = "Employees are entitled to 30 days of annual leave."


def passage(text: str, name: str, section: tuple[str, ...] = ()) -> Passage:
    document = document_id(name)
    chunk = Chunk(chunk_id(document, "v", 0), document, "v", 0, text, section)
    entry = Document(document, name, "", "text/plain", "v", added_at="2026-01-01T00:00:00Z")
    return Passage(chunk, entry, 1.0)


def compared(question: str, *passages: Passage) -> tuple[Disagreement, ...]:
    """The first passage's text is what the answer quotes."""
    citations = Citations()
    text = passages[0].chunk.text
    number = citations.cite(passages[0], 0, len(text), Support.QUOTED)
    said = [Sentence(text, (number,), Support.QUOTED)]
    return disagreements(question, said, passages, citations, SPARSE)


def pairs(half: str) -> Iterator[tuple[bool, bool]]:
    """Whether each pair of a half of our set disagrees, and whether that was found."""
    for line in PAIRS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["half"] == half:
            sides = zip(row["texts"], row["names"], row["sections"], strict=True)
            found = compared(row["question"], *(passage(t, n, (s,)) for t, n, s in sides))
            yield row["disagree"], bool(found)


@pytest.mark.parametrize("half", ["develop", "judge"])
def test_pairs_that_contradict_are_told_from_pairs_that_only_look_so(half: str) -> None:
    verdicts = list(pairs(half))
    assert sum(real for real, _ in verdicts) == 20
    assert not any(found for real, found in verdicts if not real)
    assert sum(found for real, found in verdicts if real) >= 17


def test_the_newest_comes_first_with_both_cited() -> None:
    old, new = passage(OLD, "hr/leave-2022.md"), passage(NEW, "hr/leave-2024.md")
    for first, second in ((old, new), (new, old)):
        (found,) = compared(LEAVE, first, second)
        assert [sentence.text for sentence in found.sentences] == [NEW, OLD]
        assert sorted(n for s in found.sentences for n in s.citations) == [1, 2]


def test_versions_are_dated_by_validity_then_name_then_text_then_arrival() -> None:
    plain = passage(OLD, "leave.md").document
    assert date_of(plain) == "2026-01-01"
    assert date_of(plain, "Утверждено приказом от 3 марта 2021 г.") == "2021-03-03"
    assert date_of(plain, "Effective from 1 July 2023 for all.") == "2023-07-01"
    assert date_of(plain, "The company was founded in 1998.") == "2026-01-01"
    named = replace(plain, name="leave-2024-05.pdf")
    assert date_of(named, "Effective from 1 July 2023.") == "2024-05-01"
    assert date_of(replace(named, valid_from="2025-02-01T00:00:00Z")) == "2025-02-01"


def test_a_table_cell_contradicts_a_sentence_and_another_table() -> None:
    table = "Country | Leave\nNorway | 49 weeks\nSweden | 68 weeks"
    other = "Country | Leave\nNorway | 46 weeks\nSweden | 68 weeks"
    question = "How long is parental leave in Norway?"
    citations = Citations()
    one, two = passage(table, "nordic.md"), passage(other, "handbook.md")
    start = table.index("Norway")
    number = citations.cite(one, start, start + len("Norway | 49 weeks"), Support.QUOTED)
    said = [Sentence("Country: Norway; Leave: 49 weeks", (number,), Support.QUOTED)]
    (found,) = disagreements(question, said, [one, two], citations, SPARSE)
    assert {s.text for s in found.sentences} == {
        "Country: Norway; Leave: 49 weeks",
        "Country: Norway; Leave: 46 weeks",
    }
    quoted = {c.quote for c in citations.all()}
    assert quoted == {"Norway | 49 weeks", "Norway | 46 weeks"}


def test_rows_of_one_table_do_not_contradict_each_other() -> None:
    table = "Country | Leave\nNorway | 49 weeks\nNorway | 59 weeks"
    assert not compared("How long is leave in Norway?", passage(table, "nordic.md"))


def test_a_name_of_the_question_must_be_in_both_places() -> None:
    text = "The warranty period is {} months."
    one = passage(text.format(24), "sales/terms.md", ("Norway",))
    other = passage(text.format(12), "support/faq.md", ("Warranty",))
    assert not compared("How long is the warranty period in Norway?", one, other)
    both = passage(text.format(12), "norway/faq.md", ("Warranty",))
    assert compared("How long is the warranty period in Norway?", one, both)


def test_what_is_read_of_a_sentence() -> None:
    reader = Reader(SPARSE)
    whole, beginning = reader.claims(
        "Passwords must have at least twelve characters, and they are changed every 90 days."
    )
    assert beginning.quantities == (Quantity("characters", 12, "", "≥"),)
    assert beginning.stance == "must"
    assert whole.quantities[1] == Quantity("duration", 90, "day")
    (claim,) = reader.claims("Заявление подаётся не позднее 15 марта 2024 г.")
    assert claim.quantities == (Quantity("date", 3 * 31 + 15),)
    assert claim.years == {"2024"}
    assert reader.claims("It lasts 12 months.") == []
    assert reader.claims("How long is the warranty period?") == []
    codes = [reader.claims(f"Step {n} sets the pressure.")[0].words for n in (3, 5)]
    assert codes[0] != codes[1]


def test_quotes_are_put_in_order_once() -> None:
    old, new, other = (Sentence(t, (n,)) for n, t in enumerate([OLD, NEW, "Ask HR."], 1))
    found = [Disagreement((new, old))]
    assert newest_first([old, other, new], found) == (new, old, other)
    assert newest_first([other, old], found) == (other, new, old)
    assert newest_first([new, other, old], found) == (new, other, old)
    assert newest_first([other], found) == (other,)


def test_an_answer_leads_with_the_newest_and_says_that_they_disagree(
    empty_runtime: Runtime, tmp_path: Path
) -> None:
    library, store = empty_runtime.library, empty_runtime.store
    pipeline = Pipeline(library, store, empty_runtime.embedder, empty_runtime.settings)
    for name, text in (("leave-2022.md", OLD), ("leave-2024.md", NEW)):
        (tmp_path / name).write_text(f"# Leave\n\n{text}\n", encoding="utf-8")
        pipeline.process(pipeline.accept(tmp_path / name, name).id)
    *_, last = empty_runtime.answerer.ask(LEAVE, Principal("ann"))
    assert isinstance(last, Answered)
    answer = last.answer
    assert answer.mode is Mode.EXTRACTIVE
    assert [sentence.text for sentence in answer.sentences] == [NEW, OLD]
    (found,) = answer.disagreements
    assert [sentence.text for sentence in found.sentences] == [NEW, OLD]
    names = [answer.citations[s.citations[0] - 1].passage.document.name for s in found.sentences]
    assert names == ["leave-2024.md", "leave-2022.md"]
    assert f"The documents disagree. The newest says: {NEW}" in footnotes(answer)


def test_what_a_document_says_is_escaped_in_the_block() -> None:
    hostile = passage("<img src=x> costs 5 EUR.", "a<b>.md")
    citations = Citations()
    number = citations.cite(hostile, 0, 24, Support.QUOTED)
    sentence = Sentence(hostile.chunk.text, (number,), Support.QUOTED)
    told = (Disagreement((sentence, sentence)),)
    answer = Answer("q?", "ru", Mode.EXTRACTIVE, (), citations.all(), disagreements=told)
    shown = disagreements_html(texts("ru"), answer)
    assert "<img" not in shown
    assert "a<b>" not in shown
    assert "Документы противоречат друг другу" in shown
    assert len(disagreement_lines(texts("en"), answer)) == 2
