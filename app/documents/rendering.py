"""What was read, and what changed in it, as HTML: our own tags around escaped text."""

import html
from collections.abc import Callable, Iterable, Sequence
from html.parser import HTMLParser
from typing import Any

from rag.difference import Change, Kind

_MOST_ROWS = 200
_MOST_CELLS = 60
_MOST_CHANGES = 200
_TAGS = {Kind.SAME: "span", Kind.REMOVED: "del", Kind.ADDED: "ins"}


def elements_html(elements: Iterable[dict[str, Any]]) -> str:
    """Elements in reading order: headings, list items, tables, paragraphs."""
    parts = ['<div class="fn-read">']
    for element in elements:
        words = html.escape(str(element.get("text", "")))
        kind = element.get("type")
        if kind == "Title":
            parts.append(f'<p class="fn-title">{words}</p>')
        elif kind == "ListItem":
            level = min(int(element.get("depth") or 0), 6)
            parts.append(f'<p class="fn-item" style="margin-left: {1 + level}rem">{words}</p>')
        elif kind == "Table" and element.get("html"):
            parts.append(table_html(str(element["html"])))
        else:
            parts.append(f"<p>{words}</p>")
    return "".join([*parts, "</div>"])


def table_html(source: str) -> str:
    """A table's cells in a table of ours; nothing else of its HTML is kept."""
    reader = _Cells()
    reader.feed(source)
    reader.close()
    rows = reader.rows
    shown = [
        "<tr>"
        + "".join(f"<td{_span(width)}>{html.escape(cell)}</td>" for cell, width in row)
        + "</tr>"
        for row in rows[:_MOST_ROWS]
    ]
    more = f'<p class="fn-note">… {len(rows) - _MOST_ROWS}</p>' if len(rows) > _MOST_ROWS else ""
    return f'<div class="fn-table"><table>{"".join(shown)}</table>{more}</div>'


def grid_html(rows: Iterable[Sequence[str]]) -> str:
    """Rows of plain cells, the first of them the head."""
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="fn-table"><table>{body}</table></div>'


def _span(width: int) -> str:
    return f' colspan="{width}"' if width > 1 else ""


class _Cells(HTMLParser):
    """The text of each cell with the columns it spans, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[tuple[str, int]]] = []
        self._text: list[str] | None = None
        self._width = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            span = dict(attrs).get("colspan") or "1"
            self._text, self._width = [], min(int(span), _MOST_CELLS) if span.isdigit() else 1
        elif tag == "br" and self._text is not None:
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._text is not None and self.rows:
            if len(self.rows[-1]) < _MOST_CELLS:
                self.rows[-1].append(("".join(self._text).strip(), self._width))
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)


def changes_html(changes: Sequence[Change], unchanged: Callable[[int], str]) -> str:
    """Changed paragraphs with what went struck out and what came underlined; `unchanged` says how
    many in a row did not change."""
    parts = ['<div class="fn-diff">']
    shown = 0
    for change in changes:
        if not change.runs:
            parts.append(f'<p class="fn-note">{html.escape(unchanged(change.unchanged))}</p>')
            continue
        shown += 1
        if shown > _MOST_CHANGES:
            parts.append('<p class="fn-note">…</p>')
            break
        runs = "".join(
            f"<{_TAGS[kind]}>{html.escape(words)}</{_TAGS[kind]}>" for kind, words in change.runs
        )
        parts.append(f"<p>{runs}</p>")
    return "".join([*parts, "</div>"])
