"""Tables of a page: ruled ones from their grid, others from aligned lines.

An unruled table is a run of lines that fall into the same columns. A line without a first cell
goes on with the row above. Merged cells are given to the column in which they begin.
"""

from collections.abc import Sequence
from html import escape
from statistics import median

from ingest.parse.layout import Line, columns, enclosing
from ingest.parse.paragraphs import Block, around, join
from ingest.parse.pdf_chars import Segment
from ingest.parse.rules import Grid

_LONG_CELL = 60
"""Characters; lines whose cells are longer in the median are columns of prose, not a table."""


def ruled(grid: Grid, segments: Sequence[Segment], words: frozenset[str]) -> Block | None:
    """The table in `grid`, or nothing where the lines are no more than a frame."""
    cells: dict[tuple[int, int], list[Segment]] = {}
    for segment in segments:
        cells.setdefault(grid.cell(segment), []).append(segment)
    used_rows = sorted({row for row, _ in cells})
    used_columns = sorted({column for _, column in cells})
    if len(used_rows) < 2 or len(used_columns) < 2:
        return None
    rows = [
        [_cell_text(cells.get((row, column), []), words) for column in used_columns]
        for row in used_rows
    ]
    lines = [Line([s]) for s in segments]
    return Block(lines, "table", rows, enclosing(segments))


def _cell_text(segments: list[Segment], words: frozenset[str]) -> str:
    lines = [line.text for column in columns(segments) for line in column]
    return join(lines, words)


def unruled(lines: Sequence[Line], words: frozenset[str]) -> list[tuple[int, int, Block]]:
    """Tables among a column's lines: first line, line after the last, table."""
    found = []
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and len(lines[end].segments) > 1:
            end += 1
        block = _aligned(lines[at:end], words) if end - at >= 3 else None
        if block is not None:
            end = _extend(block, lines, end, words)
            found.append((at, end, block))
        at = max(end, at + 1)
    return found


def _aligned(lines: Sequence[Line], words: frozenset[str]) -> Block | None:
    spans = _column_spans([s for line in lines for s in line.segments])
    if len(spans) < 2:
        return None
    cells = [_row(line, spans) for line in lines]
    texts = [s.text for line in lines for s in line.segments]
    first = [row[0] for row in cells if row[0]]
    if median(len(text) for text in texts) > _LONG_CELL or _only_marks(first):
        return None
    filled = sum(1 for row in cells for cell in row if cell)
    if filled < 0.6 * len(cells) * len(spans) and len(spans) < 3:
        return None
    rows: list[list[str]] = []
    for row in cells:
        if not row[0] and rows:
            rows[-1] = [join(filter(None, pair), words) for pair in zip(rows[-1], row, strict=True)]
        else:
            rows.append(row)
    return Block(list(lines), "table", rows, around([line.rect for line in lines]))


def _extend(block: Block, lines: Sequence[Line], end: int, words: frozenset[str]) -> int:
    """Take in a wrapped last cell below the table; the new end."""
    spans = _column_spans([s for line in block.lines for s in line.segments])
    while end < len(lines):
        line = lines[end]
        step = block.lines[-1].segments[0].base - line.segments[0].base
        column = _column(line.segments[0], spans)
        inside = column > 0 and line.segments[0].left >= spans[column][0] - 2
        if len(line.segments) > 1 or not inside or step > 1.5 * line.size:
            break
        block.rows[-1][column] = join([block.rows[-1][column], line.text], words)
        block.lines.append(line)
        block.rect = around([block.rect, line.rect])
        end += 1
    return end


def _only_marks(cells: list[str]) -> bool:
    """Whether a first column holds no more than bullets or list numbers."""
    return all(len(cell) <= 3 and not cell.isalpha() and not cell.isdigit() for cell in cells)


def _column_spans(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    """Ranges of x covered by text without a break."""
    spans: list[tuple[float, float]] = []
    for left, right in sorted((s.left, s.right) for s in segments):
        if spans and left < spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(spans[-1][1], right))
        else:
            spans.append((left, right))
    return spans


def _column(segment: Segment, spans: list[tuple[float, float]]) -> int:
    return max(0, sum(1 for left, _ in spans if left <= segment.left + 1) - 1)


def _row(line: Line, spans: list[tuple[float, float]]) -> list[str]:
    cells = [""] * len(spans)
    for segment in line.segments:
        column = _column(segment, spans)
        cells[column] = f"{cells[column]} {segment.text}".strip()
    return cells


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """One row a line, cells divided by ` | `."""
    return "\n".join(" | ".join(" ".join(cell.split()) for cell in row) for row in rows)


def table_html(rows: Sequence[Sequence[str]]) -> str:
    """The rows as an HTML table."""
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table>{body}</table>"
