"""Running headers, footers and page numbers of a PDF.

A line in the upper or lower margin is running where its text, digits aside, stands at the same
height on at least three pages (two of two). A page number is the outermost line and no more than
a number. A header that changes its words from page to page is not recognised.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from ingest.parse.layout import Line
from ingest.parse.pdf_chars import Segment

_MARGIN = 0.09
"""Part of the page's height, above and below."""
_PAGE_NUMBER = re.compile(
    r"[\W\d]*(?:page|стр|страница)?[\W\d]*(?:\d+|[ivxlc]{1,5})[\W\d]*(?:(?:of|из)\W*\d+)?\W*",
    re.IGNORECASE,
)


def margin_lines(segments: Sequence[Segment], bottom: float, top: float) -> list[tuple[Line, str]]:
    """The lines in a page's margins (`bottom`, `top`: of the page) as `header` or `footer`."""
    band = _MARGIN * (top - bottom)
    inside = [s for s in segments if not s.sideways]
    high = [s for s in inside if s.base > top - band]
    low = [s for s in inside if s.base < bottom + band]
    return [
        (Line(sorted(group, key=lambda s: s.left)), kind)
        for kind, found in (("header", high), ("footer", low))
        for group in _rows(found)
    ]


def _rows(segments: list[Segment]) -> Iterator[list[Segment]]:
    for _, group in groupby(sorted(segments, key=lambda s: -s.base), lambda s: round(s.base)):
        yield list(group)


def running_lines(pages: Sequence[list[tuple[Line, str]]]) -> list[list[tuple[Line, str]]]:
    """For each page its running lines, with `header` or `footer` where a line is the first of
    its kind and says more than a number, else with an empty string."""
    if len(pages) < 2:
        return [[] for _ in pages]
    seen: Counter[tuple[str, int]] = Counter()
    for lines in pages:
        seen.update({_key(line) for line, _ in lines})
    least = min(3, len(pages))
    known: set[str] = set()
    found = []
    for lines in pages:
        mine = []
        for line, kind in lines:
            text, height = _key(line)
            times = sum(seen[text, height + step] for step in (-1, 0, 1))
            if _is_page_number(line, kind, lines):
                mine.append((line, ""))
            elif times >= least and re.search(r"[^\W\d_]", text):
                mine.append((line, "" if text in known else kind))
                known.add(text)
        found.append(mine)
    return found


def _key(line: Line) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text).casefold(), round(line.segments[0].base / 4)


def _is_page_number(line: Line, kind: str, lines: Sequence[tuple[Line, str]]) -> bool:
    if len(line.segments) > 2 or not _PAGE_NUMBER.fullmatch(line.text):
        return False
    base = line.segments[0].base
    others = [other.segments[0].base for other, same in lines if same == kind]
    return base >= max(others) if kind == "header" else base <= min(others)
