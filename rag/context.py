"""The text around a passage, from the version that was cited.

The index forgets an old version's chunks when a new one answers; what was read from it
(`rag/originals.py`) stays until the document is removed, so a citation keeps its surroundings.
Does not know who may read the document: ask the catalogue first.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from rag.library import Library
from rag.types import Chunk, Passage

_REPEATED = 3
"""Lines at a chunk's beginning that may be repeated from elsewhere: a table's caption, header."""


def around(library: Library, passage: Passage, characters: int) -> tuple[str, str]:
    """What stands before and after the passage's chunk in its document, lines as they were read.

    At most `characters` each, cut between words; headings and running lines belong to it. Empty
    at the document's ends, and where the reading is gone or does not hold the chunk.
    """
    text, offsets = _joined(library.elements(passage.document))
    found = _place(text, offsets, passage.chunk, passage.document.chunks)
    if found is None:
        return "", ""
    start, end = found
    return _tail(text[:start], characters), _head(text[end:], characters)


def _joined(elements: Iterable[Mapping[str, Any]]) -> tuple[str, list[tuple[int, int]]]:
    """The elements' text, and for each element its offset and page."""
    parts: list[str] = []
    offsets: list[tuple[int, int]] = []
    length = 0
    for element in elements:
        part = _tidy(element["text"])
        if part:
            parts.append(part)
            offsets.append((length, element["page"]))
            length += len(part) + 1
    return "\n".join(parts), offsets


def _tidy(text: str) -> str:
    """Blanks collapsed, no empty lines."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _place(
    text: str, offsets: list[tuple[int, int]], chunk: Chunk, chunks: int
) -> tuple[int, int] | None:
    """Offsets of the chunk; of several places, the likeliest by page and ordinal."""
    expected = len(text) * chunk.ordinal / chunks if chunks else 0.0
    for wanted in _forms(_tidy(chunk.text)):
        places = list(islice(_all(text, wanted), 200))
        if chunk.page_from:
            on_page = [at for at in places if _page(offsets, at) >= chunk.page_from]
            places = [at for at in on_page if _page(offsets, at) <= chunk.page_to] or places
        if places:
            start = min(places, key=lambda at: abs(at - expected))
            return start, start + len(wanted)
    return None


def _forms(text: str) -> Iterator[str]:
    """The chunk's text, then without the lines that may be repeated, then its longest line."""
    lines = text.split("\n")
    for start in range(min(_REPEATED, len(lines))):
        yield "\n".join(lines[start:])
    yield max(lines, key=len)


def _all(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _page(offsets: list[tuple[int, int]], at: int) -> int:
    low, high = 0, len(offsets)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offsets[middle][0] <= at else (low, middle)
    return offsets[low][1]


def _tail(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text.strip()
    cut = text[-characters - 1 :]
    return re.sub(r"^\S*\s", "", cut, count=1).strip()


def _head(text: str, characters: int) -> str:
    if len(text) <= characters:
        return text.strip()
    cut = text[: characters + 1]
    return re.sub(r"\s\S*$", "", cut, count=1).strip()
