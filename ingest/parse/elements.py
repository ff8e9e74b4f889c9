"""Making unstructured's elements. Its import happens inside functions, telemetry off.

`install` must have run before anything of unstructured is imported; every function here that
needs unstructured calls it.
"""

import re
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


def paragraph(text: str) -> "list[Element]":
    """A paragraph of a format that may have drawn its bullets: a list item without its bullet, a
    text, or nothing where there is only a bullet."""
    plain = _BULLET.sub("", text, count=1) if _BULLET.match(text) else ""
    if plain:
        return [make("ListItem", plain, depth=0)]
    return [] if _BULLET.fullmatch(text) else [make("NarrativeText", text)]
