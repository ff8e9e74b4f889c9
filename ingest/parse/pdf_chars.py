"""PDF page → text segments with geometry and style, by pdfium's character functions.

A segment is a run of characters on one line without a wide gap: a column's line, a table cell.
Geometry is in display space (PDF user space turned by the page's /Rotate, y up), so that layout
sees the page as a reader does; `to_user` turns a box back. Knows nothing of lines or columns.
"""

import ctypes
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

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
_GAP = 1.0
"""A gap wider than this, in font sizes, ends a segment."""

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
    """Walks the characters of one page."""

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
        self._borders = borders
        self._done: list[Segment] = []
        self._open: Segment | None = None
        self._fonts: dict[str, bool] = {}

    def read(self) -> list[Segment]:
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        box = [ctypes.byref(side) for side in (left, right, bottom, top)]
        page, rotation = self._raw, self._rotation
        unicode, charbox = raw.FPDFText_GetUnicode, raw.FPDFText_GetCharBox
        index = -1
        for index in range(raw.FPDFText_CountChars(page)):
            char = chr(unicode(page, index))
            if char in "\r\n":
                self._close(index)
            elif char.isspace():
                if self._open is not None:
                    self._open.chars.append(" ")
            elif charbox(page, index, *box):
                rect = (left.value, bottom.value, right.value, top.value)
                if rotation:
                    rect = turn(rect, rotation)
                if char not in _INVISIBLE:
                    self._add(index, char, rect)
                elif char in _CONTROL and _is_bar(rect):
                    self._add(index, "\u2212", rect)
        self._close(index + 1)
        return self._done

    def _add(self, index: int, char: str, rect: Rect) -> None:
        segment = self._open
        if segment is not None and self._breaks(segment, rect):
            self._close(index)
            segment = None
        if segment is None:
            self._open = self._start(index, char, rect)
            return
        segment.chars.append(char)
        left, bottom, right, top = rect
        # Comparing first is faster than min and max; this runs once a character.
        if left < segment.left:
            segment.left = left
        if bottom < segment.bottom:
            segment.bottom = bottom
        if right > segment.right:
            segment.right = right
        if top > segment.top:
            segment.top = top

    def _breaks(self, segment: Segment, rect: Rect) -> bool:
        if segment.sideways:
            return False
        gap = rect[0] - segment.right
        apart = rect[1] > segment.top + 1 or rect[3] < segment.bottom - segment.size * 0.3
        if apart or gap > _GAP * segment.size or gap < -2 * segment.size:
            return True
        return bool(self._borders) and any(
            segment.right - 1 <= x <= rect[0] + 1 and bottom < segment.middle < top
            for x, bottom, top in self._borders
        )

    def _start(self, index: int, char: str, rect: Rect) -> Segment:
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._raw, index, matrix)
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(self._raw, index, x, y)
        scale = (matrix.c**2 + matrix.d**2) ** 0.5
        size = raw.FPDFText_GetFontSize(self._raw, index) * scale
        across, along = (matrix.b, matrix.a) if self._rotation % 180 == 0 else (matrix.a, matrix.b)
        base = turn((x.value, y.value, x.value, y.value), self._rotation)[1]
        return Segment(
            text="",
            left=rect[0],
            bottom=rect[1],
            right=rect[2],
            top=rect[3],
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
        segment.text = re.sub(r" {2,}", " ", _whole(text)).strip()
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
        if raw.FPDFText_GetFontWeight(self._raw, index) >= 600:
            return True
        name = ctypes.create_string_buffer(128)
        flags = ctypes.c_int()
        raw.FPDFText_GetFontInfo(self._raw, index, name, 128, flags)
        key = name.value.decode("utf-8", "replace")
        if key not in self._fonts:
            self._fonts[key] = bool(_BOLD.search(key))
        return self._fonts[key] or bool(flags.value & 0x40000)
