"""DOCX, PPTX, HTML and Markdown → elements, by unstructured's partitioners.

Tables come out as rows of cells like those of PDFs. Only slides keep page numbers: other formats
have no pages until something prints them. Pictures, charts and comments are not read.
"""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.parse.decode import decode_bytes
from ingest.parse.elements import make
from ingest.parse.html_tables import header_rows, spread
from ingest.parse.nlp import install
from ingest.parse.package import plain_package
from ingest.parse.tables import table_html, table_text
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from lxml.html import HtmlElement
    from unstructured.documents.elements import Element

_NO_DETECTION = [""]
"""What unstructured takes for "do not guess languages"."""
_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*[\"']?([\w-]+)", re.IGNORECASE
)


def parse_docx(path: Path, name: str) -> "list[Element]":
    """Raises:
    RejectedFile: damaged.
    """
    install()
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import LxmlError
    from unstructured.partition.docx import partition_docx

    try:
        with plain_package(path) as plain:
            elements = partition_docx(
                str(plain), languages=_NO_DETECTION, include_page_breaks=False
            )
    except (PackageNotFoundError, LxmlError, zipfile.BadZipFile, KeyError, ValueError):
        raise _damaged(name, "Word") from None
    return _pageless(_tidy(elements))


def parse_pptx(path: Path, name: str) -> "tuple[list[Element], int]":
    """Elements with their slide as page, and the number of slides.

    Raises:
        RejectedFile: damaged.
    """
    install()
    from lxml.etree import LxmlError
    from pptx import Presentation
    from pptx.exc import PackageNotFoundError, PythonPptxError
    from unstructured.partition.pptx import partition_pptx

    try:
        with plain_package(path) as plain:
            slides = list(Presentation(str(plain)).slides)
            elements = partition_pptx(
                str(plain),
                languages=_NO_DETECTION,
                include_page_breaks=False,
                include_slide_notes=False,
            )
    except (
        PackageNotFoundError,
        PythonPptxError,
        LxmlError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
    ):
        raise _damaged(name, "PowerPoint") from None
    # Only a slide's title is a heading; unstructured also guesses at short lines.
    shallow = [
        _as_text(e) if e.category == "Title" and e.metadata.category_depth else e for e in elements
    ]
    notes = [
        make("NarrativeText", slide.notes_slide.notes_text_frame.text.strip(), page=number)
        for number, slide in enumerate(slides, start=1)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None
    ]
    found = sorted([*_tidy(shallow), *notes], key=lambda e: e.metadata.page_number or 0)
    return [e for e in found if e.text], len(slides)


def parse_html(path: Path, name: str) -> "list[Element]":
    """Raises:
    RejectedFile: its encoding cannot be told.
    """
    data = path.read_bytes()
    text = _declared(data) or decode_bytes(data)
    if text is None:
        raise RejectedFile(f"{name}: its encoding cannot be told. Save it as UTF-8.")
    return parse_html_text(text)


def parse_html_text(text: str) -> "list[Element]":
    """Elements of HTML that is decoded already."""
    install()
    from unstructured.partition.html import partition_html

    # lxml refuses a declaration in text that is decoded already.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    return _pageless(_tidy(partition_html(text=spread(text), languages=_NO_DETECTION)))


def parse_markdown(text: str) -> "list[Element]":
    """Elements of Markdown with tables and fenced code."""
    install()
    from unstructured.partition.md import partition_md

    return _pageless(_tidy(partition_md(text=text, languages=_NO_DETECTION)))


def _damaged(name: str, program: str) -> RejectedFile:
    return RejectedFile(f"{name}: the file is damaged. Open and save it again in {program}.")


def _declared(data: bytes) -> str | None:
    """HTML in the encoding that it declares, unless it is UTF-16 or the declaration is wrong."""
    match = _CHARSET.search(data[:4096])
    if match is None:
        return None
    try:
        return data.decode(match.group(1).decode("ascii"))
    except (LookupError, UnicodeDecodeError):
        return None


def _as_text(element: "Element") -> "Element":
    return make("Text", element.text, page=element.metadata.page_number)


def _tidy(elements: "Sequence[Element]") -> "list[Element]":
    """Tables as rows; running headers and footers once each, at the end; nothing empty."""
    found: list[Element] = []
    running: dict[str, Element] = {}
    for element in elements:
        if element.category in ("Header", "Footer"):
            running.setdefault(element.text, element)
            continue
        if element.category == "Table" and element.metadata.text_as_html:
            rows = html_rows(element.metadata.text_as_html)
            element.text = table_text(rows)
            header = header_rows(element.metadata.text_as_html)
            element.metadata.text_as_html = table_html(rows, header)
        elif element.category == "ListItem":
            element.text = re.sub(r"^[•●▪◦·]\s*", "", element.text)
        if element.text.strip():
            found.append(element)
    return [*found, *running.values()]


def _pageless(elements: "list[Element]") -> "list[Element]":
    for element in elements:
        element.metadata.page_number = None
        element.metadata.coordinates = None
    return elements


def html_rows(html: str) -> list[list[str]]:
    """A table's cells. A cell over several rows is repeated in each; empty columns are left out."""
    from lxml.html import fromstring

    rows: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    for tr in fromstring(html).iter("tr"):
        rows.append(_row(tr, below))
    width = max((len(row) for row in rows), default=0)
    padded = [row + [""] * (width - len(row)) for row in rows]
    used = [i for i in range(width) if any(row[i] for row in padded)]
    return [[row[i] for i in used] for row in padded if any(row)]


def _row(tr: "HtmlElement", below: dict[int, tuple[int, str]]) -> list[str]:
    """The cells of one row; `below` holds what cells above still cover: rows left, text."""
    row: list[str] = []

    def covered() -> None:
        while below.get(len(row), (0, ""))[0] > 0:
            left, text = below[len(row)]
            below[len(row)] = (left - 1, text)
            row.append(text)

    for cell in tr.iterchildren("td", "th"):
        covered()
        text = " ".join(cell.text_content().split())
        tall, wide = (_number(cell.get(key)) for key in ("rowspan", "colspan"))
        for extra in range(wide):
            shown = text if extra == 0 else ""
            below[len(row)] = (tall - 1, shown)
            row.append(shown)
    covered()
    return row


def _number(value: str | None) -> int:
    return min(max(int(value), 1), 100) if value and value.isdigit() else 1
