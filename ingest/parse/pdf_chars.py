"""PDF page → text segments with geometry and style, by pdfium's character functions.

A segment is a run of characters on one line without a wide gap: a column's line, a table cell.
Geometry is in display space (PDF user space turned by the page's /Rotate, y up), so that layout
sees the page as a reader does; `to_user` turns a box back. Knows nothing of lines or columns.
"""

import ctypes
import math
import re
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.parse.pdfium_calls import page_text, quick

HYPHENS = "\x02\ufffe\u00ad"
"""What pdfium reports for a hyphen at the end of a line (the first two), and the soft hyphen."""
_BOLD = re.compile(
    r"bold|black|heavy|semib|demi|-bd|\bbd\b|cmb|cmssbx|sfbx|sfbi|sfsx|sfrb|-b$|medi\b",
    re.IGNORECASE,
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = frozenset(map(chr, range(32))) - {"\x02"}
"""A glyph without a Unicode value."""
_INVISIBLE = frozenset("\u200b\u200c\u200d\ufeff\x7f") | _CONTROL
"""Nothing to see, or not known what."""
_BLANK = re.compile(r"[^\S \r\n]")
_BLANKS = re.compile(" {2,}")
_GAP = 1.0
"""A gap wider than this, in font sizes, ends a segment."""

_charbox = quick(raw.FPDFText_GetCharBox)
_matrix = quick(raw.FPDFText_GetMatrix)
_origin = quick(raw.FPDFText_GetCharOrigin)
_font_size = quick(raw.FPDFText_GetFontSize, ctypes.c_double)
_font_weight = quick(raw.FPDFText_GetFontWeight)
_font_info = quick(raw.FPDFText_GetFontInfo, ctypes.c_ulong)
_Box = ctypes.c_double * 4
_Name = ctypes.c_char * 128
_NAME_LENGTH = ctypes.c_ulong(128)
_SIDES = struct.Struct("4d").unpack_from

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top."""


@dataclass(slots=True)
class Segment:
    """A run of characters; `size` in points as displayed."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    base: float
    """Of the baseline, y."""
    size: float
    bold: bool
    sideways: bool = False
    start: int = 0
    chars: list[str] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return (self.bottom + self.top) / 2


def turn(rect: Rect, rotation: int) -> Rect:
    """A user space rectangle on a page with /Rotate `rotation`, in display space."""
    left, bottom, right, top = rect
    if rotation == 90:
        return bottom, -right, top, -left
    if rotation == 180:
        return -right, -top, -left, -bottom
    if rotation == 270:
        return -top, left, -bottom, right
    return rect


def to_user(rect: Rect, rotation: int) -> Rect:
    """The inverse of `turn`."""
    return turn(rect, (360 - rotation) % 360)


def segments(
    page: pdfium.PdfPage, borders: Sequence[tuple[float, float, float]] = ()
) -> list[Segment]:
    """The page's text in the order of its content stream; text outside the page left out.

    `borders` are vertical lines (x, bottom, top; display space) that no segment crosses.
    """
    textpage = page.get_textpage()
    try:
        return _Reader(textpage, page.get_rotation(), page.get_bbox(), borders).read()
    finally:
        textpage.close()


def _whole(text: str) -> str:
    """pdfium gives UTF-16 units: pairs become characters, single halves are dropped."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


def _is_bar(rect: Rect) -> bool:
    """Whether a glyph without a Unicode value is a flat bar: a minus, which no table may lose."""
    width, height = rect[2] - rect[0], rect[3] - rect[1]
    return 0.03 * width < height < 0.25 * width


class _Reader:
    """Walks the characters of one page. What runs once a character is written out at length."""

    def __init__(
        self,
        textpage: pdfium.PdfTextPage,
        rotation: int,
        area: Rect,
        borders: Sequence[tuple[float, float, float]],
    ) -> None:
        self._raw = textpage.raw
        self._rotation = rotation
        self._area = turn(area, rotation)
        self._borders = sorted(borders)
        self._xs = [x for x, _, _ in self._borders]
        self._wall = math.inf
        """No border is to the right of the open segment and to the left of this x."""
        self._done: list[Segment] = []
        self._open: Segment | None = None
        self._fonts: dict[bytes, bool] = {}

    def read(self) -> list[Segment]:
        box = _Box()
        left, bottom, right, top = (ctypes.byref(box, at) for at in (0, 8, 16, 24))
        page, rotation, text = self._raw, self._rotation, _BLANK.sub(" ", page_text(self._raw))
        for index, char in enumerate(text):
            if char == " ":
                if self._open is not None:
                    self._open.chars.append(" ")
            elif char in "\r\n":
                self._close(index)
            elif _charbox(page, index, left, right, bottom, top):
                rect: Rect = _SIDES(box)
                if rotation:
                    rect = turn(rect, rotation)
                if char not in _INVISIBLE:
                    self._add(index, char, rect)
                elif char in _CONTROL and _is_bar(rect):
                    self._add(index, "\u2212", rect)
        self._close(len(text))
        return self._done

    def _add(self, index: int, char: str, rect: Rect) -> None:
        segment = self._open
        if segment is None:
            self._open = self._start(index, char, rect)
            return
        left, bottom, right, top = rect
        if not segment.sideways:
            gap, size = left - segment.right, segment.size
            apart = gap > _GAP * size or gap < -2 * size or bottom > segment.top + 1
            if (
                apart
                or top < segment.bottom - size * 0.3
                or (left + 1 >= self._wall and self._crosses(segment, left))
            ):
                self._close(index)
                self._open = self._start(index, char, rect)
                return
        segment.chars.append(char)
        # Comparing first is faster than min and max.
        if left < segment.left:
            segment.left = left
        if bottom < segment.bottom:
            segment.bottom = bottom
        if right > segment.right:
            segment.right = right
        if top > segment.top:
            segment.top = top

    def _crosses(self, segment: Segment, left: float) -> bool:
        """Whether a border is between the segment and `left`."""
        first, end = self._border(segment.right), bisect_right(self._xs, left + 1)
        return any(bottom < segment.middle < top for _, bottom, top in self._borders[first:end])

    def _border(self, right: float) -> int:
        """The first border to the right of a segment, which becomes the wall."""
        first = bisect_left(self._xs, right - 1)
        self._wall = self._xs[first] if first < len(self._xs) else math.inf
        return first

    def _start(self, index: int, char: str, rect: Rect) -> Segment:
        self._border(rect[2])
        matrix, x, y = raw.FS_MATRIX(), ctypes.c_double(), ctypes.c_double()
        _matrix(self._raw, index, ctypes.byref(matrix))
        _origin(self._raw, index, ctypes.byref(x), ctypes.byref(y))
        size = _font_size(self._raw, index) * (matrix.c**2 + matrix.d**2) ** 0.5
        across, along = (matrix.b, matrix.a) if self._rotation % 180 == 0 else (matrix.a, matrix.b)
        base = turn((x.value, y.value, x.value, y.value), self._rotation)[1]
        return Segment(
            "",
            *rect,
            base=base,
            size=round(size, 1) or max(rect[3] - rect[1], 1.0),
            bold=False,
            sideways=abs(across) > abs(along),
            start=index,
            chars=[char],
        )

    def _close(self, end: int) -> None:
        segment, self._open = self._open, None
        if segment is None:
            return
        text = "".join(segment.chars)
        segment.text = _BLANKS.sub(" ", _whole(text)).strip()
        segment.chars = []
        if not segment.text or self._outside(segment):
            return
        last = segment.start + len(text.rstrip()) - 1
        points = {segment.start, (segment.start + last) // 2, last}
        segment.bold = all(self._is_bold(at) for at in points if at < end)
        self._done.append(segment)

    def _outside(self, segment: Segment) -> bool:
        left, bottom, right, top = self._area
        x, y = (segment.left + segment.right) / 2, segment.middle
        return not (left <= x <= right and bottom <= y <= top)

    def _is_bold(self, index: int) -> bool:
        if _font_weight(self._raw, index) >= 600:
            return True
        name, flags = _Name(), ctypes.c_int()
        _font_info(self._raw, index, name, _NAME_LENGTH, ctypes.byref(flags))
        font = name.value
        if font not in self._fonts:
            self._fonts[font] = bool(_BOLD.search(font.decode("utf-8", "replace")))
        return self._fonts[font] or bool(flags.value & 0x40000)
