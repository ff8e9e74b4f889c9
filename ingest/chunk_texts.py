"""What each element says inside a chunk: tables with one header row, under the right names.

A table that goes on over the page, or in the next group of a sheet's rows, is given the header of
the part before it. Does not know which paragraph a table is mentioned in, only the line above it.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ingest.chunk_tables import table_lines, with_header
from rag.types import Box

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_CAPTION = re.compile(r"(?:table|tab\.|таблица|табл\.)\s*\d", re.IGNORECASE)
_CAPTION_WORDS = 30
_ALIGNED = 12.0
"""Points between the sides of two parts of one table, at most."""


def texts_of(elements: "Sequence[Element]") -> list[str]:
    """One text for each element."""
    texts: list[str] = []
    for at, element in enumerate(elements):
        text = element.text.strip()
        if element.category == "Table":
            text = table_lines(text, element.metadata.text_as_html or "")
            if at and elements[at - 1].category == "Table":
                text = _continued(text, element, texts[-1], elements[at - 1])
        texts.append(text)
    return texts


def _continued(text: str, table: "Element", before: str, previous: "Element") -> str:
    first, _, rest = table.text.strip().partition("\n")
    if first == previous.text.strip().partition("\n")[0]:
        return f"{before.partition(chr(10))[0]}\n{rest}" if text.startswith(first) else text
    return with_header(text, before) if _goes_on(previous, table) else text


def _goes_on(table: "Element", following: "Element") -> bool:
    """Whether a table stands on the page after the other, between the same sides."""
    one, other = box_of(table), box_of(following)
    if one is None or other is None or other.page != one.page + 1:
        return False
    return abs(one.left - other.left) < _ALIGNED and abs(one.right - other.right) < _ALIGNED


def caption_of(elements: "Sequence[Element]", index: int) -> str:
    """The line before a table, if it names it; empty for all else."""
    if elements[index].category != "Table" or not index:
        return ""
    before = elements[index - 1]
    line = " ".join(before.text.split())
    named = _CAPTION.match(line) or line.endswith(":") or "Caption" in before.category
    short = len(line.split()) <= _CAPTION_WORDS
    return line if named and short and before.category not in ("Title", "Table") else ""


def box_of(element: "Element") -> Box | None:
    """The element's rectangle on its page, where it has both."""
    where = element.metadata.coordinates
    page = element.metadata.page_number
    if where is None or where.points is None or not page:
        return None
    xs = [float(x) for x, _ in where.points]
    ys = [float(y) for _, y in where.points]
    return Box(page, min(xs), min(ys), max(xs), max(ys))
