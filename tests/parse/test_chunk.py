"""Chunks follow the structure, fit, keep pages and boxes, and lose nothing."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunk import chunk
from ingest.chunk_texts import texts_of
from ingest.parse import parse
from ingest.parse.elements import make
from rag.table_text import cells
from rag.types import Box, Chunk
from serving.embedding import Embedder
from serving.errors import RejectedFile

DATA = Path(__file__).parents[2] / "data" / "organisation"


def count(texts: Sequence[str]) -> list[int]:
    """Two special tokens, then one token for each four characters of a word."""
    return [2 + sum(-(-len(word) // 4) for word in text.split()) for text in texts]


def cut(elements: list[object], limit: int = 60) -> list[Chunk]:
    return chunk(elements, "doc", "v1", count, limit)  # type: ignore[arg-type]


def words(number: int, word: str = "word") -> str:
    return " ".join([word] * number) + "."


def test_sections_are_paths_and_top_headings_divide() -> None:
    chunks = cut(
        [
            make("Title", "Leave", depth=0),
            make("Title", "Sick", depth=1),
            make("NarrativeText", words(20, "ill")),
            make("Title", "Holiday", depth=1),
            make("NarrativeText", words(20, "sun")),
            make("Title", "Travel", depth=0),
            make("NarrativeText", words(3, "go")),
        ]
    )
    assert [(c.section, c.text) for c in chunks] == [
        (("Leave", "Sick"), words(20, "ill")),
        (("Leave", "Holiday"), words(20, "sun")),
        (("Travel",), words(3, "go")),
    ]
    assert [c.ordinal for c in chunks] == [0, 1, 2]
    assert len({c.id for c in chunks}) == 3


def test_small_sections_share_a_chunk_with_their_headings_in_it() -> None:
    chunks = cut(
        [
            make("Title", "Rules", depth=0),
            make("Title", "A", depth=1),
            make("NarrativeText", "One."),
            make("Title", "B", depth=1),
            make("NarrativeText", "Two."),
        ]
    )
    assert [(c.section, c.text) for c in chunks] == [(("Rules",), "A\nOne.\nB\nTwo.")]


def test_heading_without_body_is_not_lost() -> None:
    chunks = cut([make("NarrativeText", "Body."), make("Title", "Thank you", depth=1)])
    assert "Thank you" in "\n".join(c.embedded_text for c in chunks)


def test_tables_are_cut_between_rows_under_their_header() -> None:
    rows = [f"P-{n} | {n}.50 EUR" for n in range(40)]
    chunks = cut(
        [make("Title", "Prices", depth=0), make("Table", "\n".join(["Code | Price", *rows]))]
    )
    assert len(chunks) > 2
    assert all(c.text.startswith("Code | Price\n") and c.section == ("Prices",) for c in chunks)
    assert [row for c in chunks for row in c.text.split("\n")[1:]] == rows


def test_pages_and_boxes_are_those_of_the_elements() -> None:
    boxes = [(10.0, 20.0, 30.0, 40.0), (11.0, 21.0, 31.0, 41.0)]
    chunks = cut(
        [
            make("NarrativeText", f"Part {n}.", page=n + 3, box=box, page_size=(100, 200))
            for n, box in enumerate(boxes)
        ]
    )
    assert len(chunks) == 1
    assert (chunks[0].page_from, chunks[0].page_to) == (3, 4)
    assert chunks[0].boxes == (Box(3, *boxes[0]), Box(4, *boxes[1]))


def test_language_and_running_lines() -> None:
    chunks = cut(
        [
            make("Title", "Отпуск", depth=0),
            make("NarrativeText", "Он длится 28 дней."),
            make("Footer", "Internal use only"),
        ]
    )
    assert [(c.language, c.section) for c in chunks] == [("ru", ("Отпуск",)), ("en", ())]


KINDS = st.sampled_from(["Title", "NarrativeText", "ListItem", "Table"])
TEXTS = st.text(alphabet="abc. \n|Жя", min_size=1, max_size=150)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(KINDS, TEXTS, st.integers(0, 2)), max_size=12),
    st.integers(min_value=12, max_value=60),
)
def test_everything_fits_and_nothing_is_lost(parts: list[tuple[str, str, int]], limit: int) -> None:
    elements = [make(kind, text, depth=depth) for kind, text, depth in parts]
    chunks = cut(list(elements), limit)
    assert all(n <= limit for n in count([c.embedded_text for c in chunks]))
    held = re.sub(r"\s", "", "".join(c.text for c in chunks))
    for kind, text, _ in parts:
        if kind in ("NarrativeText", "ListItem"):
            assert re.sub(r"\s", "", text) in held


def words_of(text: str) -> Counter[str]:
    """Letters and digits decide: a word may be cut where it is longer than a chunk."""
    return Counter(re.findall(r"\w+", text))


def organisation() -> list[Path]:
    return sorted(path for path in DATA.rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_real_documents_fit_the_model_and_lose_no_word(
    shared_docs: Path, embedder: Embedder, part: int
) -> None:
    """By the default model's own tokens: no chunk is cut short by it, and every word of every
    element is in some chunk; only headings, headers and keys of tables stand in several."""
    read = 0
    for path in [*sorted(shared_docs.iterdir()), *organisation()][part::8]:
        try:
            parsed = parse(path, path.name)
        except RejectedFile:
            continue
        chunks = chunk(parsed.elements, "doc", "v1", embedder.count_tokens, embedder.max_tokens)
        sizes = embedder.count_tokens([c.embedded_text for c in chunks])
        assert max(sizes, default=0) <= embedder.max_tokens, path.name
        read_as = list(zip(parsed.elements, texts_of(parsed.elements), strict=True))
        assert all(words_of(e.text).keys() <= words_of(text).keys() for e, text in read_as)
        bodies = words_of("\n".join(text for e, text in read_as if e.category != "Title"))
        titles = words_of("\n".join(e.text for e in parsed.elements if e.category == "Title"))
        shown = words_of("\n".join(c.text for c in chunks))
        paths = words_of("\n".join(" ".join(c.section) for c in chunks))
        assert not bodies - shown, path.name
        assert not titles.keys() - shown.keys() - paths.keys(), path.name
        repeated = words_of("\n".join(heads_of(parsed.elements)))
        assert not (shown - bodies).keys() - titles.keys() - repeated.keys(), path.name
        assert all(c.page_from <= c.page_to <= max(parsed.pages, 0) for c in chunks), path.name
        assert all(c.page_from <= box.page <= c.page_to for c in chunks for box in c.boxes)
        read += 1
    assert read > 3


def heads_of(elements: Sequence[Any]) -> list[str]:
    """What may stand in several chunks: header rows, first cells, and lines above tables."""
    found = []
    whole = [make("Text", ""), *elements]
    for (before, _), (element, text) in pairwise(zip(whole, texts_of(whole), strict=True)):
        if element.category == "Table":
            header, *rows = text.split("\n")
            found += [before.text, header, *(cells(row)[0] for row in rows)]
    return found
