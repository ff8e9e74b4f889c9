"""What was read, beside what there is: a page's picture and its text; sections without pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.documents.rendering import elements_html
from app.services import Services
from app.texts import Texts, place
from rag.originals import Reading
from rag.pages import has_pages, page_png
from rag.types import Document

_PART = 60
"""Elements shown at once of a document without pages and headings."""

Elements = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """A section of a document without pages."""

    title: str
    """Its heading; empty where it has none."""
    elements: Elements


def show_preview(
    services: Services, text: Texts, document: Document, reading: Reading | None
) -> None:
    """Draw the page or the section that is chosen."""
    if reading is None or not reading.elements:
        st.caption(text("docs.nothing_read"))
        return
    if reading.pages and any(element.get("page") for element in reading.elements):
        _show_page(services, text, document, reading)
    else:
        _show_part(text, document, parts(reading.elements))


def _show_page(services: Services, text: Texts, document: Document, reading: Reading) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        page = int(
            st.number_input(
                text("docs.page", last=reading.pages),
                1,
                reading.pages,
                width=170,
                key=f"page-{document.id}",
            )
        )
    elements = [element for element in reading.elements if element.get("page") == page]
    image = page_image(services, document, page)
    left, right = st.columns(2, gap="medium") if image else (None, st.container())
    if left is not None and image is not None:
        alt = place(text, document.name, page)
        left.container(border=True).image(image, width="stretch", alt=alt)
    with right:
        share = _confidence(reading, page)
        if share:
            st.caption(text("docs.recognised", share=round(100 * share)))
        if elements:
            st.html(elements_html(elements))
        else:
            st.caption(text("docs.page.none"))


def _confidence(reading: Reading, page: int) -> float:
    """Of the document's recognised pages, if this is one; else 0."""
    found = [f for f in reading.report.findings if f.code == "recognised" and page in f.pages]
    return found[0].value if found else 0.0


def page_image(services: Services, document: Document, page: int) -> bytes | None:
    """The page as PNG; None for formats without page images, or if the original is gone."""
    original = services.runtime.library.original(document.sha256)
    if not has_pages(document.media_type) or not original.is_file():
        return None
    return page_png(original, page)


def _show_part(text: Texts, document: Document, found: Sequence[Part]) -> None:
    chosen = 0
    if len(found) > 1:
        chosen = st.selectbox(
            text("docs.section"),
            range(len(found)),
            format_func=lambda i: found[i].title or text("docs.section.part", number=i + 1),
            key=f"part-{document.id}",
        )
    st.html(elements_html(found[min(chosen, len(found) - 1)].elements))


def parts(elements: Elements) -> list[Part]:
    """The sections under the uppermost headings; long ones and text without any cut in parts."""
    titles = [element for element in elements if element.get("type") == "Title"]
    top = min((element.get("depth", 0) for element in titles), default=0)
    found: list[list[dict[str, Any]]] = [[]]
    for element in elements:
        heads = element.get("type") == "Title" and element.get("depth", 0) == top
        if found[-1] and (heads or len(found[-1]) >= _PART):
            found.append([])
        found[-1].append(element)
    return [Part(_title(part), part) for part in found if part]


def _title(part: Elements) -> str:
    first = part[0]
    return str(first.get("text", "")).strip() if first.get("type") == "Title" else ""
