"""Ruled tables: the lines drawn on a PDF page → grids of cells.

Takes the page's own paths (strokes, thin fills, edges of filled boxes), not those inside form
objects. A page with more paths than `_MOST` is a drawing and is not looked at.
"""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from ingest.parse.pdf_chars import Rect, Segment, turn
from ingest.parse.pdfium_calls import Handle, quick

_object = quick(raw.FPDFPage_GetObject, Handle)
_kind = quick(raw.FPDFPageObj_GetType)
_matrix = quick(raw.FPDFPageObj_GetMatrix)
_count = quick(raw.FPDFPath_CountSegments)
_segment = quick(raw.FPDFPath_GetPathSegment, Handle)
_segment_kind = quick(raw.FPDFPathSegment_GetType)
_point = quick(raw.FPDFPathSegment_GetPoint)
_closes = quick(raw.FPDFPathSegment_GetClose)

_MOST = 4000
_WHOLE = 0.7
"""Part of a column's width that a line between its cells has at least."""
_NEAR = 3.0
"""Points; lines closer than this touch."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cell borders of one table: `xs` ascending, `ys` descending."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]

    @property
    def rect(self) -> Rect:
        return self.xs[0], self.ys[-1], self.xs[-1], self.ys[0]

    def borders(self) -> list[tuple[float, float, float]]:
        """Inner vertical borders as x, bottom, top."""
        return [(x, self.ys[-1], self.ys[0]) for x in self.xs[1:-1]]

    def holds(self, segment: Segment) -> bool:
        left, bottom, right, top = self.rect
        middle = (segment.left + segment.right) / 2
        return left - 1 < middle < right + 1 and bottom - 1 < segment.middle < top + 1

    def in_cell(self, segment: Segment) -> bool:
        """Whether it is wholly inside one cell."""
        row, column = self.cell(segment)
        return (
            segment.left > self.xs[column] - 2
            and segment.right < self.xs[column + 1] + 2
            and segment.top < self.ys[row] + 2
            and segment.bottom > self.ys[row + 1] - 2
        )

    def with_header(self, segments: Sequence[Segment]) -> "Grid":
        """With the row above the first line, where rows have a line below only."""
        if len(self.xs) != 2:
            return self
        top = Grid(self.xs, (2 * self.ys[0] - self.ys[1], self.ys[0]))
        header = [s for s in segments if top.holds(s)]
        ends = [end for s in header for end in (s.left, s.right)]
        if len(header) < 2 or min(ends) < self.xs[0] - 1 or max(ends) > self.xs[1] + 1:
            return self
        return Grid(self.xs, (top.ys[0], *self.ys))

    def cell(self, segment: Segment) -> tuple[int, int]:
        """Row and column, from 0."""
        row = sum(1 for y in self.ys[1:-1] if segment.middle < y)
        x = min(segment.left + 2, (segment.left + segment.right) / 2)
        return row, sum(1 for border in self.xs[1:-1] if x > border)


def page_lines(page: pdfium.PdfPage) -> list[Rect]:
    """Horizontal and vertical lines in display space, as flat or narrow rectangles."""
    rotation = page.get_rotation()
    found: list[Rect] = []
    count = raw.FPDFPage_CountObjects(page)
    if count > _MOST:
        return []
    for index in range(count):
        item = _object(page.raw, index)
        if _kind(item) == raw.FPDF_PAGEOBJ_PATH:
            found.extend(turn(line, rotation) for line in _path_lines(item))
        if len(found) > _MOST:
            return []
    return found


def grids(lines: Sequence[Rect]) -> list[Grid]:
    """Tables among the lines: joined lines with at least two cells, and stacks of parallel lines
    (only two `xs`: its columns are not drawn)."""
    flat = [r for r in lines if r[2] - r[0] >= r[3] - r[1]]
    tall = [r for r in lines if r[2] - r[0] < r[3] - r[1]]
    found = []
    loose: list[Rect] = []
    for group in _joined(flat, tall):
        across = [r for r in group if r[2] - r[0] >= r[3] - r[1]]
        up = [r for r in group if r[2] - r[0] < r[3] - r[1]]
        if not up:
            loose += across
            continue
        grid = _grid(across, up)
        if len(grid.xs) >= 2 and len(grid.ys) >= 2 and len(grid.xs) + len(grid.ys) >= 5:
            found.append(grid)
    return found + [g for g in _stacks(loose) if not any(_touch(g.rect, f.rect) for f in found)]


def _grid(across: Sequence[Rect], up: Sequence[Rect]) -> Grid:
    """The cells between joined lines; lines that part nothing (a fraction bar, the roof of a
    root) are within a cell, not around one."""
    ends = [end for r in across for end in (r[0], r[2])]
    xs = _levels([(r[0] + r[2]) / 2 for r in up] + ([min(ends), max(ends)] if ends else []))
    whole = [r for r in across if r[2] - r[0] > _WHOLE * _width(xs, (r[0] + r[2]) / 2)]
    heights = [(r[1] + r[3]) / 2 for r in whole] + [end for r in up for end in (r[1], r[3])]
    return Grid(tuple(xs), tuple(reversed(_levels(heights))))


def _width(xs: Sequence[float], x: float) -> float:
    """Of the column around `x`."""
    before = [border for border in xs if border <= x]
    after = [border for border in xs if border > x]
    return after[0] - before[-1] if before and after else 0.0


def _stacks(flat: Sequence[Rect]) -> Iterator[Grid]:
    """At least three horizontal lines with the same ends."""
    stacks: dict[tuple[int, int], list[Rect]] = {}
    for rect in flat:
        stacks.setdefault((round(rect[0] / 4), round(rect[2] / 4)), []).append(rect)
    for stack in stacks.values():
        ys = _levels([r[1] for r in stack])
        if len(ys) >= 3:
            yield Grid((stack[0][0], stack[0][2]), tuple(reversed(ys)))


def _path_lines(item: Handle) -> Iterator[Rect]:
    matrix = raw.FS_MATRIX()
    _matrix(item, ctypes.byref(matrix))
    x, y = ctypes.c_float(), ctypes.c_float()
    to_x, to_y = ctypes.byref(x), ctypes.byref(y)
    start = last = (0.0, 0.0)
    for index in range(min(_count(item), _MOST)):
        part = _segment(item, index)
        _point(part, to_x, to_y)
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        kind = _segment_kind(part)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield from _line(last, point)
        if _closes(part):
            yield from _line(point, start)
        last = point


def _line(a: tuple[float, float], b: tuple[float, float]) -> Iterator[Rect]:
    rect = (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
    width, height = rect[2] - rect[0], rect[3] - rect[1]
    if min(width, height) < 1 and max(width, height) > 4:
        yield rect


def _joined(flat: list[Rect], tall: list[Rect]) -> list[list[Rect]]:
    """Groups of lines that touch, directly or through others."""
    rects = flat + tall
    group = list(range(len(rects)))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    order = sorted(range(len(rects)), key=lambda i: rects[i][0])
    for position, one in enumerate(order):
        _, bottom, right, top = rects[one]
        for other in order[position + 1 :]:
            left, low, _, high = rects[other]
            if left > right + _NEAR:
                break
            if bottom <= high + _NEAR and low <= top + _NEAR:
                group[root(one)] = root(other)
    groups: dict[int, list[Rect]] = {}
    for index, rect in enumerate(rects):
        groups.setdefault(root(index), []).append(rect)
    return list(groups.values())


def _touch(a: Rect, b: Rect) -> bool:
    return (
        a[0] <= b[2] + _NEAR
        and b[0] <= a[2] + _NEAR
        and a[1] <= b[3] + _NEAR
        and b[1] <= a[3] + _NEAR
    )


def _levels(values: list[float]) -> list[float]:
    """Distinct values, those closer than `_NEAR` as one."""
    levels: list[float] = []
    for value in sorted(values):
        if not levels or value - levels[-1] > _NEAR:
            levels.append(value)
    return levels
