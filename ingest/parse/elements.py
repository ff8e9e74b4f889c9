"""Making unstructured's elements, tables' text and HTML among them. Its import happens inside
functions, telemetry off.

`install` must have run before anything of unstructured is imported; every function here that
needs unstructured calls it.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from ingest.parse.nlp import install

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

Rect = tuple[float, float, float, float]


_BULLET = re.compile(r"[•●▪◦·‣⁃■□\uf0b7\uf0a7\uf0d8]\s*")


def make(
    kind: str,
    text: str,
    *,
    page: int | None = None,
    depth: int | None = None,
    html: str | None = None,
    box: Rect | None = None,
    page_size: tuple[float, float] = (0.0, 0.0),
) -> "Element":
    """An element of class `kind`; `box` is left, bottom, right, top in PDF user space."""
    install()
    from unstructured.documents import elements
    from unstructured.documents.coordinates import PointSpace

    metadata = elements.ElementMetadata(page_number=page, category_depth=depth, text_as_html=html)
    if box is not None:
        left, bottom, right, top = (round(side, 2) for side in box)
        metadata.coordinates = elements.CoordinatesMetadata(
            points=((left, top), (left, bottom), (right, bottom), (right, top)),
            system=PointSpace(width=page_size[0], height=page_size[1]),
        )
    made: Element = getattr(elements, kind)(text=text, metadata=metadata)
    return made


def table(rows: Sequence[Sequence[str]], header: int = 0, *, page: int | None = None) -> "Element":
    """A table of these cells, its first `header` rows marked as header."""
    return make("Table", table_text(rows), page=page, html=table_html(rows, header))


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """One row a line, cells divided by ` | `."""
    return "\n".join(" | ".join(" ".join(cell.split()) for cell in row) for row in rows)


def table_html(rows: Sequence[Sequence[str]], header: int = 0) -> str:
    """The rows as an HTML table, the first `header` of them marked as header."""
    body = "".join(
        "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>"
        for at, row in enumerate(rows)
        for tag in ("th" if at < header else "td",)
    )
    return f"<table>{body}</table>"


def padded(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The rows, all as long as the longest."""
    width = max((len(row) for row in rows), default=0)
    return [[*row, *[""] * (width - len(row))] for row in rows]


def paragraph(text: str) -> "list[Element]":
    """A paragraph of a format that may have drawn its bullets: a list item without its bullet, a
    text, or nothing where there is only a bullet."""
    plain = _BULLET.sub("", text, count=1) if _BULLET.match(text) else ""
    if plain:
        return [make("ListItem", plain, depth=0)]
    return [] if _BULLET.fullmatch(text) else [make("NarrativeText", text)]
