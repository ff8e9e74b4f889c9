"""Segments of a page → columns → lines, in reading order.

A gutter is an x that few segments cross and that has text on both sides at the same heights;
the segments that cross it cut the page into bands, and each band is read left column first.
Works recursively, so that three columns come out too. Text that runs sideways comes last.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from ingest.parse.pdf_chars import Rect, Segment

_BIN = 3.0
"""Points; the resolution with which gutters are sought."""
_CROSSING = 0.35
"""A gutter is crossed by at most this part of the segments."""

_MARKS = re.compile(r"[\d.()•·–—-]+")
"""Numbers and bullets, which are often set in another weight than their line."""
_LONG = 18
"""Characters of a segment that is part of a column of prose."""


@dataclass(frozen=True)
class Line:
    """Segments on one baseline, from left to right. They stay as they are, and so does what is
    computed of them: it is asked for many times."""

    segments: list[Segment]

    @cached_property
    def text(self) -> str:
        parts = [self.segments[0].text]
        for before, segment in zip(self.segments, self.segments[1:], strict=False):
            near = segment.left - before.right < 0.1 * segment.size
            parts.append(segment.text if near else " " + segment.text)
        return "".join(parts)

    @cached_property
    def rect(self) -> Rect:
        return enclosing(self.segments)

    @cached_property
    def size(self) -> float:
        """Of most of its characters."""
        sizes: dict[float, int] = {}
        for segment in self.segments:
            sizes[segment.size] = sizes.get(segment.size, 0) + len(segment.text)
        return max(sizes, key=lambda size: sizes[size])

    @cached_property
    def bold(self) -> bool:
        words = [s for s in self.segments if not _MARKS.fullmatch(s.text)] or self.segments
        return all(segment.bold for segment in words)


def enclosing(segments: Sequence[Segment]) -> Rect:
    """The smallest rectangle around them."""
    return (
        min(s.left for s in segments),
        min(s.bottom for s in segments),
        max(s.right for s in segments),
        max(s.top for s in segments),
    )


def columns(segments: Sequence[Segment]) -> list[list[Line]]:
    """The page's columns in reading order, each as lines from the top down."""
    upright = [s for s in segments if not s.sideways]
    sideways = [[Line([s])] for s in segments if s.sideways]
    return [lines_of(column) for column in _split(upright, 0) if column] + sideways


def _split(segments: list[Segment], depth: int) -> list[list[Segment]]:
    gutter = _gutter(segments) if depth < 4 else None
    if gutter is None:
        return [segments]
    parts: list[list[Segment]] = []
    for wide, band in _bands(segments, gutter):
        left = [s for s in band if s.right <= gutter + _BIN]
        right = [s for s in band if s.right > gutter + _BIN]
        if wide or not left or not right:
            _extend(parts, band)
        else:
            parts += [[], *_split(left, depth + 1), [], *_split(right, depth + 1), []]
    return [part for part in parts if part]


def _extend(parts: list[list[Segment]], band: list[Segment]) -> None:
    """Add full-width text to the full-width text before it; an empty part separates."""
    if parts and parts[-1]:
        parts[-1].extend(band)
    else:
        parts.append(list(band))


def _bands(segments: list[Segment], gutter: float) -> list[tuple[bool, list[Segment]]]:
    """Runs from the top down, and whether they cross the gutter."""
    crossing = [s for s in segments if _crosses(s, gutter)]
    marked = []
    for segment in sorted(segments, key=lambda s: -s.middle):
        wide = any(w.bottom < segment.middle < w.top for w in crossing)
        marked.append((wide, segment))
    return [(wide, [s for _, s in run]) for wide, run in groupby(marked, key=lambda m: m[0])]


def _crosses(segment: Segment, x: float) -> bool:
    return segment.left < x - 1 and segment.right > x + 1


def _gutter(segments: list[Segment]) -> float | None:
    """The x of the best gutter, if there is one."""
    if len(segments) < 8:
        return None
    left, _, right, _ = enclosing(segments)
    bins = int((right - left) / _BIN) + 1
    cover = _coverage(segments, left, bins)
    inner = range(int(bins * 0.15), int(bins * 0.85) + 1)
    allowed = _CROSSING * len(segments)
    runs = [list(run) for low, run in groupby(inner, key=lambda b: cover[b] <= allowed) if low]
    best: tuple[float, float] | None = None
    for run in runs:
        least = min(cover[b] for b in run)
        lowest = [b for b in run if cover[b] == least]
        x = left + (lowest[len(lowest) // 2] + 0.5) * _BIN
        if _is_gutter(segments, x) and (best is None or least < best[0]):
            best = (least, x)
    return best[1] if best else None


def _coverage(segments: list[Segment], left: float, bins: int) -> list[int]:
    """How many segments lie over each bin."""
    change = [0] * (bins + 1)
    for segment in segments:
        change[int((segment.left - left) / _BIN)] += 1
        change[min(int((segment.right - left) / _BIN) + 1, bins)] -= 1
    total = 0
    cover = []
    for step in change[:bins]:
        total += step
        cover.append(total)
    return cover


def _is_gutter(segments: list[Segment], x: float) -> bool:
    before = [s for s in segments if s.right <= x + 1]
    after = [s for s in segments if s.left >= x - 1]
    if len(before) < 4 or len(after) < 4:
        return False
    if not (_is_prose(before) and _is_prose(after)):
        return False
    shared = min(max(s.top for s in before), max(s.top for s in after)) - max(
        min(s.bottom for s in before), min(s.bottom for s in after)
    )
    heights = [max(s.top for s in side) - min(s.bottom for s in side) for side in (before, after)]
    return shared > 0.5 * min(heights)


def _is_prose(side: list[Segment]) -> bool:
    """Whether long runs make up most of the text, as in a column and not as in a table."""
    lengths = [len(s.text) for s in side]
    long = [length for length in lengths if length >= _LONG]
    return len(long) >= 4 and sum(long) > 0.6 * sum(lengths)


def lines_of(segments: Sequence[Segment]) -> list[Line]:
    """The segments' lines from the top down, columns disregarded."""
    lines: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda s: (-s.base, s.left)):
        if lines and _same_line(lines[-1], segment):
            lines[-1].append(segment)
        else:
            lines.append([segment])
    return [Line(sorted(line, key=lambda s: s.left)) for line in lines]


def _same_line(line: list[Segment], segment: Segment) -> bool:
    if line[0].start < 0 or segment.start < 0:  # the place of a table
        return False
    size = max(s.size for s in line)
    if abs(line[0].base - segment.base) < 0.25 * size:
        return True
    # Raised or lowered: an index or a note mark beside the text, not above it.
    beside = all(segment.left >= s.right - 1 or segment.right <= s.left + 1 for s in line)
    _, bottom, _, top = enclosing(line)
    near = any(abs(segment.left - s.right) < size for s in line)
    return beside and near and bottom < segment.middle < top and segment.size < size
