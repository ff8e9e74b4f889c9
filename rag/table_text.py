"""Tables inside text: one row a line, cells divided by ` | `, the first row naming the columns.

That is the form in which `ingest/parse` writes a table and `ingest/chunk_tables.py` cuts one. A
blank line or a line with another number of cells ends a table. Does not know units, nor what a
column means; whether the first row names the columns is told by the shape of its cells.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CELL = " | "
"""Between the cells of a row."""
_BAR = re.compile(r"(?<=\s)\|(?=\s)")
_LINE = re.compile(r"[^\n]+|\n(?=\n)")
_NUMBER = re.compile(r"[^\w]*\d[\d\s.,:/%()+\-–—]*(?:[^\W\d]{1,4}\.?)?[^\w]*")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table in a text."""

    start: int
    end: int
    """Offsets of the row's line, without blanks at either end."""
    cells: tuple[str, ...]
    names: tuple[str, ...]
    """Of the columns, as many as cells; empty for a table that names none."""
    is_header: bool = False


def cells(line: str) -> list[str]:
    """The cells of a row, without blanks around them; empty ones too."""
    return [cell.strip() for cell in _BAR.split(f" {line.strip()} ")]


def is_number(cell: str) -> bool:
    """Whether a cell is a number, perhaps with a sign, a unit of a few letters or separators."""
    return _NUMBER.fullmatch(cell) is not None


def tables(text: str) -> Iterator[list[Row]]:
    """The tables of `text`, each with all its rows, at least two; header rows are marked."""
    run: list[tuple[int, int, list[str]]] = []
    for match in _LINE.finditer(text):
        line = match.group()
        found = cells(line)
        if run and (len(found) != len(run[0][2]) or not line.strip()):
            yield from _table(run)
            run = []
        if len(found) > 1:
            left = match.start() + len(line) - len(line.lstrip())
            run.append((left, left + len(line.strip()), found))
    yield from _table(run)


def _table(run: Sequence[tuple[int, int, list[str]]]) -> Iterator[list[Row]]:
    if len(run) < 2:
        return
    header = run[0][2] if _names_columns([row for _, _, row in run]) else []
    yield [
        Row(start, end, tuple(row), tuple(header), bool(header) and (at == 0 or _says(header, row)))
        for at, (start, end, row) in enumerate(run)
    ]


def _says(header: Sequence[str], row: Sequence[str]) -> bool:
    """Whether the row is the header again, or the last of the rows that the header was made of."""
    pairs = [(name, cell) for name, cell in zip(header, row, strict=True) if cell]
    return len(pairs) > 1 and all(name.endswith(cell) for name, cell in pairs)


def _names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: no cell of it is a number above numbers."""
    first, *rest = rows
    for at, name in enumerate(first):
        if not is_number(name) or _YEAR.fullmatch(name):
            continue
        below = [row[at] for row in rest if row[at]]
        if at and below and all(map(is_number, below)):
            return False
    return not (len(first) == 2 and all(row[0].endswith(":") for row in rows if row[0]))


def labelled(row: Row, columns: Sequence[int] | None = None) -> str:
    """The row as it is read: `Country: Norway; Leave: 49 weeks`, of `columns` or of all."""
    chosen = range(len(row.cells)) if columns is None else columns
    filled = [at for at in chosen if row.cells[at]]
    if not row.names:
        return _unnamed([row.cells[at] for at in filled])
    return "; ".join(
        f"{row.names[at].rstrip(':')}: {row.cells[at]}" if row.names[at] else row.cells[at]
        for at in filled
    )


def pairs(row: Row, columns: Sequence[int] | None = None) -> tuple[tuple[str, str], ...]:
    """Names of columns and cells, of `columns` or of all; empty cells too, names empty if none."""
    chosen = range(len(row.cells)) if columns is None else columns
    return tuple((row.names[at] if row.names else "", row.cells[at]) for at in chosen)


def _unnamed(filled: Sequence[str]) -> str:
    """A row of a table without names: two cells are a name and its value."""
    if len(filled) == 2:
        return f"{filled[0].rstrip(':')}: {filled[1]}"
    return "; ".join(filled)
