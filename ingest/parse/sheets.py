"""XLSX, CSV and TSV → Table elements of a limited number of rows, the header row repeated.

Reads row by row (openpyxl read-only, csv), so a sheet of 100,000 rows neither takes memory nor
becomes one giant table. The header is the first row with at least two filled cells, or the
first row. Formulas come out as the values that were last computed; charts and comments do not.
"""

import csv
import datetime
import io
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.parse.decode import decode
from ingest.parse.elements import make
from ingest.parse.tables import table_html, table_text
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

GROUP = 50
"""Rows of one Table element, the header not counted."""


def parse_xlsx(path: Path, name: str) -> "tuple[list[Element], int]":
    """A Title for each sheet, then its rows; the number of sheets.

    Raises:
        RejectedFile: damaged.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        # By content: openpyxl refuses a path without its suffix, and originals have none.
        content = io.BytesIO(path.read_bytes())
        book = openpyxl.load_workbook(content, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError):
        raise RejectedFile(f"{name}: the workbook is damaged. Save it again in Excel.") from None
    try:
        found: list[Element] = []
        sheets = book.worksheets
        for sheet in sheets:
            sheet.reset_dimensions()
            rows = ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
            tables = _tables(rows)
            if tables:
                found += [make("Title", str(sheet.title), depth=0), *tables]
        return found, len(sheets)
    finally:
        book.close()


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


def _tables(rows: Iterable[list[str]]) -> "list[Element]":
    found: list[Element] = []
    filled = (_trim(row) for row in rows)
    rest = iter([row for row in islice(filled, 0, None) if row])
    header, before = _header(rest)
    found += [make("NarrativeText", " ".join(filter(None, row))) for row in before]
    if not header:
        return found
    while group := list(islice(rest, GROUP)):
        found.append(_table(header, group))
    if not any(e.category == "Table" for e in found):
        found.append(_table(header, []))
    return found


def _header(rows: Iterator[list[str]]) -> tuple[list[str], list[list[str]]]:
    """The header row, and the title lines above it."""
    before: list[list[str]] = []
    for row in rows:
        if sum(1 for cell in row if cell) >= 2 or len(before) >= 5:
            return row, before
        before.append(row)
    return [], before


def _table(header: list[str], rows: list[list[str]]) -> "Element":
    width = max(len(row) for row in [header, *rows])
    padded = [row + [""] * (width - len(row)) for row in [header, *rows]]
    return make("Table", table_text(padded), html=table_html(padded))


def _trim(row: list[str]) -> list[str]:
    """Without the empty cells at the end."""
    end = len(row)
    while end and not row[end - 1]:
        end -= 1
    return row[:end]


def _cell(value: object) -> str:
    """As a person would read it: whole floats without `.0`, midnight datetimes as dates."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, datetime.datetime):
        plain = value.time() == datetime.time()
        return value.date().isoformat() if plain else value.isoformat(" ", "minutes")
    return " ".join(str(value).split())
