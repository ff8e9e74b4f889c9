"""What is put before the model: neighbours joined, repetition left out, within the budget."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.pipeline import Pipeline
from rag.answers import Support
from rag.cite import Citations, with_boxes
from rag.context import around
from rag.join import distinct, join
from rag.runtime import Runtime
from rag.types import Document, Passage

DATA = Path(__file__).parent.parent / "data" / "organisation"
ROWS = [f"QX-{300 + n},pump {n},{n}.50" for n in range(90)]
PARAGRAPHS = [f"Paragraph {n} tells {'something of its own ' * 8}number {n}." for n in range(60)]


@pytest.fixture(scope="module")
def long(empty_runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> list[Passage]:
    """A document of many chunks without sections, as passages in its order."""
    text = "\n\n".join(PARAGRAPHS)
    return ingested(empty_runtime, tmp_path_factory.mktemp("join"), "long.txt", text)


def ingested(
    runtime: Runtime, folder: Path, name: str, text: str, groups: Sequence[str] = ("everyone",)
) -> list[Passage]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return of_file(runtime, path, name, groups)


def of_file(runtime: Runtime, path: Path, name: str, groups: Sequence[str]) -> list[Passage]:
    pipeline = Pipeline(runtime.library, runtime.store, runtime.embedder, runtime.settings)
    document = pipeline.process(pipeline.accept(path, name, groups).id)
    assert document
    chunks = runtime.store.chunks(document.id)
    current = [chunk for chunk in chunks if chunk.version == document.version]
    return [Passage(chunk, document, 1.0 - chunk.ordinal / 1000) for chunk in current]


def joined(runtime: Runtime, passages: Sequence[Passage], budget: int = 5000) -> list[Passage]:
    return join(passages, runtime.store, budget, runtime.embedder.count_tokens)


def tokens(runtime: Runtime, passages: Sequence[Passage]) -> int:
    return sum(runtime.embedder.count_tokens([p.chunk.embedded_text for p in passages]))


def test_neighbours_become_one_passage_in_the_document_s_order(
    empty_runtime: Runtime, long: list[Passage]
) -> None:
    third, fourth, seventh = long[3], long[4], long[7]
    room = 10 + tokens(empty_runtime, [third, fourth, seventh])
    found = joined(empty_runtime, [fourth, seventh, third], room)
    assert [p.chunk.id for p in found] == [fourth.chunk.id, seventh.chunk.id]
    assert found[0].chunk.text == f"{third.chunk.text}\n{fourth.chunk.text}"
    assert found[0].score == fourth.score
    assert found[1] == seventh


def test_a_gap_of_one_is_filled(empty_runtime: Runtime, long: list[Passage]) -> None:
    room = 10 + tokens(empty_runtime, long[3:6])
    found = joined(empty_runtime, [long[5], long[3]], room)
    assert [p.chunk.text for p in found] == ["\n".join(p.chunk.text for p in long[3:6])]
    assert len(joined(empty_runtime, [long[6], long[3]], room)) == 2


def test_the_best_get_their_neighbours_where_there_is_room(
    empty_runtime: Runtime, long: list[Passage]
) -> None:
    (found,) = joined(empty_runtime, [long[5]])
    assert found.chunk.text == "\n".join(p.chunk.text for p in long[4:7])
    assert joined(empty_runtime, [long[5]], 10 + tokens(empty_runtime, [long[5]])) == [long[5]]


def test_neighbours_are_of_the_same_section(empty_runtime: Runtime, tmp_path: Path) -> None:
    parts = [f"# Part {n}\n\n{' '.join(PARAGRAPHS[20 * n : 20 * n + 9])}" for n in range(3)]
    found = ingested(empty_runtime, tmp_path, "parts.md", "\n\n".join(parts))
    inside = [p for p in found if p.chunk.section == ("Part 1",)]
    assert len(inside) > 1
    (wide,) = joined(empty_runtime, inside[:1])
    assert wide.chunk.section == ("Part 1",)
    assert wide.chunk.text.startswith(inside[0].chunk.text)
    assert "Paragraph 8 " not in wide.chunk.text
    # Retrieved ones are joined over the sections' border, whose headings stand in the text.
    before = found[found.index(inside[0]) - 1]
    room = 30 + tokens(empty_runtime, [before, inside[0]])
    (both,) = joined(empty_runtime, [before, inside[0]], room)
    assert both.chunk.section == ()
    assert both.chunk.text.startswith("Part 0\n")
    assert f"\nPart 1\n{inside[0].chunk.text}" in both.chunk.text


def test_a_table_s_header_stands_once(empty_runtime: Runtime, tmp_path: Path) -> None:
    table = "\n".join(["Code,Product,Price", *ROWS])
    found = ingested(empty_runtime, tmp_path, "parts.csv", table)
    assert len(found) > 3
    (whole,) = joined(empty_runtime, found)
    lines = whole.chunk.text.split("\n")
    assert lines[0] == "Code | Product | Price"
    assert lines[1:] == [row.replace(",", " | ") for row in ROWS]


def test_what_two_chunks_share_stands_once(empty_runtime: Runtime, long: list[Passage]) -> None:
    first, second = long[3], long[4]
    end = first.chunk.text[-60:]
    overlapping = replace(
        second, chunk=replace(second.chunk, text=f"{end.strip()} {second.chunk.text}")
    )
    room = 60 + tokens(empty_runtime, [first, second])
    (both,) = joined(empty_runtime, [first, overlapping], room)
    assert both.chunk.text == f"{first.chunk.text}\n{second.chunk.text}"


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_the_budget_is_kept_and_the_best_is_there(
    empty_runtime: Runtime, long: list[Passage], data: st.DataObject
) -> None:
    chosen = data.draw(st.lists(st.sampled_from(long), min_size=1, max_size=8, unique_by=id))
    budget = data.draw(st.integers(50, 3000))
    found = joined(empty_runtime, chosen, budget)
    first = chosen[0]
    assert first.chunk.text in found[0].chunk.text
    assert found[0].chunk.id == first.chunk.id
    whole = tokens(empty_runtime, found)
    assert whole <= budget or found == [first]
    texts = [text for p in found for text in p.chunk.text.split("\n")]
    assert len(texts) == len(set(texts))


def test_nothing_is_joined_across_versions_and_documents(
    empty_runtime: Runtime, tmp_path: Path
) -> None:
    text = "\n\n".join(PARAGRAPHS)
    secret = ingested(empty_runtime, tmp_path, "a.txt", text.replace("tells", "hides"), ["board"])
    changed = text.replace("tells", "says")
    old = ingested(empty_runtime, tmp_path, "b.txt", text.replace("tells", "said"))
    new = ingested(empty_runtime, tmp_path, "b.txt", changed)
    (found,) = joined(empty_runtime, [new[2]])
    assert found.chunk.text in changed.replace("\n\n", "\n")
    # The old version's chunks are gone from the store: its passage stays as it is.
    assert joined(empty_runtime, [old[2]]) == [old[2]]
    assert "hides" not in found.chunk.text
    assert secret[0].document.groups == ("board",)


def test_a_citation_of_a_joined_passage_finds_its_place(empty_runtime: Runtime) -> None:
    path = DATA / "travel" / "travel-policy-2025.pdf"
    found = of_file(empty_runtime, path, "travel.pdf", ["everyone"])
    (whole,) = joined(empty_runtime, found)
    assert whole.chunk.page_from == 1
    assert whole.chunk.page_to == max(p.chunk.page_to for p in found)
    last = found[-1].chunk
    quote = last.text.split("\n")[-1]
    start = whole.chunk.text.rindex(quote)
    citations = Citations()
    citations.cite(whole, start, start + len(quote), Support.QUOTED)
    (citation,) = with_boxes(citations.all(), empty_runtime.library)
    assert citation.quote == quote.strip()
    alone = Citations()
    own = last.text.rindex(quote)
    alone.cite(found[-1], own, own + len(quote), Support.QUOTED)
    (expected,) = with_boxes(alone.all(), empty_runtime.library)
    assert citation.boxes == expected.boxes
    assert citation.boxes


def test_the_text_around_a_joined_passage_goes_on(
    empty_runtime: Runtime, long: list[Passage]
) -> None:
    (found,) = joined(empty_runtime, [long[5]])
    before, after = around(empty_runtime.library, found, 200)
    assert f"{before}\n{found.chunk.text}\n{after}" in "\n".join(PARAGRAPHS)


def test_of_two_copies_the_newest_stays_in_the_better_place(long: list[Passage]) -> None:
    named = [renamed(long[0], f"leave-{year}.txt") for year in (2023, 2024)]
    other = long[9]
    assert distinct([named[0], other, named[1]]) == [replace(named[1], score=named[0].score), other]
    assert distinct([named[1], named[0], other]) == [named[1], other]


@pytest.mark.parametrize(
    ("old", "new"),
    [("28 days", "30 days"), ("must", "must not"), ("Norway", "Sweden")],
)
def test_texts_that_differ_in_a_fact_both_stay(long: list[Passage], old: str, new: str) -> None:
    text = "Staff in Norway must take 28 days. " + " ".join(f"Word{n} of." for n in range(60))
    first = with_text(renamed(long[0], "a.txt"), text)
    second = with_text(renamed(long[1], "b.txt"), text.replace(old, new))
    assert distinct([first, second]) == [first, second]
    same = with_text(second, text.replace("take", "use"))
    assert distinct([first, same]) == [first]


def with_text(passage: Passage, text: str) -> Passage:
    return replace(passage, chunk=replace(passage.chunk, text=text))


def renamed(passage: Passage, name: str) -> Passage:
    document = replace(passage.document, id=name, name=name)
    assert isinstance(document, Document)
    return replace(passage, document=document, chunk=replace(passage.chunk, document_id=name))


def test_no_passages_are_none(empty_runtime: Runtime) -> None:
    assert joined(empty_runtime, []) == []
