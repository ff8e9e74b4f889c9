"""A table of HTML → rows of cells, and how many of them are header rows.

A cell over several rows is repeated in each; beside a cell over several columns the others stay
empty (`ingest/chunk_tables.py` lets a header reach over them). Empty columns are left out. Tables
that only arrange a page are told from tables of data.
"""

import re
from typing import TYPE_CHECKING

from ingest.parse.elements import padded

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_WIDEST = 1000
"""Columns or rows that a single cell may span."""
_ARRANGED = ("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "form")
_LONG_CELL = 1000
"""Characters; a table with longer cells in the mean arranges a page."""
_APART = frozenset({"br", "p", "div", "li", "dt", "dd", "tr", "td", "th", "h1", "h2", "h3", "h4"})
_DEEPEST = 100

Rows = list[list[str]]


def html_rows(html: str) -> Rows:
    """Rows of a table that is given as text."""
    from lxml.html import fromstring

    return table_rows(fromstring(html))[0]


def is_layout(table: "HtmlElement") -> bool:
    """Whether the table arranges a page rather than data."""
    if table.get("role") in ("presentation", "none"):
        return True
    rows = _own_rows(table)
    if _marked(table, rows):
        return False
    cells = [cell for row in rows for cell in _cells(row)]
    if max((len(_cells(row)) for row in rows), default=0) < 2:
        return True
    if any(cell.find(".//table") is not None for cell in cells):
        return True
    blocks = sum(any(cell.find(f".//{tag}") is not None for tag in _ARRANGED) for cell in cells)
    lengths = [length for cell in cells if (length := len(cell.text_content().strip()))]
    return 2 * blocks > len(cells) or sum(lengths) > _LONG_CELL * max(len(lengths), 1)


def _marked(table: "HtmlElement", rows: "list[HtmlElement]") -> bool:
    """Whether it has what only a table of data has: a caption, or headers beside or above more
    than one cell."""
    if table.find("caption") is not None or table.find("thead") is not None:
        return True
    return len(rows) > 1 and any(
        cell.tag == "th" and len(_cells(row)) > 1 for row in rows for cell in _cells(row)
    )


def caption_of(table: "HtmlElement") -> str:
    """The table's caption, empty where it has none."""
    caption = table.find("caption")
    return cell_text(caption) if caption is not None else ""


def table_rows(table: "HtmlElement") -> tuple[Rows, int]:
    """The cells as text, all rows of the same length, and the number of header rows."""
    below: dict[int, tuple[int, str]] = {}
    rows: Rows = []
    heads = 0
    for tr in _own_rows(table):
        heads += heads == len(rows) and _is_header(tr)
        rows.append(_row(tr, below))
    rows = padded(rows)
    used = [at for at, column in enumerate(zip(*rows, strict=True)) if any(column)]
    kept = [(at < heads, [row[i] for i in used]) for at, row in enumerate(rows) if any(row)]
    return [row for _, row in kept], sum(header for header, _ in kept)


def _own_rows(table: "HtmlElement") -> "list[HtmlElement]":
    """Without the rows of tables within."""
    return [tr for tr in table.iter("tr") if next(tr.iterancestors("table"), table) is table]


def _cells(tr: "HtmlElement") -> "list[HtmlElement]":
    return list(tr.iterchildren("td", "th"))


def _is_header(tr: "HtmlElement") -> bool:
    parent = tr.getparent()
    if parent is not None and parent.tag == "thead":
        return True
    cells = _cells(tr)
    return bool(cells) and all(cell.tag == "th" for cell in cells)


def _row(tr: "HtmlElement", below: dict[int, tuple[int, str]]) -> list[str]:
    """The cells of one row; `below` holds what cells above still cover: rows left, text."""
    row: list[str] = []

    def covered() -> None:
        while below.get(len(row), (0, ""))[0] > 0:
            left, text = below[len(row)]
            below[len(row)] = (left - 1, text)
            row.append(text)

    for cell in _cells(tr):
        covered()
        text = cell_text(cell)
        tall, wide = (_number(cell.get(key)) for key in ("rowspan", "colspan"))
        for extra in range(wide):
            shown = text if extra == 0 else ""
            below[len(row)] = (tall - 1, shown)
            row.append(shown)
    covered()
    return row


def cell_text(cell: "HtmlElement") -> str:
    """The words of a cell; blocks and line ends part words."""
    pieces: list[str] = []

    def walk(node: "HtmlElement", deep: int) -> None:
        pieces.append(node.text or "")
        for child in node:
            if isinstance(child.tag, str) and child.tag not in ("script", "style"):
                apart = " " if child.tag in _APART else ""
                pieces.append(apart)
                if deep < _DEEPEST:
                    walk(child, deep + 1)
                else:
                    pieces.append(child.text_content())
                pieces.append(apart)
            pieces.append(child.tail or "")

    walk(cell, 0)
    return " ".join("".join(pieces).split())


def _number(value: str | None) -> int:
    return min(max(int(value), 1), _WIDEST) if value and re.fullmatch(r"\d{1,9}", value) else 1
