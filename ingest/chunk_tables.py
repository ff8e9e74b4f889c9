"""A table → parts that fit into a chunk: cut between rows, each part under the names of columns.

A row that does not fit with the header is cut between cells: each part has the row's first cell,
some of the others, and their columns' names. Only a cell that is too long by itself is cut like
prose. A header of several rows is told by `<th>` or `<thead>` in the table's HTML, one of two rows
also by its shape; it becomes one row, each name with what stands above it. A table that goes on
over the page is given its header again where the page does not repeat it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.parse.html_tables import header_rows
from rag.table_text import CELL, cells, is_number
from rag.text import CountTokens, split_to_tokens

_DIGIT = re.compile(r"\d")
_MOST_HEADER_ROWS = 4
_LOOKED_AT = 12
"""Rows by which a second header row is told."""
_BAR_TOKENS = 2
"""Of the mark between two cells, at most."""


def table_lines(text: str, html: str) -> str:
    """The table's text with its header as one row."""
    rows = [line for line in text.split("\n") if line.strip()]
    count = header_rows(html)
    told = count > 1
    if not told and _second_names_columns([cells(row) for row in rows[:_LOOKED_AT]]):
        count = 2
    if not 1 < count <= min(_MOST_HEADER_ROWS, len(rows) - 1):
        return "\n".join(rows)
    header = _joined([cells(row) for row in rows[:count]], told)
    return "\n".join([CELL.join(header), *rows[count:]])


def _second_names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the second row names columns like the first: words above numbers, and one of both
    rows leaves cells empty, as headers of two rows do."""
    if len(rows) < 3 or len({len(row) for row in rows}) > 1:
        return False
    first, second, *rest = rows
    filled = [at for at, cell in enumerate(second) if cell and at]
    numbers = [at for at in filled if is_number(second[at])]
    if ("" not in first and "" not in second) or 5 * len(numbers) > len(filled):
        return False
    return any(_numeric([row[at] for row in rest]) for at in filled if at not in numbers)


def _numeric(column: Sequence[str]) -> bool:
    """Numbers only, but for marks that stand for none."""
    values = [cell for cell in column if any(char.isalnum() for char in cell)]
    return bool(values) and all(map(is_number, values))


def with_header(text: str, before: str) -> str:
    """The rows of `text` under the header of the table `before`, which they continue on the next
    page; unchanged where they have a header of their own."""
    header, *above = before.split("\n")
    first = text.split("\n", 1)[0]
    names, row = cells(header), cells(first)
    if not above or len(names) != len(row) or row == names:
        return text
    columns = zip(*(r for r in map(cells, above) if len(r) == len(row)), strict=True)
    for cell, column in zip(row, columns, strict=False):
        filled = [value for value in column if value]
        if cell and filled and all(map(_DIGIT.search, filled)) and not _DIGIT.search(cell):
            return text
    return f"{header}\n{text}"


def _joined(header: Sequence[Sequence[str]], told: bool) -> list[str]:
    """One name for each column; where the header is told, a name reaches over the empty cells to
    its right that have names below. Elsewhere a name may stand in the middle of its columns."""
    width = max(len(row) for row in header)
    padded = [[*row, *[""] * (width - len(row))] for row in header]
    names: list[list[str]] = [[] for _ in range(width)]
    for row in padded:
        reaching = ""
        for column, cell in enumerate(row):
            reaching = cell or (reaching if told and row is not padded[-1] else "")
            named = cell or padded[-1][column]
            if reaching and named and reaching not in names[column]:
                names[column].append(reaching)
    return [" ".join(parts) for parts in names]


@dataclass(frozen=True, slots=True)
class TableCutter:
    """Cuts tables into texts of at most `room` tokens, as `count` counts them."""

    count: CountTokens
    base: int
    """Tokens of an empty text."""
    room: int
    """Special tokens included."""

    def parts(self, text: str) -> list[str]:
        """The table `text` in parts, each with the header row; nothing of it is lost."""
        header, *rows = text.split("\n")
        head, *sizes = self._sizes([header, *rows])
        if not rows:
            return self._prose(header)
        parts: list[list[str]] = []
        left = 0
        for row, size in zip(rows, sizes, strict=True):
            if head + size + self.base > self.room:
                parts += [[part] for part in self._cut_row(cells(header), cells(row))]
                left = 0
            elif size <= left:
                parts[-1] += [row]
                left -= size
            else:
                parts.append([header, row])
                left = self.room - self.base - head - size
        return ["\n".join(part) for part in parts]

    def _sizes(self, texts: Sequence[str]) -> list[int]:
        return [size - self.base for size in self.count(texts)]

    def _prose(self, text: str) -> list[str]:
        return [text[start:end] for start, end in split_to_tokens(text, self.room, self.count)]

    def _cut_row(self, names: list[str], row: list[str]) -> list[str]:
        """A row too long for one part, each part with names, key (the first cell) and cells."""
        width = max(len(names), len(row))
        names, row = (r + [""] * (width - len(r)) for r in (names, row))
        own = [
            a + b + 2 * _BAR_TOKENS for a, b in zip(*map(self._sizes, (names, row)), strict=True)
        ]
        room = self.room - self.base
        keyed = width > 1 and own[0] <= room // 3
        key = [0] if keyed else []
        free = room - own[0] if keyed else room
        groups: list[list[int]] = []
        left = 0
        for column in range(len(key), width):
            if own[column] > free:
                groups.append([column])
                left = 0
            elif own[column] <= left:
                groups[-1].append(column)
                left -= own[column]
            else:
                groups.append([column])
                left = free - own[column]
        return [
            part
            for group in groups
            for part in self._group(names, row, [*key, *group], free - own[group[-1]] < 0)
        ]

    def _group(
        self, names: list[str], row: list[str], columns: list[int], too_long: bool
    ) -> list[str]:
        """The cells of `columns` under their names; the last one in pieces if it is too long."""
        top = CELL.join(names[c] for c in columns)
        if not too_long:
            return [f"{top}\n{CELL.join(row[c] for c in columns)}"]
        before = CELL.join([*(row[c] for c in columns[:-1]), ""])
        taken = self._sizes([f"{top}\n{before}"])[0] + _BAR_TOKENS
        room = self.room - taken
        if room <= self.room // 3:  # a name as long as prose
            return self._prose(CELL.join(f"{names[c]}: {row[c]}" for c in columns))
        cell = row[columns[-1]]
        return [
            f"{top}\n{before}{cell[start:end]}"
            for start, end in split_to_tokens(cell, room, self.count)
        ]
