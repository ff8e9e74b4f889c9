"""PPTX → elements, over python-pptx: each slide's title, then its shapes from top to bottom, groups
with what is in them, tables with merged cells, the data of charts, the speaker's notes.

The page of an element is its slide. Hidden slides are read, and say so. Pictures and SmartArt
drawings are not read, nor comments or what the master shows.
"""

import errno
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.parse.elements import make, table
from ingest.parse.package import plain_package
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_DEEPEST = 20
"""Groups within groups."""
_RUNNING = ("DATE", "FOOTER", "SLIDE_NUMBER", "HEADER")


def parse_pptx(path: Path, name: str) -> "tuple[list[Element], int]":
    """Elements with their slide as page, and the number of slides.

    Raises:
        RejectedFile: damaged.
    """
    from lxml.etree import LxmlError
    from pptx import Presentation
    from pptx.exc import PackageNotFoundError, PythonPptxError

    damaged = (PackageNotFoundError, PythonPptxError, LxmlError, zipfile.BadZipFile, zlib.error)
    try:
        with plain_package(path) as plain:
            slides = list(Presentation(str(plain)).slides)
            found = [e for number, slide in enumerate(slides, 1) for e in _slide(slide, number)]
    except (*damaged, OSError, KeyError, ValueError, AttributeError) as error:
        # A place before the beginning of the file is EINVAL; other numbers are the machine's.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise RejectedFile(
            f"{name}: the file is damaged. Open and save it again in PowerPoint."
        ) from None
    return found, len(slides)


def _slide(slide: Any, number: int) -> "Iterator[Element]":
    title = slide.shapes.title
    text = _line(title.text_frame.text) if title is not None else ""
    hidden = slide._element.get("show") in ("0", "false")
    if text or hidden:
        shown = f"{text or f'Slide {number}'}{' (hidden slide)' if hidden else ''}"
        yield make("Title", shown, depth=0, page=number)
    others = [s for s in slide.shapes if title is None or s.shape_id != title.shape_id]
    for shape in sorted(others, key=lambda s: (s.top or 0, s.left or 0)):
        yield from _shape(shape, number, 0)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = slide.notes_slide.notes_text_frame.text
        for line in filter(None, map(_line, notes.split("\n"))):
            yield make("NarrativeText", line, page=number)


def _shape(shape: Any, number: int, deep: int) -> "Iterator[Element]":
    from pptx.shapes.group import GroupShape

    if isinstance(shape, GroupShape):
        if deep < _DEEPEST:
            for inner in sorted(shape.shapes, key=lambda s: (s.top or 0, s.left or 0)):
                yield from _shape(inner, number, deep + 1)
    elif getattr(shape, "has_table", False):
        yield from _table(shape.table, number)
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart, number)
    elif shape.has_text_frame and not _is_running(shape):
        yield from _paragraphs(shape, number)


def _is_running(shape: Any) -> bool:
    """Whether it is the slide's number, date or footer, which repeat on every slide."""
    return shape.is_placeholder and shape.placeholder_format.type.name in _RUNNING


def _paragraphs(shape: Any, number: int) -> "Iterator[Element]":
    """Several paragraphs of a body are a list, as is what has a bullet or a deeper level."""
    paragraphs = [(p, _line(p.text)) for p in shape.text_frame.paragraphs]
    filled = [(p, text) for p, text in paragraphs if text]
    body = shape.is_placeholder and len(filled) > 1
    for paragraph, text in filled:
        properties = paragraph._p.pPr
        marks = ("{*}buChar", "{*}buAutoNum", "{*}buBlip")
        bullet = properties is not None and any(properties.find(m) is not None for m in marks)
        plain = properties is not None and properties.find("{*}buNone") is not None
        if bullet or paragraph.level or (body and not plain):
            yield make("ListItem", text, depth=paragraph.level, page=number)
        else:
            yield make("NarrativeText", text, page=number)


def _table(shown: Any, number: int) -> "Iterator[Element]":
    above: dict[int, str] = {}
    rows: list[list[str]] = []
    for row in shown.rows:
        cells: list[str] = []
        for cell in row.cells:
            # Of a merged cell only the first has text; it is repeated downwards.
            down = cell._tc.vMerge
            text = above.get(len(cells), "") if down else _line(cell.text_frame.text)
            above[len(cells)] = text
            cells.append(text)
        rows.append(cells)
    kept = [row for row in rows if any(row)]
    if kept:
        yield table(kept, page=number)


def _chart(chart: Any, number: int) -> "Iterator[Element]":
    """The numbers behind a chart, as a table of categories and series."""
    if chart.has_title and chart.chart_title.has_text_frame:
        title = _line(chart.chart_title.text_frame.text)
        if title:
            yield make("NarrativeText", title, page=number)
    plots: Iterable[Any] = chart.plots
    for plot in plots:
        names = [_line(str(label)) for label in plot.categories]
        series = [(_line(s.name or ""), list(s.values)) for s in plot.series]
        if not names or not series:
            continue
        rows = [["", *(name for name, _ in series)]]
        for at, label in enumerate(names):
            values = [v[at] if at < len(v) else None for _, v in series]
            rows.append([label, *("" if v is None else f"{v:.10g}" for v in values)])
        yield table(rows, page=number)


def _line(text: str) -> str:
    return " ".join(text.replace("\x0b", " ").split())
