"""Tables of a page: ruled ones from their grid, others from aligned lines.

An unruled table is a run of lines whose text falls into the same columns. Its rows are told by
the space between them where there is more than between the lines of a cell; else each line is a
row, and a line without a first cell goes on with the row above. A merged cell is given to the
column in which it begins. Tables of running text in narrow columns are not told from columns.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from ingest.parse.layout import Line, columns, lines_of
from ingest.parse.paragraphs import Block, around, join
from ingest.parse.pdf_chars import Segment
from ingest.parse.rules import Grid

_LONG_CELL = 60
"""Characters; lines whose parts are longer in the median are columns of prose, not a table."""
_FRAME = 300
"""Characters; a grid whose cells are longer in the median is a frame around prose."""
_APART = 1.4
"""Lines farther apart than this, in type sizes, are in different rows."""
_MARK = re.compile(
    r"[•●▪◦‣∙·*■□►✓–—-]|[\ue000-\uf8ff\ufffd]|\[\d+\]|\(?\d{1,2}[.)]?|\(?[^\W\d_][.)]"
)

_MATHEMATICAL = re.compile("[\U0001d400-\U0001d7ff{}]")
_PART = re.compile(r"[,;:=)]")

Span = tuple[float, float]
"""Left and right of a column."""


def ruled(grid: Grid, segments: Sequence[Segment], words: frozenset[str]) -> Block | None:
    """The table in `grid`, or nothing where the lines are no more than a frame."""
    if len(grid.xs) == 2:
        return _striped(grid, segments, words)
    if _cuts_words(grid, segments):
        return None
    cells: dict[tuple[int, int], list[Segment]] = {}
    for segment in segments:
        cells.setdefault(grid.cell(segment), []).append(segment)
    used_rows = sorted({row for row, _ in cells})
    used_columns = sorted({column for _, column in cells})
    if len(used_rows) < 2 or len(used_columns) < 2:
        return None
    rows = [
        texts
        for row in used_rows
        for texts in _row_texts([cells.get((row, column), []) for column in used_columns], words)
    ]
    if median(len(cell) for row in rows for cell in row if cell) > _FRAME:
        return None
    return _block([Line([s]) for s in segments], rows)


def _striped(grid: Grid, segments: Sequence[Segment], words: frozenset[str]) -> Block | None:
    """A table with lines or stripes between its rows only."""
    lines = lines_of(segments)
    spans = _column_spans([s for line in lines for s in line.segments])
    if len(spans) < 2 or len(lines) < 2:
        return None
    ys = grid.ys[1:-1] if len(grid.ys) > 3 else ()
    return _block(lines, _rows(lines, spans, words, ys))


def _cuts_words(grid: Grid, segments: Sequence[Segment]) -> bool:
    """Whether its borders run through words, as the lines of a diagram do."""
    cut = sum(
        1
        for line in lines_of(segments)
        for one, other in pairwise(line.segments)
        if grid.cell(one) != grid.cell(other)
        and other.left - one.right < 0.15 * one.size
        and one.text[-1].isalpha()
        and other.text[0].isalpha()
    )
    return cut > 2 and cut > 0.05 * len(segments)


def _row_texts(cells: Sequence[list[Segment]], words: frozenset[str]) -> list[list[str]]:
    """One drawn row; several where no lines are drawn between rows: each cell has equally many
    lines, three or more, on the same heights, each with a beginning."""
    lines = [lines_of(cell) for cell in cells if cell]
    counts = {len(cell) for cell in lines}
    if len(lines) == len(cells) and len(counts) == 1 and counts.pop() >= 3:
        together = list(zip(*lines, strict=True))
        if all(_level(row) and not any(line.text[0].islower() for line in row) for row in together):
            return [[line.text for line in row] for row in together]
    return [[_cell_text(cell, words) for cell in cells]]


def _level(lines: Sequence[Line]) -> bool:
    """Whether the lines stand side by side."""
    bases = [line.segments[0].base for line in lines]
    return max(bases) - min(bases) < 0.3 * lines[0].size


def _cell_text(segments: list[Segment], words: frozenset[str]) -> str:
    lines = [line.text for column in columns(segments) for line in column]
    return join(lines, words)


def _block(lines: Sequence[Line], rows: list[list[str]]) -> Block:
    return Block(list(lines), "table", rows, around([line.rect for line in lines]))


def unruled(lines: Sequence[Line], words: frozenset[str]) -> list[tuple[int, int, Block]]:
    """Tables among a column's lines: first line, line after the last, table."""
    found = []
    at = 0
    while at < len(lines):
        end = _run(lines, at) if _may_begin(lines[at]) else at
        block = _aligned(lines[at:end], words) if end - at >= 3 else None
        if block is not None:
            found.append((at, end, block))
        at = max(end if block else at, at + 1)
    return found


def _may_begin(line: Line) -> bool:
    """A table begins with a line of several cells that is no list item."""
    parts = line.segments
    return len(parts) > 2 or (len(parts) == 2 and not _MARK.fullmatch(parts[0].text))


def _run(lines: Sequence[Line], start: int) -> int:
    """The end of the lines from `start` that could be one table."""
    spans: list[Span] = []
    end = start
    steps: list[float] = []
    for index in range(start, len(lines)):
        line = lines[index]
        if index > start:
            steps.append(_step(lines[index - 1], line))
            if steps[-1] > max(2.2 * line.size, 1.5 * median(steps)):
                break
        if len(line.segments) > 1:
            spans = _merged([*spans, *((s.left, s.right) for s in line.segments)])
            end = index + 1
        elif index - end >= 2 or (spans and _crosses(line.segments[0], spans)):
            break
        elif index > start and spans and steps[-1] < _APART * line.size:
            end = index + 1
    return end


def _step(one: Line, other: Line) -> float:
    return one.segments[0].base - other.segments[0].base


def _crosses(segment: Segment, spans: Sequence[Span]) -> bool:
    """Whether the segment reaches over two columns."""
    return sum(1 for left, right in spans if segment.left < right and segment.right > left) > 1


def _aligned(lines: Sequence[Line], words: frozenset[str]) -> Block | None:
    several = [line for line in lines if len(line.segments) > 1]
    texts = [s.text for line in several for s in line.segments]
    if len(several) < 2 or median(len(text) for text in texts) > _LONG_CELL:
        return None
    spans = _column_spans([s for line in lines for s in line.segments])
    rows = _rows(lines, spans, words, ())
    if len(spans) < 2 or len(rows) < 2:
        return None
    first = [row[0] for row in rows if row[0]]
    if len(spans) == 2 and (
        all(_MARK.fullmatch(cell) for cell in first)
        or set(map(len, first)) == {1} == {len(set(first))}
    ):
        return None
    if len(spans) == 2 and 2 * sum(all(row) for row in rows) < max(len(rows), 4):
        return None
    if _is_formula(cell for row in rows for cell in row if cell):
        return None
    filled = sum(1 for row in rows for cell in row if cell)
    if filled < 0.6 * len(rows) * len(spans) and (len(spans) < 3 or filled < 2 * len(rows)):
        return None
    return _block(lines, rows)


def _is_formula(cells: Iterable[str]) -> bool:
    """Whether most cells are parts of a formula or of a sentence."""
    marks = [bool(_PART.match(cell) or _MATHEMATICAL.search(cell)) for cell in cells]
    return sum(marks) > 0.4 * len(marks)


def _rows(
    lines: Sequence[Line], spans: Sequence[Span], words: frozenset[str], ys: Sequence[float]
) -> list[list[str]]:
    """Cells of a table without vertical lines; `ys` are the lines between rows, if drawn."""
    rows: list[list[str]] = []
    spaced = _spaced(lines, spans)
    for index, line in enumerate(lines):
        cells = _cells(line, spans)
        if index == 0:
            goes_on = False
        elif ys:
            goes_on = _band(line, ys) == _band(lines[index - 1], ys)
        elif spaced:
            goes_on = _step(lines[index - 1], line) < _APART * line.size
        else:
            goes_on = not cells[0]
        if goes_on:
            rows[-1] = [
                join(filter(None, pair), words) for pair in zip(rows[-1], cells, strict=True)
            ]
        else:
            rows.append(cells)
    return rows


def _band(line: Line, ys: Sequence[float]) -> int:
    return sum(1 for y in ys if line.segments[0].middle < y)


def _spaced(lines: Sequence[Line], spans: Sequence[Span]) -> bool:
    """Whether rows stand farther apart than the lines of a cell."""
    full = sum(1 for line in lines if len(line.segments) == len(spans))
    apart = [_step(a, b) for a, b in pairwise(lines) if _step(a, b) >= _APART * b.size]
    return bool(apart) and len(apart) + 1 >= min(full, len(lines) // 2)


def _column_spans(segments: Sequence[Segment]) -> list[Span]:
    """Ranges of x covered by text without a break."""
    return _merged([(s.left, s.right) for s in segments])


def _merged(ranges: Sequence[Span]) -> list[Span]:
    spans: list[Span] = []
    for left, right in sorted(ranges):
        if spans and left < spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(spans[-1][1], right))
        else:
            spans.append((left, right))
    return spans


def _column(segment: Segment, spans: Sequence[Span]) -> int:
    return max(0, sum(1 for left, _ in spans if left <= segment.left + 1) - 1)


def _cells(line: Line, spans: Sequence[Span]) -> list[str]:
    cells = [""] * len(spans)
    for segment in line.segments:
        column = _column(segment, spans)
        cells[column] = f"{cells[column]} {segment.text}".strip()
    return cells
