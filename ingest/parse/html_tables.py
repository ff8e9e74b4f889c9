"""HTML tables: cells that span several columns or rows, and which rows are the header.

unstructured drops `colspan` and `rowspan`, so that cells after a wide one slide under the wrong
column: `spread` writes the cells out before it reads. Knows only what the HTML says; a table
inside a cell is spread like any other.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_SPANS = re.compile(r"<t[dh]\b[^>]*\b(?:col|row)span", re.IGNORECASE)
_TR = re.compile(r"<tr\b.*?</tr>", re.DOTALL | re.IGNORECASE)
_HEAD = re.compile(r"<thead\b.*?</thead>", re.DOTALL | re.IGNORECASE)
_MOST = 100
"""Columns or rows that one cell may cover; more is a mistake or an attack."""


def header_rows(html: str) -> int:
    """Rows at the top that the HTML marks as header, by `<thead>` or `<th>` alone; 1 if none."""
    head = _HEAD.search(html)
    if head:
        return max(1, len(_TR.findall(head.group())))
    marked = 0
    for row in _TR.findall(html):
        if "<td" in row.lower():
            break
        marked += 1
    return max(1, marked)


def spread(html: str) -> str:
    """The page with every wide or tall cell written out: empty cells beside it, its text below
    it in each row that it covers. Unchanged where no cell spans."""
    if not _SPANS.search(html):
        return html
    from lxml.html import document_fromstring, tostring

    page = document_fromstring(html)
    for table in page.iter("table"):
        below: dict[int, tuple[int, HtmlElement]] = {}
        for row in table.iterchildren("tr"):
            _spread_row(row, below)
        for part in table.iterchildren("thead", "tbody", "tfoot"):
            below = {}
            for row in part.iterchildren("tr"):
                _spread_row(row, below)
    spread_page: str = tostring(page, encoding="unicode")
    return spread_page


def _spread_row(row: "HtmlElement", below: "dict[int, tuple[int, HtmlElement]]") -> None:
    """Write out one row; `below` holds what cells above still cover: rows left, a copy."""
    from copy import deepcopy

    cells: list[HtmlElement] = []

    def covered() -> None:
        while below.get(len(cells), (0, None))[0] > 0:
            left, copy = below[len(cells)]
            below[len(cells)] = (left - 1, copy)
            cells.append(deepcopy(copy))

    for cell in list(row.iterchildren("td", "th")):
        covered()
        wide, tall = (_number(cell.attrib.pop(key, "")) for key in ("colspan", "rowspan"))
        cell.tail = None
        for extra in range(wide):
            part = cell if not extra else cell.makeelement(cell.tag)
            below[len(cells)] = (tall - 1, part)
            cells.append(part)
        row.remove(cell)
    covered()
    row.extend(cells)


def _number(value: str) -> int:
    return min(max(int(value), 1), _MOST) if value.isdecimal() else 1
