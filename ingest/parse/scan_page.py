"""Recognised lines → segments of a page, with sizes and baselines made even enough for the layout.

Type sizes that tesseract measures waver by a tenth from line to line, and a scan is never quite
straight; a paragraph would fall apart and a table lose its rows.
"""

import math
from collections.abc import Callable, Sequence
from statistics import median

from ingest.parse.ocr import Box, Recognised, TextLine, Word
from ingest.parse.pdf_blocks import Page
from ingest.parse.pdf_chars import Rect, Segment

_GAP = 1.6
"""A gap between words wider than this, in type sizes, divides cells of a table."""
_SAME = (0.8, 1.25)
"""Sizes within this part of the usual one are the usual one."""
_STEP = 1.2
"""Other sizes are rounded to the usual one times a power of this."""

Words = tuple[tuple[str, float, float, float, float], ...]


def place(page: Page, found: Recognised, scale: float) -> Words:
    """Fill `page`, which is turned as `found` is, with what was recognised; the words with their
    boxes in the page's own units. `scale`: pixels in one unit of the layout."""
    left, _, _, top = page.shown

    def rect(box: Box) -> Rect:
        return (
            left + box[0] / scale,
            top - box[3] / scale,
            left + box[2] / scale,
            top - box[1] / scale,
        )

    slope = median([line.slope for line in found.lines]) if found.lines else 0.0
    words: list[tuple[str, float, float, float, float]] = []
    for number, line in enumerate(found.lines):
        for run in [list(line.words)] if line.upward else _runs(line):
            middle = (run[0].box[0] + run[-1].box[2]) / 2
            straight = line.base + line.slope * middle - slope * (middle - found.size[0] / 2)
            page.segments.append(_segment(run, rect, top - straight / scale, line, scale, number))
        words += [(word.text, *page.to_user(rect(word.box))) for word in line.words]
    return tuple(words)


def _segment(
    run: Sequence[Word],
    rect: Callable[[Box], Rect],
    base: float,
    line: TextLine,
    scale: float,
    start: int,
) -> Segment:
    boxes = [rect(word.box) for word in run]
    return Segment(
        text=" ".join(word.text for word in run),
        left=min(b[0] for b in boxes),
        bottom=min(b[1] for b in boxes),
        right=max(b[2] for b in boxes),
        top=max(b[3] for b in boxes),
        base=base,
        size=line.size / scale,
        bold=False,
        sideways=len(line.words) > 1 and line.upward,
        start=start,
    )


def _runs(line: TextLine) -> list[list[Word]]:
    """The words, cut at wide gaps."""
    runs: list[list[Word]] = []
    for word in line.words:
        if runs and word.box[0] - runs[-1][-1].box[2] <= _GAP * line.size:
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def even_sizes(pages: Sequence[Page]) -> None:
    """Round the type sizes of recognised pages, so that equal type is of equal size."""
    sizes = [s.size for page in pages for s in page.segments for _ in range(len(s.text))]
    if not sizes:
        return
    usual = median(sizes)
    for page in pages:
        for segment in page.segments:
            segment.size = _rounded(segment.size, usual)


def _rounded(size: float, usual: float) -> float:
    ratio = size / usual
    if _SAME[0] <= ratio <= _SAME[1]:
        return round(usual, 1)
    step = round(math.log(ratio, _STEP))
    return round(usual * _STEP**step, 1)
