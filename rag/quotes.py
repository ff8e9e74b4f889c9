"""Where a quote stands on the pages of an original: in a text layer or among recognised words.

Letters and digits are compared, so blanks, hyphens, bullets and table bars may differ. A quote
that the page interrupts (page break, column, footer) is found in parts. Whoever makes a
`LayerText` holds `rag.pages.PDFIUM` for as long as it is used. Knows no documents.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rag.types import Box

_SHORTEST = 4
"""Letters and digits that a part of a quote needs to be searched on the whole page."""
_NEARBY = 3000
"""Characters of the page within which a shorter part is searched."""
_MOST_PARTS = 60

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top, in the page's user space."""
Word = tuple[str, float, float, float, float]
"""Text and its rectangle."""


class PageText(Protocol):
    """The characters of one page, and where they are."""

    @property
    def chars(self) -> str: ...

    def box(self, index: int) -> Rect:
        """Of one character."""
        ...

    def rects(self, start: int, end: int) -> Iterable[Rect]:
        """Of the characters `start` to `end`, the last included."""
        ...


class LayerText:
    """The text layer of a PDF page; a character is a UTF-16 unit."""

    def __init__(self, page: pdfium.PdfTextPage) -> None:
        self._page = page
        count = raw.FPDFText_CountChars(page)
        self.chars = "".join(chr(raw.FPDFText_GetUnicode(page, i)) for i in range(count))

    def box(self, index: int) -> Rect:
        left, bottom, right, top = self._page.get_charbox(index)
        return left, bottom, right, top

    def rects(self, start: int, end: int) -> Iterable[Rect]:
        for index in range(self._page.count_rects(start, end - start + 1)):
            left, bottom, right, top = self._page.get_rect(index)
            yield left, bottom, right, top


class WordText:
    """Recognised words; within a word all characters count as equally wide."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.chars = " ".join(text for text, *_ in words)
        self._places: list[tuple[int, int]] = []
        for number, (text, *_) in enumerate(words):
            self._places += [(number, at) for at in range(len(text) + 1)]
        self._words = words

    def box(self, index: int) -> Rect:
        number, at = self._places[index]
        return self._part(number, at, at)

    def rects(self, start: int, end: int) -> Iterable[Rect]:
        first, last = self._places[start], self._places[end]
        for number in range(first[0], last[0] + 1):
            length = len(self._words[number][0])
            begin = first[1] if number == first[0] else 0
            yield self._part(number, begin, last[1] if number == last[0] else length - 1)

    def _part(self, number: int, start: int, end: int) -> Rect:
        """Of the characters `start` to `end` of a word, the last included."""
        text, left, bottom, right, top = self._words[number]
        width = (right - left) / max(len(text), 1)
        return left + start * width, bottom, min(left + (end + 1) * width, right), top


def fold(text: str) -> str:
    """What of a text is compared."""
    return "".join(folded for char in text for folded in _fold(char))


def _fold(char: str) -> str:
    """The letters and digits in which `char` is compared; empty for all else."""
    if char.isascii():
        return char.lower() if char.isalnum() else ""
    folded = unicodedata.normalize("NFKC", char).casefold().replace("ё", "е")
    return "".join(c for c in folded if c.isalnum())


Run = tuple[int, int]
"""Start and end offset in the compared form."""


@dataclass(slots=True)
class Text:
    """The compared form of some pages, and where each character of it comes from."""

    folded: str = ""
    places: list[tuple[int, int]] = field(default_factory=list)
    """Page, index of the character on the page."""
    pages: dict[int, PageText] = field(default_factory=dict)

    def add(self, number: int, page: PageText) -> None:
        """Take in the text of page `number`."""
        chars, parts = page.chars, []
        for index, char in enumerate(chars):
            # pdfium counts UTF-16 units: a pair is one character, at its first half.
            whole = char + chars[index + 1 : index + 2] if "\ud800" <= char < "\udc00" else char
            folded = _fold(whole.encode("utf-16", "surrogatepass").decode("utf-16", "ignore"))
            parts.append(folded)
            self.places.extend([(number, index)] * len(folded))
        self.folded += "".join(parts)
        self.pages[number] = page

    def locate(self, quote: str, near: Sequence[Box]) -> tuple[Box, ...]:
        """Where `quote` stands, one box a line; of several places the one inside `near`."""
        wanted = fold(quote)
        if not wanted:
            return ()
        boxes = [
            Box(number, *rect)
            for number, start, end in self.spans(self.find(wanted, near), quote)
            for rect in _joined(self.pages[number].rects(start, end))
        ]
        return tuple(dict.fromkeys(boxes))

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
        left, bottom, right, top = self.pages[number].box(index)
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
        after = self.pages[number].chars[end + 1 : end + 4]
        tail = quote[len(quote.rstrip(".,;:!?…»”\"')")) :]
        extra = 0
        while extra < min(len(after), len(tail)) and after[extra] == tail[extra]:
            extra += 1
        spans[-1] = (number, start, end + extra)
        number, start, end = spans[0]
        if (
            quote[0] in "«“„\"'("
            and self.pages[number].chars[max(0, start - 1) : start] == quote[0]
        ):
            spans[0] = (number, start - 1, end)
        return spans


def _joined(rects: Iterable[Rect]) -> list[Rect]:
    """Boxes with those on one line joined."""
    joined: list[Rect] = []
    for rect in rects:
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
