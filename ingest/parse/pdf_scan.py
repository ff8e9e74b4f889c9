"""PDF pages without a text layer: which they are, and their text by recognition.

A page counts as one if it has no letters but something drawn, or few letters over a picture of
most of the page (a scan with a stamp of the archive on it). Where recognition does not find much
more than the few letters, these stay. Two pages are recognised at a time.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import cast

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

from ingest.limits import Limits
from ingest.parse import ocr
from ingest.parse.pdf_blocks import Page
from ingest.parse.scan_page import Words, even_sizes, place
from rag.pages import PDFIUM

_FEW = 300
"""Letters and digits of a text layer beside which a picture may be the page's real text."""
_MOST = 0.6
"""Share of the page that such a picture covers."""
_MORE = 2.0
"""Recognition replaces a text layer of few letters if it finds this many times as many."""
_DEPTH = 4
WORKERS = min(2, os.cpu_count() or 1)
"""Runs of tesseract at a time."""


@dataclass(slots=True)
class Scans:
    """What became of the pages without a text layer."""

    blank: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    ocr: dict[int, float] = field(default_factory=dict)
    words: dict[int, Words] = field(default_factory=dict)


def is_scan(page: pdfium.PdfPage, letters: int) -> bool:
    """Whether the page's text, if it has any, is in its pictures; `letters`: of its text layer."""
    if letters > _FEW:
        return False
    if letters == 0:
        return bool(raw.FPDFPage_CountObjects(page) > 0)
    left, bottom, right, top = page.get_bbox()
    covered = 0.0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEPTH):
        x1, y1, x2, y2 = item.get_bounds()
        covered += max(0.0, min(x2, right) - max(x1, left)) * max(
            0.0, min(y2, top) - max(y1, bottom)
        )
    return bool(covered >= _MOST * (right - left) * (top - bottom))


def letters_of(page: Page) -> int:
    """Letters and digits of its text; counted no further than the question needs."""
    count = 0
    for segment in page.segments:
        count += sum(map(str.isalnum, segment.text))
        if count > _FEW:
            break
    return count


def read_scans(
    document: pdfium.PdfDocument, pages: Sequence[Page], numbers: Sequence[int], limits: Limits
) -> Scans:
    """Recognise pages `numbers` (from 1) and put their text into `pages`."""
    done = Scans()
    if not numbers:
        return done
    if not limits.recognise or not ocr.available():
        done.unread = [n for n in numbers if not _is_plain(document, n)]
        done.blank = [n for n in numbers if n not in done.unread]
        return done
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(lambda n: _recognise(document, n, limits.page_seconds), numbers))
    for number, one in zip(numbers, found, strict=True):
        _take(pages[number - 1], one, done)
    even_sizes([pages[number - 1] for number in done.ocr])
    return done


def _take(page: Page, found: ocr.Recognised | None, done: Scans) -> None:
    before = letters_of(page)
    if found is None:
        done.unread.append(page.number)
    elif found.letters > _MORE * before:
        page.rotation = (page.rotation + found.turned) % 360
        page.segments, page.grids = [], []
        done.words[page.number] = place(page, found, found.scale * ocr.DPI / 72)
        done.ocr[page.number] = round(found.confidence, 3)
    elif not before:
        done.blank.append(page.number)


def _recognise(document: pdfium.PdfDocument, number: int, seconds: float) -> ocr.Recognised | None:
    """None: tesseract could not."""
    try:
        return ocr.recognise(lambda scale: _picture(document, number, scale), seconds)
    except ocr.Unreadable:
        return None


def _picture(document: pdfium.PdfDocument, number: int, scale: float) -> Image.Image:
    with PDFIUM:
        page = document[number - 1]
        try:
            wanted = scale * ocr.DPI / 72
            picture = page.render(scale=wanted, grayscale=True, may_draw_forms=False).to_pil()
            return cast(Image.Image, picture)
        finally:
            page.close()


def _is_plain(document: pdfium.PdfDocument, number: int) -> bool:
    """Whether the page is of one colour."""
    darkest, lightest = _picture(document, number, 0.25).getextrema()
    return bool(darkest == lightest)
