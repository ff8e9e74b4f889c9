"""Citations of one answer: numbers by first mention, exact highlights at the end.

The model never copies an id: passages are numbered by the program, and a `[n]` in a reply is an
index that is checked here. Does not know whether a citation is right; `rag/support.py` does.
"""

from collections.abc import Sequence
from dataclasses import replace

from rag.answers import Citation, Support
from rag.library import Library
from rag.pages import PDF, has_pages, locate
from rag.types import Box, Passage


class Citations:
    """Collects the citations of one answer, in order of first mention."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Citation] = {}

    def cite(self, passage: Passage, start: int, end: int, support: Support) -> int:
        """The number of this span of `passage.chunk.text`, new or already given."""
        quote = passage.chunk.text[start:end].strip()
        # Not by offsets: a chunk and one that it was joined into have the same id.
        key = (passage.chunk.document_id, passage.chunk.version, quote)
        if key not in self._found:
            number = len(self._found) + 1
            self._found[key] = Citation(number, passage, quote, passage.chunk.boxes, support)
        return self._found[key].number

    def all(self) -> tuple[Citation, ...]:
        """Every citation so far. Boxes are those of the whole chunk until `with_boxes`."""
        return tuple(self._found.values())


def with_boxes(citations: Sequence[Citation], library: Library) -> tuple[Citation, ...]:
    """The citations with the boxes of their quotes, line by line, where the page has them."""
    return tuple(_with_boxes(citation, library) for citation in citations)


def _with_boxes(citation: Citation, library: Library) -> Citation:
    chunk, document = citation.passage.chunk, citation.passage.document
    if not has_pages(document.media_type) or not chunk.page_from:
        return citation
    original = library.original(document.sha256)
    pages = chunk.page_from, chunk.page_to
    boxes: tuple[Box, ...] = ()
    if document.media_type == PDF:
        boxes = locate(original, *pages, citation.quote, chunk.boxes)
    if not boxes:  # on pages whose text was recognised; only they need what was read
        reading = library.files.reading(document.sha256)
        words = reading.words if reading else {}
        if any(chunk.page_from <= page <= chunk.page_to for page in words):
            boxes = locate(original, *pages, citation.quote, chunk.boxes, words)
    return replace(citation, boxes=boxes) if boxes else citation
