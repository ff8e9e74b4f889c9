"""Making unstructured's elements. Its import happens inside functions, telemetry off.

`install` must have run before anything of unstructured is imported; every function here that
needs unstructured calls it.
"""

from typing import TYPE_CHECKING

from ingest.parse.nlp import install

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

Rect = tuple[float, float, float, float]


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
