"""PDF → unstructured elements, by pypdfium2.

Every element has its page and one box (PDF user space) and lies within one column. Page
numbers are left out, and of running headers and footers all but the first, which come last.
Pages without text (scans) yield nothing here; a document of only such pages is an error, because
recognising text is not built yet. Knows no formulas, figures or footnotes: their text comes out
as paragraphs.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pypdfium2 as pdfium

from ingest.parse.elements import make
from ingest.parse.headings import bookmarks, mark_headings
from ingest.parse.layout import Line, columns
from ingest.parse.paragraphs import Block, blocks, join, strip_bullet, vocabulary
from ingest.parse.pdf_chars import Segment, segments, to_user, turn
from ingest.parse.rules import grids, page_lines
from ingest.parse.running import margin_lines, running_lines
from ingest.parse.tables import ruled, table_html, table_text, unruled
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element


class _Page:
    """What was read from one page, before anything is known of the others."""

    def __init__(self, page: pdfium.PdfPage, number: int) -> None:
        self.number = number
        self.rotation = page.get_rotation()
        area = page.get_bbox()
        self.size = (area[2] - area[0], area[3] - area[1])
        rules = page_lines(page)
        self.grids = grids(rules)
        self.segments = segments(page, [b for grid in self.grids for b in grid.borders()])
        _, bottom, _, top = turn(area, self.rotation)
        free = [s for s in self.segments if not any(grid.holds(s) for grid in self.grids)]
        self.margins = margin_lines(free, bottom, top)


def parse_pdf(path: Path, name: str) -> "tuple[list[Element], int]":
    """Elements in reading order, and the number of pages.

    Raises:
        RejectedFile: broken, locked, or without any text.
    """
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        raise RejectedFile(_why(name, str(error))) from None
    try:
        pages = [_read(document, index) for index in range(len(document))]
        marks = bookmarks(document)
    finally:
        document.close()
    if not any(page.segments for page in pages):
        raise RejectedFile(
            f"{name}: its pages hold images only, no text layer, and text recognition (OCR) is "
            "not available yet. Run it through OCR and add it again."
        )
    running = _take_running(pages)
    found = _blocks(pages)
    mark_headings(found, marks)
    return [
        _element(block, pages[block.page - 1]) for block in [*found, *running] if block.text
    ], len(pages)


def _why(name: str, error: str) -> str:
    if "password" in error.lower():
        return f"{name}: the PDF is locked with a password. Remove the password and add it again."
    return f"{name}: the PDF is damaged or cut short and cannot be opened. Get a whole copy."


def _read(document: pdfium.PdfDocument, index: int) -> _Page:
    page = document[index]
    try:
        return _Page(page, index + 1)
    finally:
        page.close()


def _blocks(pages: Sequence[_Page]) -> list[Block]:
    words = vocabulary(s.text for page in pages for s in page.segments)
    return [block for page in pages for block in _page_blocks(page, words)]


def _page_blocks(page: _Page, words: frozenset[str]) -> list[Block]:
    tables: list[Block] = []
    rest = page.segments
    for drawn in page.grids:
        grid = drawn.with_header(rest)
        inside = [s for s in rest if grid.holds(s) and not s.sideways]
        table = ruled(grid, inside, words) if inside else None
        if table is not None:
            tables.append(table)
            rest = [s for s in rest if s not in inside]
    found = _with_tables(rest, tables, words)
    for block in found:
        block.page = page.number
        if block.kind == "table":
            block.text = table_text(block.rows)
        else:
            block.text = strip_bullet(join((line.text for line in block.lines), words))
    return found


def _with_tables(
    rest: Sequence[Segment], tables: list[Block], words: frozenset[str]
) -> list[Block]:
    """Blocks of all columns, the ruled tables where they stand."""
    places = [
        Segment("", *table.rect, base=table.rect[3], size=0.1, bold=False, start=-1 - index)
        for index, table in enumerate(tables)
    ]
    found: list[Block] = []
    for column in columns([*rest, *places]):
        pending: list[Line] = []
        for line in column:
            if line.segments[0].start < 0:
                found += _prose(pending, words)
                found.append(tables[-1 - line.segments[0].start])
                pending = []
            else:
                pending.append(line)
        found += _prose(pending, words)
    return found


def _prose(lines: Sequence[Line], words: frozenset[str]) -> list[Block]:
    """A stretch of lines as paragraphs and unruled tables."""
    found: list[Block] = []
    at = 0
    for start, end, table in unruled(lines, words):
        found += [*blocks(lines[at:start]), table]
        at = end
    return found + blocks(lines[at:])


def _take_running(pages: Sequence[_Page]) -> list[Block]:
    """Take the running lines off the pages; the first of each kind is kept as a block."""
    kept = []
    for page, lines in zip(pages, running_lines([p.margins for p in pages]), strict=True):
        for line, kind in lines:
            page.segments = [s for s in page.segments if s not in line.segments]
            if kind:
                block = Block([line], kind, rect=line.rect, page=page.number, text=line.text)
                kept.append(block)
    return kept


_KINDS = {"item": "ListItem", "table": "Table", "header": "Header", "footer": "Footer"}


def _element(block: Block, page: _Page) -> "Element":
    kind = _KINDS.get(block.kind, "NarrativeText")
    if block.depth is not None:
        kind = "Title"
    return make(
        kind,
        block.text,
        page=block.page,
        depth=block.depth,
        html=table_html(block.rows) if block.rows else None,
        box=to_user(block.rect, page.rotation),
        page_size=page.size,
    )
