"""Pages of segments → unstructured elements in reading order: where PDF and pictures meet.

Tables, columns, paragraphs and headings are found here by the modules beside this one; where a
page's segments come from (a text layer, text recognition) it does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from ingest.parse.elements import make, table_html, table_text
from ingest.parse.headings import mark_headings
from ingest.parse.layout import Line, columns
from ingest.parse.paragraphs import Block, blocks, join, strip_bullet, vocabulary
from ingest.parse.pdf_chars import Rect, Segment, to_user, turn
from ingest.parse.rules import Grid
from ingest.parse.running import margin_lines, running_lines
from ingest.parse.tables import ruled, unruled

if TYPE_CHECKING:
    from unstructured.documents.elements import Element


@dataclass(slots=True)
class Page:
    """What was read from one page, before anything is known of the others."""

    number: int
    """From 1."""
    rotation: int
    """Degrees clockwise by which it is turned to be read."""
    area: Rect
    """What of it is shown, before it is turned."""
    segments: list[Segment] = field(default_factory=list)
    """In display space, see `pdf_chars.turn`."""
    grids: list[Grid] = field(default_factory=list)
    unit: float = 1.0
    """The page's own units in one unit of the layout, which expects points."""

    @property
    def shown(self) -> Rect:
        """`area` in display space."""
        return turn(self.area, self.rotation)

    def to_user(self, rect: Rect) -> Rect:
        """A rectangle of the layout in the page's own units, not turned."""
        left, bottom, right, top = to_user(rect, self.rotation)
        return left * self.unit, bottom * self.unit, right * self.unit, top * self.unit

    def margins(self) -> list[tuple[Line, str]]:
        """The lines in its margins, those in tables left out."""
        free = [s for s in self.segments if not any(grid.holds(s) for grid in self.grids)]
        _, bottom, _, top = self.shown
        return margin_lines(free, bottom, top)


def elements(pages: Sequence[Page], marks: Sequence[tuple[str, int, int]] = ()) -> "list[Element]":
    """Elements of all pages; running headers and footers last. `marks`: see `bookmarks`."""
    running = _take_running(pages)
    found = _blocks(pages)
    mark_headings(found, marks)
    known = {page.number: page for page in pages}
    return [_element(block, known[block.page]) for block in [*found, *running] if block.text]


def _blocks(pages: Sequence[Page]) -> list[Block]:
    words = vocabulary(s.text for page in pages for s in page.segments)
    return [block for page in pages for block in _page_blocks(page, words)]


def _page_blocks(page: Page, words: frozenset[str]) -> list[Block]:
    tables: list[Block] = []
    rest = page.segments
    for drawn in page.grids:
        grid = drawn.with_header(rest)
        inside = [s for s in rest if grid.holds(s) and (not s.sideways or grid.in_cell(s))]
        table = ruled(grid, inside, words) if inside else None
        if table is not None:
            tables.append(table)
            taken = set(map(id, inside))
            rest = [s for s in rest if id(s) not in taken]
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


def _take_running(pages: Sequence[Page]) -> list[Block]:
    """Take the running lines off the pages; the first of each kind is kept as a block."""
    kept = []
    sizes = [s.size for page in pages for s in page.segments if len(s.text) > 20]
    body = median(sizes) if sizes else 0.0
    for page, lines in zip(pages, running_lines([p.margins() for p in pages], body), strict=True):
        for line, kind in lines:
            page.segments = [s for s in page.segments if s not in line.segments]
            if kind:
                block = Block([line], kind, rect=line.rect, page=page.number, text=line.text)
                kept.append(block)
    return kept


_KINDS = {"item": "ListItem", "table": "Table", "header": "Header", "footer": "Footer"}


def _element(block: Block, page: Page) -> "Element":
    kind = _KINDS.get(block.kind, "NarrativeText")
    if block.depth is not None:
        kind = "Title"
    return make(
        kind,
        block.text,
        page=block.page,
        depth=block.depth,
        html=table_html(block.rows) if block.rows else None,
        box=page.to_user(block.rect),
        page_size=(
            (page.area[2] - page.area[0]) * page.unit,
            (page.area[3] - page.area[1]) * page.unit,
        ),
    )
