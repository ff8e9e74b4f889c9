"""ODT and ODS → elements, from `content.xml` and the running headers of `styles.xml`.

Deleted text of tracked changes stays out, inserted text is text; comments come last, each named as
one. Notes stand after the paragraph that refers to them. The list of contents is left out, as it
repeats the headings. Formulas, drawings and macros are not read.
"""

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.parse.book import parse_xml
from ingest.parse.elements import make, padded, paragraph, table
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from lxml.etree import _Element
    from unstructured.documents.elements import Element

_NS = "{urn:oasis:names:tc:opendocument:xmlns:"
_T, _TABLE, _OFFICE, _STYLE = (f"{_NS}{n}:1.0}}" for n in ("text", "table", "office", "style"))
_TEXT_BOX = f"{_NS}drawing:1.0}}text-box"
_SKIP = frozenset(
    {
        f"{_T}tracked-changes",
        f"{_T}table-of-content",
        f"{_T}sequence-decls",
        f"{_T}alphabetical-index",
    }
)
_NUMBERS = frozenset({f"{_T}page-number", f"{_T}page-count"})
"""Fields that hold whatever page the file was saved at."""
_MOST = 200
"""Repeated cells or rows that are written out; spreadsheets repeat empty ones by the million."""


def parse_odt(path: Path, name: str) -> "list[Element]":
    """Raises:
    RejectedFile: damaged, or locked with a password.
    """
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(path) as archive:
            if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                raise RejectedFile(
                    f"{name}: the file is locked with a password. Remove the password and add it "
                    "again."
                )
            content = parse_xml(archive.read("content.xml"))
            reader = _Reader()
            for body in content.findall(f"{_OFFICE}body/*"):
                reader.read(body, 0)
            found = [*reader.found, *_running(archive)]
            return [*found, *reader.comments]
    except (zipfile.BadZipFile, zlib.error, LxmlError, KeyError, NotImplementedError, EOFError):
        raise RejectedFile(f"{name}: the file is damaged. Save it again in LibreOffice.") from None


def _running(archive: zipfile.ZipFile) -> "Iterator[Element]":
    """Headers and footers of the pages, each text once."""
    if "styles.xml" not in archive.namelist():
        return
    seen: set[str] = set()
    for kind in ("header", "footer"):
        for part in parse_xml(archive.read("styles.xml")).iter(f"{_STYLE}{kind}"):
            reader = _Reader()
            reader.read(part, 0)
            text = "\n".join(e.text for e in reader.found)
            if text and text not in seen:
                seen.add(text)
                yield make(kind.capitalize(), text)


class _Reader:
    """Collects elements of a body; comments apart."""

    def __init__(self) -> None:
        self.found: list[Element] = []
        self.comments: list[Element] = []
        self._after: list[_Element] = []
        """Notes and text boxes of the paragraph that is read."""

    def read(self, nodes: "Iterable[_Element]", lists: int) -> None:
        """Blocks, which stand `lists` lists deep."""
        for child in nodes:
            if child.tag in _SKIP or not isinstance(child.tag, str):
                continue
            if child.tag == f"{_T}h":
                depth = int(child.get(f"{_T}outline-level", "1")) - 1
                self._paragraph(child, "Title", depth)
            elif child.tag == f"{_T}p":
                self._paragraph(child, "NarrativeText", None)
            elif child.tag == f"{_T}list":
                self._list(child, lists)
            elif child.tag == f"{_TABLE}table":
                self._table(child)
            elif child.tag == f"{_OFFICE}annotation":
                self._comment(child)
            else:
                self.read(child, lists)

    def _paragraph(self, node: "_Element", kind: str, depth: int | None) -> None:
        before, self._after = self._after, []
        text = self._text(node)
        if text and kind == "NarrativeText":
            self.found += paragraph(text)
        elif text:
            self.found.append(make(kind, " ".join(text.split("\n")), depth=depth))
        after, self._after = self._after, before
        for part in after:
            if part.tag == f"{_T}note":
                self._note(part)
            else:
                self.read(part, 0)

    def _text(self, node: "_Element") -> str:
        lines = "".join(self._pieces(node)).split("\n")
        return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))

    def _pieces(self, node: "_Element") -> Iterator[str]:
        yield (node.text or "").replace("\n", " ")
        for child in node:
            tag = child.tag
            if tag in (f"{_T}s", f"{_T}tab"):
                yield " "
            elif tag == f"{_T}line-break":
                yield "\n"
            elif tag == f"{_T}note":
                citation = child.find(f"{_T}note-citation")
                yield f"[{''.join(citation.itertext()) if citation is not None else ''}]"
                self._after.append(child)
            elif tag == f"{_OFFICE}annotation":
                self._comment(child)
            elif tag == _TEXT_BOX:
                self._after.append(child)
            elif isinstance(tag, str) and tag not in _SKIP and tag not in _NUMBERS:
                yield from self._pieces(child)
            yield (child.tail or "").replace("\n", " ")

    def _note(self, node: "_Element") -> None:
        citation, body = node.find(f"{_T}note-citation"), node.find(f"{_T}note-body")
        if body is not None:
            mark = "".join(citation.itertext()) if citation is not None else ""
            text = " ".join(self._text(p) for p in body)
            self.found.append(make("NarrativeText", f"[{mark}] {text}".strip()))

    def _comment(self, node: "_Element") -> None:
        who = " ".join("".join(e.itertext()) for e in node.iter("{*}creator"))
        text = "\n".join(filter(None, (self._text(p) for p in node.iter(f"{_T}p"))))
        if text:
            self.comments.append(
                make("NarrativeText", f"Comment{f' by {who}' if who else ''}: {text}")
            )

    def _list(self, node: "_Element", lists: int) -> None:
        for item in node:
            first = True
            for child in item:
                if child.tag == f"{_T}list":
                    self._list(child, lists + 1)
                elif child.tag == f"{_T}p" and first:
                    self._paragraph(child, "ListItem", lists)
                    first = False
                else:
                    self.read([child], lists + 1)

    def _table(self, node: "_Element") -> None:
        rows: list[list[str]] = []
        below: dict[int, tuple[int, str]] = {}
        heads = 0
        for row in node.iter(f"{_TABLE}table-row"):
            if next(row.iterancestors(f"{_TABLE}table"), node) is not node:
                continue
            cells = self._row(row, below)
            repeated = _number(row, "number-rows-repeated") if any(cells) else 1
            rows += [cells] * repeated
            parent = row.getparent()
            heads += parent is not None and parent.tag == f"{_TABLE}table-header-rows"
        kept = padded([row for row in rows if any(row)])
        parent = node.getparent()
        if kept and parent is not None and parent.tag == f"{_OFFICE}spreadsheet":
            self.found.append(make("Title", node.get(f"{_TABLE}name", "Sheet"), depth=0))
        if kept:
            self.found.append(table(kept, heads))

    def _row(self, row: "_Element", below: dict[int, tuple[int, str]]) -> list[str]:
        cells: list[str] = []
        for cell in row:
            if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            for _ in range(_number(cell, "number-columns-repeated")):
                left, text = below.get(len(cells), (0, ""))
                if cell.tag == f"{_TABLE}table-cell":
                    text = " ".join(filter(None, (self._text(p) for p in cell.iter(f"{_T}p"))))
                    left = _number(cell, "number-rows-spanned")
                shown = text if left > 0 else ""
                below[len(cells)] = (left - 1, text)
                cells.append(shown)
        while cells and not cells[-1]:
            cells.pop()
        return cells


def _number(node: "_Element", key: str) -> int:
    value = node.get(f"{_TABLE}{key}", "1")
    return min(int(value), _MOST) if value.isdecimal() else 1
