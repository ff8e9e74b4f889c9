"""XLSX, CSV and TSV → Table elements of a limited number of rows, the header repeated.

Reads row by row (openpyxl read-only, csv), so a sheet of 100,000 rows neither takes memory nor
becomes one giant table. The header is the first row with at least two filled cells, and the rows
that its merged cells reach into; below an empty row another table may begin, told by a row of names
above a row with numbers. Merged cells are repeated downwards. Hidden sheets are read, and say so.
Formulas come out as the values that were last computed; charts and comments do not.
"""

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.parse.decode import decode
from ingest.parse.elements import make, padded, table
from ingest.parse.number_format import shown
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

GROUP = 50
"""Rows of one Table element, the header not counted."""
_TITLES = 5
"""Rows above a header that may be titles of the table."""
_MERGE = re.compile(
    rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)[\"']"
)
_ROWS_END = re.compile(rb"</(?:\w{1,20}:)?sheetData>|<(?:\w{1,20}:)?sheetData\s*/>")
_NUMBER = re.compile(r"[-+]?[^\w\s]?\s?[\d.,\s]*\d[\d.,\s]*(?:[^\d\W]{1,4}\.?|[%€$₽£¥°])?")
_TAIL = 8 << 20
"""Bytes after the rows of a sheet in which its merged cells are looked for."""

_Merges = Mapping[int, Mapping[int, tuple[int, int]]]
"""By row and column of its first cell (both from 1): the last row and column."""


def parse_xlsx(path: Path, name: str) -> "tuple[list[Element], int]":
    """A Title for each sheet, then its rows, with the sheet's number as page; how many sheets.

    Raises:
        RejectedFile: damaged.
    """
    from xml.etree.ElementTree import ParseError

    from lxml.etree import LxmlError
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (InvalidFileException, LxmlError, ParseError, zipfile.BadZipFile, zlib.error)
    try:
        # By content: openpyxl refuses a path without its suffix, and originals have none.
        return _read_book(io.BytesIO(path.read_bytes()))
    except (*broken, EOFError, KeyError, IndexError, TypeError, ValueError, struct.error):
        # openpyxl checks the types of what it reads: TypeError and ValueError are the file's.
        raise RejectedFile(f"{name}: the workbook is damaged. Save it again in Excel.") from None


def _read_book(content: io.BytesIO) -> "tuple[list[Element], int]":
    import openpyxl

    book = openpyxl.load_workbook(content, read_only=True, data_only=True)
    try:
        found: list[Element] = []
        sheets = book.worksheets
        for number, sheet in enumerate(sheets, start=1):
            tables = _tables(_rows(sheet), _merges(sheet))
            for element in tables:
                element.metadata.page_number = number
            if tables:
                hidden = "" if sheet.sheet_state == "visible" else " (hidden sheet)"
                found.append(make("Title", f"{sheet.title}{hidden}", depth=0, page=number))
                found += tables
        return found, len(sheets)
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[list[str]]:
    """The cells as text, one list a row, from the first row on."""
    sheet.reset_dimensions()
    formats: dict[int, str] = {0: "General"}
    for row in sheet.iter_rows():
        texts = []
        for cell in row:
            value = cell.value
            if value is None or isinstance(value, str):
                texts.append(" ".join(value.split()) if value else "")
                continue
            style = cell._style_id
            if style not in formats:
                formats[style] = cell.number_format
            texts.append(shown(value, formats[style]))
        yield texts


def _merges(sheet: Any) -> _Merges:
    """The merged cells; they stand after the rows, where openpyxl's streaming does not look."""
    from openpyxl.utils import column_index_from_string

    tail = b""
    with sheet._get_source() as source:
        while block := source.read(1 << 20):
            tail += block
            end = _ROWS_END.search(tail)
            if end:
                tail = tail[end.end() :] + source.read(_TAIL)
                break
            tail = tail[-40:]
    found: dict[int, dict[int, tuple[int, int]]] = {}
    for left, top, right, bottom in _MERGE.findall(tail):
        first, last = (column_index_from_string(side.decode()) for side in (left, right))
        found.setdefault(int(top), {})[first] = (int(bottom), last)
    return found


def parse_csv(path: Path, name: str, delimiter: str = "") -> "list[Element]":
    """The rows; the delimiter is told from the first lines where it is not given."""
    text = decode(path, name)
    chosen = delimiter or _delimiter(text[:8192])
    # A field may be longer than the module's default limit.
    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=chosen)
    return _tables([cell.strip() for cell in row] for row in reader)


def _delimiter(sample: str) -> str:
    lines = [line for line in sample.splitlines() if line.strip()][:20]
    counts = {mark: min((line.count(mark) for line in lines), default=0) for mark in ",;\t|"}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


def _tables(rows: Iterable[list[str]], merges: _Merges | None = None) -> "list[Element]":
    """Titles and tables of a sheet."""
    found: list[Element] = []
    blocks = _blocks(_spread(rows, merges or {}))
    for before, header, body in blocks:
        found += [make("NarrativeText", " ".join(filter(None, row))) for row in before]
        if not header:
            continue
        first = len(found)
        while group := list(islice(body, GROUP)):
            found.append(_table(header, group))
        if first == len(found):
            found.append(_table(header, []))
    return found


_Row = tuple[list[str], int]
"""Cells, and how many rows below this one its merged cells reach; an empty row has no cells."""


def _spread(rows: Iterable[list[str]], merges: _Merges) -> Iterator[_Row]:
    """Rows without empty cells at the end; a merged cell's text in each row that it covers."""
    below: dict[int, tuple[int, str]] = {}
    for number, row in enumerate(rows, start=1):
        reach = 0
        for column, (last, text) in list(below.items()):
            if last < number:
                del below[column]
            elif column <= len(row):
                row[column - 1] = row[column - 1] or text
            else:
                row += [""] * (column - len(row) - 1) + [text]
        for column, (bottom, right) in merges.get(number, {}).items():
            text = row[column - 1] if column <= len(row) else ""
            if text and bottom > number:
                below[column] = (bottom, text)
                reach = max(reach, bottom - number)
            elif text and right > column:
                # A name above several columns: their own names are in the next row.
                reach = max(reach, int(number < bottom or right > column))
        yield _trim(row), reach


def _blocks(
    rows: Iterator[_Row],
) -> Iterator[tuple[list[list[str]], list[list[str]], Iterator[list[str]]]]:
    """Tables of a sheet one after the other: title rows, header rows, the rest. Each has to be
    used up before the next is asked for."""
    stream = _Stream(rows)
    while stream.peek() is not None:
        before: list[list[str]] = []
        header: list[list[str]] = []
        while (row := stream.peek()) is not None:
            stream.take()
            if sum(1 for cell in row[0] if cell) < 2 and len(before) < _TITLES:
                before += [row[0]] if row[0] else []
                continue
            header = [row[0]] if row[0] else []
            reach = min(row[1], 3)
            while reach and (following := stream.peek()) is not None and following[0]:
                header.append(following[0])
                stream.take()
                reach -= 1
            break
        yield before, header, stream.body(header)


class _Stream:
    """Rows with two of them in sight."""

    def __init__(self, rows: Iterator[_Row]) -> None:
        self._rows = rows
        self._ahead: list[_Row] = []

    def peek(self, at: int = 0) -> _Row | None:
        """The row after `at` others, without taking it."""
        while len(self._ahead) <= at:
            row = next(self._rows, None)
            if row is None:
                return None
            self._ahead.append(row)
        return self._ahead[at]

    def take(self) -> None:
        """Go on to the next row."""
        self._ahead.pop(0)

    def body(self, header: list[list[str]]) -> Iterator[list[str]]:
        """Filled rows up to where another table begins."""
        empty = False
        while (row := self.peek()) is not None:
            if row[0] and (self._repeats(header) or (empty and self._begins())):
                return
            self.take()
            if row[0]:
                yield row[0]
            empty = not row[0]

    def _repeats(self, header: list[list[str]]) -> bool:
        """Whether the next row is the header again, perhaps of another year: the same first name,
        and names in the same columns."""
        row = self.peek()
        if row is None or not header or not row[0][0] or row[0][0] != header[0][0]:
            return False
        filled = [[bool(cell) for cell in cells] for cells in (row[0], header[0])]
        return filled[0] == filled[1] and not any(_NUMBER.fullmatch(cell) for cell in row[0])

    def _begins(self) -> bool:
        """Whether the next one or two rows are names of columns, and below them numbers."""
        first = self.peek()
        names = [cell for cell in first[0] if cell] if first else []
        if len(names) < 2 or any(_NUMBER.fullmatch(cell) for cell in names):
            return False
        named = {at for at, cell in enumerate(first[0] if first else ()) if cell}
        for ahead in (1, 2):
            row = self.peek(ahead)
            if row is None or not row[0]:
                return False
            numbers = {at for at, cell in enumerate(row[0]) if _NUMBER.fullmatch(cell)}
            if numbers:
                return bool(numbers & named)
            named |= {at for at, cell in enumerate(row[0]) if cell}
        return False


def _table(header: list[list[str]], rows: list[list[str]]) -> "Element":
    return table(padded([*header, *rows]), len(header) if len(header) > 1 else 0)


def _trim(row: list[str]) -> list[str]:
    """Without the empty cells at the end."""
    end = len(row)
    while end and not row[end - 1]:
        end -= 1
    return row[:end]
