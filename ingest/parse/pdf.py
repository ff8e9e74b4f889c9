"""PDF → unstructured elements, by pypdfium2.

Every element has its page and one box (PDF user space) and lies within one column. Page
numbers are left out, and of running headers and footers all but the first, which come last.
Pages without a text layer are recognised (`pdf_scan.py`). Knows no formulas, figures or
footnotes: their text comes out as paragraphs.
"""

from pathlib import Path

import pypdfium2 as pdfium

from ingest import sniff
from ingest.limits import Limits, check_pages
from ingest.parse import Parsed, ocr
from ingest.parse.headings import bookmarks
from ingest.parse.pdf_blocks import Page, elements
from ingest.parse.pdf_chars import segments
from ingest.parse.pdf_scan import Scans, is_scan, letters_of, read_scans
from ingest.parse.rules import grids, page_lines
from serving.errors import RejectedFile

_DEFAULT = Limits()


def parse_pdf(path: Path, name: str, limits: Limits = _DEFAULT, *, outline: bool = True) -> Parsed:
    """Elements in reading order. Without `outline` the bookmarks are not used (for measuring).

    With `limits.recognise` off, pages without a text layer are named as unread, and there may be
    no elements.

    Raises:
        RejectedFile: broken, locked, too many pages, or without any text.
    """
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        raise RejectedFile(_why(name, str(error))) from None
    try:
        check_pages(name, len(document), limits)
        pages, scans = _read_pages(document, limits)
        marks = bookmarks(document) if outline else []
    finally:
        document.close()
    if not any(page.segments for page in pages) and (limits.recognise or not scans.unread):
        raise RejectedFile(_empty(name, scans))
    return Parsed(
        elements(pages, marks),
        len(pages),
        sniff.PDF,
        blank=tuple(scans.blank),
        unread=tuple(scans.unread),
        ocr=scans.ocr,
        words=scans.words,
    )


def _why(name: str, error: str) -> str:
    if "password" in error.lower():
        return f"{name}: the PDF is locked with a password. Remove the password and add it again."
    return f"{name}: the PDF is damaged or cut short and cannot be opened. Get a whole copy."


def _empty(name: str, scans: Scans) -> str:
    if scans.unread and not ocr.available():
        return (
            f"{name}: its pages are pictures, and text recognition is not installed. Install it "
            f"({ocr.INSTALL}) and add the file again."
        )
    if scans.unread:
        return (
            f"{name}: its pages are pictures, and recognising their text failed or took too long. "
            "Add a better scan, or raise FOOTNOTE_MAX_PAGE_SECONDS."
        )
    return f"{name}: no text was found in it, nor in its pictures. Add a file that holds text."


def _read_pages(document: pdfium.PdfDocument, limits: Limits) -> tuple[list[Page], Scans]:
    pages: list[Page] = []
    scanned: list[int] = []
    blank: list[int] = []
    for index in range(len(document)):
        sheet = document[index]
        try:
            page = _read(sheet, index + 1)
            letters = letters_of(page)
            if is_scan(sheet, letters):
                scanned.append(page.number)
            elif not page.segments:
                blank.append(page.number)
        finally:
            sheet.close()
        pages.append(page)
    scans = read_scans(document, pages, scanned, limits)
    scans.blank = sorted(scans.blank + blank)
    return pages, scans


def _read(sheet: pdfium.PdfPage, number: int) -> Page:
    drawn = grids(page_lines(sheet))
    borders = [border for grid in drawn for border in grid.borders()]
    return Page(number, sheet.get_rotation(), sheet.get_bbox(), segments(sheet, borders), drawn)
