"""Running headers, footers and page numbers of a PDF.

A line in the upper or lower margin is running where its text, digits aside, stands at the same
height on at least three pages (two of two), or where it is the outermost line, in the usual type
or smaller, and holds the page's number. A page number is the outermost line and no more than a
number. A header without one that changes its words on every page is not recognised.
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

_PART = 8
"""Characters of a part of a line that is looked for by itself."""
_OUTER_NUMBER = re.compile(r"^(\d{1,4})\s|\s(\d{1,4})$")


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


def running_lines(
    pages: Sequence[list[tuple[Line, str]]], body: float
) -> list[list[tuple[Line, str]]]:
    """For each page its running lines, with `header` or `footer` where a line is the first of its
    kind and says more than a number, else with an empty string. `body` is the usual type size."""
    if len(pages) < 2:
        return [[] for _ in pages]
    seen: Counter[tuple[str, int]] = Counter()
    for lines in pages:
        seen.update({key for line, _ in lines for key in _keys(line)})
    least = min(3, len(pages))
    numbered = _numbered(pages, body)
    known: set[str] = set()
    found = []
    for lines, outer in zip(pages, numbered, strict=True):
        mine = []
        for line, kind in lines:
            text = _key(line)[0]
            times = max(sum(seen[t, h + step] for step in (-1, 0, 1)) for t, h in _keys(line))
            if _is_page_number(line, kind, lines):
                mine.append((line, ""))
            elif (times >= least or line in outer) and re.search(r"[^\W\d_]", text):
                mine.append((line, "" if text in known else kind))
                known.add(text)
        found.append(mine)
    return found


def _numbered(pages: Sequence[list[tuple[Line, str]]], body: float) -> list[list[Line]]:
    """For each page its outermost lines that begin or end with the page's number: the same number
    less the page's place on at least three pages and a twentieth of all."""
    found: list[list[tuple[Line, tuple[str, int]]]] = []
    for place, lines in enumerate(pages):
        mine = []
        for kind, outermost in (("header", max), ("footer", min)):
            same = [line for line, its_kind in lines if its_kind == kind]
            if same:
                line = outermost(same, key=lambda one: one.segments[0].base)
                numbers = _OUTER_NUMBER.findall(line.text) if line.size <= 1.05 * body else []
                mine += [(line, (kind, int(max(n)) - place)) for n in numbers]
        found.append(mine)
    times = Counter(key for mine in found for _, key in mine)
    least = max(3, len(pages) / 20)
    return [[line for line, key in mine if times[key] >= least] for mine in found]


def _keys(line: Line) -> set[tuple[str, int]]:
    """Of the line, and of its parts that stand far apart (the book's title beside a chapter's)."""
    parts = [Line([segment]) for segment in line.segments if len(segment.text) >= _PART]
    return {_key(line), *map(_key, parts)} if len(line.segments) > 1 else {_key(line)}


def _key(line: Line) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text).casefold(), round(line.segments[0].base / 4)


def _is_page_number(line: Line, kind: str, lines: Sequence[tuple[Line, str]]) -> bool:
    if len(line.segments) > 2 or not _PAGE_NUMBER.fullmatch(line.text):
        return False
    base = line.segments[0].base
    others = [other.segments[0].base for other, same in lines if same == kind]
    return base >= max(others) if kind == "header" else base <= min(others)
