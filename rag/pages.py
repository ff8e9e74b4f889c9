"""Pages of an original PDF: as a picture with highlights, and where on them a quote stands.

pdfium is not thread-safe, so one lock guards every call; nothing else in the process may call
pdfium without `PDFIUM`. Knows only the text layer: on a scanned page nothing is found.
"""

import ctypes
import io
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image, ImageDraw

from rag.types import Box

PDFIUM = threading.Lock()
"""Held around every call into pdfium."""

_HIGHLIGHT = (255, 214, 10, 96)
_EDGE = (214, 158, 0, 200)
_PADDING = 1.5
"""Points around a box, so that letters do not touch the highlight's edge."""
_SHORTEST = 4
"""Letters and digits that a part of a quote needs to be searched on the whole page."""
_NEARBY = 3000
"""Characters of the page within which a shorter part is searched."""
_MOST_PARTS = 60


def page_count(original: Path) -> int:
    """Pages of a PDF."""
    with PDFIUM, pdfium.PdfDocument(original) as document:
        return len(document)


def page_png(original: Path, page: int, boxes: Sequence[Box] = (), scale: float = 1.5) -> bytes:
    """Page `page` (from 1) of a PDF as PNG, 72 · `scale` dots an inch, `boxes` of that page
    highlighted.

    Raises:
        ValueError: the document has no such page.
    """
    with PDFIUM, pdfium.PdfDocument(original) as document:
        if not 1 <= page <= len(document):
            raise ValueError(f"There is no page {page}: the document has {len(document)} pages.")
        sheet = document[page - 1]
        picture = sheet.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
        places = [_on_picture(sheet, box, picture.size) for box in boxes if box.page == page]
    if places:
        layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        draw = ImageDraw.Draw(layer)
        for place in places:
            draw.rectangle(place, fill=_HIGHLIGHT, outline=_EDGE)
        picture = Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def locate(
    original: Path, page_from: int, page_to: int, quote: str, near: Sequence[Box] = ()
) -> tuple[Box, ...]:
    """Where `quote` stands on pages `page_from` to `page_to` (from 1), one box a line; () if it
    is not there.

    Compares letters and digits only, so blanks, hyphens, bullets and table bars may differ. A
    quote that the page interrupts (page break, column, footer) is found in parts. Of several
    places the one inside `near` (boxes of the chunk) wins, else the first.
    """
    wanted = [folded for char in quote for folded in _fold(char)]
    if not wanted or page_from < 1:
        return ()
    with PDFIUM, pdfium.PdfDocument(original) as document:
        numbers = range(page_from, min(page_to, len(document)) + 1)
        text = _Text()
        pages = {number: document[number - 1].get_textpage() for number in numbers}
        for number, page in pages.items():
            text.add(number, page)
        runs = text.find("".join(wanted), near)
        boxes = [
            Box(number, *rect)
            for number, start, end in text.spans(runs, quote)
            for rect in _rects(pages[number], start, end)
        ]
    return tuple(dict.fromkeys(boxes))


def _fold(char: str) -> str:
    """The letters and digits in which `char` is compared; empty for all else."""
    if char.isascii():
        return char.lower() if char.isalnum() else ""
    folded = unicodedata.normalize("NFKC", char).casefold().replace("ё", "е")
    return "".join(c for c in folded if c.isalnum())


Run = tuple[int, int]
"""Start and end offset in the compared form."""


@dataclass(slots=True)
class _Text:
    """The compared form of some pages, and where each character of it comes from."""

    folded: str = ""
    places: list[tuple[int, int]] = field(default_factory=list)
    """Page, index of the character on the page."""
    raws: dict[int, str] = field(default_factory=dict)
    pages: dict[int, pdfium.PdfTextPage] = field(default_factory=dict)

    def add(self, number: int, page: pdfium.PdfTextPage) -> None:
        count = raw.FPDFText_CountChars(page)
        chars = "".join(chr(raw.FPDFText_GetUnicode(page, i)) for i in range(count))
        parts = []
        for index, char in enumerate(chars):
            # pdfium counts UTF-16 units: a pair is one character, at its first half.
            whole = char + chars[index + 1 : index + 2] if "\ud800" <= char < "\udc00" else char
            folded = _fold(whole.encode("utf-16", "surrogatepass").decode("utf-16", "ignore"))
            parts.append(folded)
            self.places.extend([(number, index)] * len(folded))
        self.folded += "".join(parts)
        self.raws[number] = chars
        self.pages[number] = page

    def find(self, wanted: str, near: Sequence[Box]) -> list[Run]:
        """The runs that `wanted` consists of, in its order; empty if a part is missing."""
        whole = self._best(wanted, near)
        if whole is not None:
            return [(whole, whole + len(wanted))]
        runs: list[Run] = []
        rest, at = wanted, 0
        while rest and len(runs) < _MOST_PARTS:
            length, start = self._longest(rest, at, near)
            if length == 0:
                return []
            runs.append((start, start + length))
            rest, at = rest[length:], start + length
        return [] if rest else runs

    def _best(self, wanted: str, near: Sequence[Box]) -> int | None:
        first = start = self.folded.find(wanted)
        while near and start >= 0:
            if self._inside(start, near):
                return start
            start = self.folded.find(wanted, start + 1)
        return first if first >= 0 else None

    def _longest(self, rest: str, at: int, near: Sequence[Box]) -> tuple[int, int]:
        """Length and place of the longest beginning of `rest` that the pages hold."""
        low, high = 0, len(rest)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if rest[:middle] in self.folded else (low, middle - 1)
        if low < min(_SHORTEST, len(rest)):
            return 0, 0
        part = rest[:low]
        following = self.folded.find(part, at, at + _NEARBY)
        if following >= 0 and at:
            return low, following
        if low >= _SHORTEST:
            return low, self._best(part, near) or 0
        before = self.folded.rfind(part, max(0, at - _NEARBY), at)
        return (low, before) if before >= 0 else (0, 0)

    def _inside(self, offset: int, near: Sequence[Box]) -> bool:
        number, index = self.places[offset]
        left, bottom, right, top = self.pages[number].get_charbox(index)
        x, y = (left + right) / 2, (bottom + top) / 2
        return any(
            b.page == number and b.left - 1 <= x <= b.right + 1 and b.bottom - 1 <= y <= b.top + 1
            for b in near
        )

    def spans(self, runs: Sequence[Run], quote: str) -> list[tuple[int, int, int]]:
        """Page, first and last character (the last included) of each run, cut at page ends;
        punctuation at either end of the quote is taken in."""
        found: list[tuple[int, int, int]] = []
        for start, end in runs:
            for number, index in self.places[start:end]:
                if found and found[-1][0] == number and index - found[-1][2] >= 0:
                    found[-1] = (number, found[-1][1], index)
                else:
                    found.append((number, index, index))
            if end < len(self.places):
                found.append((0, 0, 0))  # a run ends here: the next one starts anew
        spans = [span for span in found if span[0]]
        return self._with_punctuation(spans, quote.strip()) if spans else []

    def _with_punctuation(
        self, spans: list[tuple[int, int, int]], quote: str
    ) -> list[tuple[int, int, int]]:
        number, start, end = spans[-1]
        after = self.raws[number][end + 1 : end + 4]
        tail = quote[len(quote.rstrip(".,;:!?…»”\"')")) :]
        extra = 0
        while extra < min(len(after), len(tail)) and after[extra] == tail[extra]:
            extra += 1
        spans[-1] = (number, start, end + extra)
        number, start, end = spans[0]
        if quote[0] in "«“„\"'(" and self.raws[number][max(0, start - 1) : start] == quote[0]:
            spans[0] = (number, start - 1, end)
        return spans


Rect = tuple[float, float, float, float]


def _rects(page: pdfium.PdfTextPage, start: int, end: int) -> list[Rect]:
    """Boxes of the characters `start` to `end`, those on one line joined."""
    joined: list[Rect] = []
    for index in range(page.count_rects(start, end - start + 1)):
        rect = page.get_rect(index)
        if rect[2] - rect[0] <= 0 or rect[3] - rect[1] <= 0:
            continue
        if joined and _same_line(joined[-1], rect):
            last = joined.pop()
            rect = (
                min(last[0], rect[0]),
                min(last[1], rect[1]),
                max(last[2], rect[2]),
                max(last[3], rect[3]),
            )
        joined.append(rect)
    return joined


def _same_line(one: Rect, other: Rect) -> bool:
    """Whether two boxes stand side by side: on one line, or, where text runs sideways, above
    each other with the same sides."""
    for low, high, side, far in ((1, 3, 0, 2), (0, 2, 1, 3)):
        shared = min(one[high], other[high]) - max(one[low], other[low])
        thick = min(one[high] - one[low], other[high] - other[low])
        gap = max(one[side], other[side]) - min(one[far], other[far])
        long = (one[far] - one[side]) + (other[far] - other[side]) > 2 * thick
        if shared > 0.6 * thick and gap < 1.5 * thick and long:
            return True
    return False


def _on_picture(page: pdfium.PdfPage, box: Box, size: tuple[int, int]) -> Rect:
    """The box in pixels, turned and cropped as the page is."""
    corners = []
    x, y = ctypes.c_int(), ctypes.c_int()
    for across, up in (
        (box.left - _PADDING, box.bottom - _PADDING),
        (box.right + _PADDING, box.top + _PADDING),
    ):
        raw.FPDF_PageToDevice(page, 0, 0, size[0], size[1], 0, across, up, x, y)
        corners.append((x.value, y.value))
    (x1, y1), (x2, y2) = corners
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
