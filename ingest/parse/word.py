"""DOCX → elements, over its XML: headings, lists with the numbers that Word shows, tables with
merged cells, notes, text boxes, comments, running headers.

Tracked changes count as accepted. Notes follow the paragraph that refers to them, as `[1] …`;
comments come last, each named as one. The list of contents is left out, as it repeats the
headings. In a document without headings a short bold paragraph is one. Pictures, charts and
equations' layout are not read; pages are not known until something prints the file.
"""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.parse.book import parse_xml
from ingest.parse.elements import make, padded, paragraph, table
from ingest.parse.word_styles import (
    Style,
    numbering_of,
    outline_level,
    read_numbering,
    read_styles,
    value,
)
from ingest.parse.word_text import ParagraphReader, is_bold, local
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from lxml.etree import _Element
    from unstructured.documents.elements import Element

_WRAPPERS = frozenset({"sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "body"})
_LONG_HEADING = 120
"""Characters of a bold paragraph that may be a heading."""
_WIDEST = 1000


def parse_docx(path: Path, name: str) -> "list[Element]":
    """Raises:
    RejectedFile: damaged.
    """
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(path) as archive:
            return _Document(archive).elements()
    except (zipfile.BadZipFile, zlib.error, LxmlError, KeyError, NotImplementedError, EOFError):
        raise RejectedFile(
            f"{name}: the file is damaged. Open and save it again in Word."
        ) from None


class _Document:
    """The parts of the package that hold text, and what is read of them so far."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = set(archive.namelist())
        place = _main_part(archive)
        self._folder = posixpath.dirname(place)
        self._root = parse_xml(archive.read(place))
        self._styles = read_styles(self._part("styles.xml"))
        self._numbering = read_numbering(self._part("numbering.xml"))
        self._reader = ParagraphReader()
        self._notes: dict[tuple[str, str], _Element] = {
            (kind, value(node, "id")): node
            for kind in ("footnote", "endnote")
            if (part := self._part(f"{kind}s.xml")) is not None
            for node in part.iter(f"{{*}}{kind}")
        }
        self._found: list[Element] = []
        self._bold: list[Element] = []

    def elements(self) -> "list[Element]":
        """All of the document in reading order, what is no part of its flow at the end."""
        body = self._root.find("{*}body")
        if body is None:
            raise KeyError("body")
        self._blocks(body)
        if not any(e.category == "Title" for e in self._found):
            self._promote()
        return [*self._found, *self._running(), *self._comments()]

    def _part(self, name: str) -> "_Element | None":
        place = posixpath.join(self._folder, name)
        return parse_xml(self._archive.read(place)) if place in self._names else None

    def _blocks(self, parent: "_Element") -> None:
        for child in parent:
            name = local(child)
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self._table(child)
            elif name == "sdt" and _is_contents(child):
                continue
            elif name in _WRAPPERS:
                self._blocks(child)

    def _paragraph(self, node: "_Element") -> None:
        style = self._style(node)
        text = self._reader.read(node)
        if text and not style.name.lower().startswith("toc "):
            self._found += self._made(node, style, text)
        for box in self._reader.take_boxes():
            self._blocks(box)
        for number, kind, key in self._reader.take_notes():
            self._note(number, kind, key)

    def _style(self, node: "_Element") -> Style:
        return self._styles.get(value(node.find("{*}pPr/{*}pStyle")), Style())

    def _label(self, node: "_Element", style: Style) -> tuple[str, int | None]:
        """The number before the paragraph, and its level if it is in a list."""
        own = numbering_of(node.find("{*}pPr"))
        place = own if own is not None else style.number
        if place is None or place[0] in ("", "0"):
            return "", None
        return self._numbering.label(*place), place[1]

    def _made(self, node: "_Element", style: Style, text: str) -> "list[Element]":
        level = outline_level(node.find("{*}pPr"))
        level = style.level if level is None else (level if level < 9 else None)
        label, depth = self._label(node, style)
        labelled = f"{label} {text}" if label else text
        if level is not None:
            return [make("Title", " ".join(labelled.split("\n")), depth=level)]
        if depth is not None or style.name.lower().startswith("list "):
            return [make("ListItem", labelled, depth=depth or 0)]
        found = paragraph(text)
        if len(text) <= _LONG_HEADING and text[-1] not in ".;,:!" and is_bold(node, style.bold):
            self._bold += found
        return found

    def _promote(self) -> None:
        """Bold paragraphs as headings, where text follows them."""
        bold = {id(element) for element in self._bold}
        for at, element in enumerate(self._found[:-1]):
            if id(element) in bold and id(self._found[at + 1]) not in bold:
                self._found[at] = make("Title", " ".join(element.text.split()), depth=0)

    def _note(self, number: int, kind: str, key: str) -> None:
        node = self._notes.get((kind, key))
        if node is None:
            return
        text = " ".join(filter(None, (self._reader.read(p) for p in node.iter("{*}p"))))
        if text:
            self._found.append(make("NarrativeText", f"[{number}] {text}"))

    def _table(self, node: "_Element") -> None:
        rows: list[list[str]] = []
        heads = 0
        cells = [list(_inner(row, "tc")) for row in _inner(node, "tr")]
        if max((len(row) for row in cells), default=0) < 2:
            # A table of one column frames text.
            for cell in (cell for row in cells for cell in row):
                self._blocks(cell)
            return
        for row in _inner(node, "tr"):
            rows.append(self._row(row, rows[-1] if rows else []))
            mark = row.find("{*}trPr/{*}tblHeader")
            heads += (
                heads == len(rows) - 1 and mark is not None and value(mark) not in ("0", "false")
            )
        rows = padded(rows)
        used = [at for at, column in enumerate(zip(*rows, strict=True)) if any(column)]
        kept = [[row[at] for at in used] for row in rows if any(row)]
        if kept:
            self._found.append(table(kept, heads))
        for number, kind, key in self._reader.take_notes():
            self._note(number, kind, key)

    def _row(self, row: "_Element", above: list[str]) -> list[str]:
        before = value(row.find("{*}trPr/{*}gridBefore"))
        found = [""] * (min(int(before), _WIDEST) if before.isdecimal() else 0)
        for cell in _inner(row, "tc"):
            span = value(cell.find("{*}tcPr/{*}gridSpan"))
            wide = min(max(int(span), 1), _WIDEST) if span.isdecimal() else 1
            merge = cell.find("{*}tcPr/{*}vMerge")
            if merge is not None and value(merge) in ("", "continue"):
                text = above[len(found)] if len(found) < len(above) else ""
            else:
                text = self._cell(cell)
            found += [text] + [""] * (wide - 1)
        return found

    def _cell(self, cell: "_Element") -> str:
        parts = []
        for node in cell.iter("{*}p"):
            if any(local(a) in ("del", "Fallback", "txbxContent") for a in node.iterancestors()):
                continue
            text = self._reader.read(node)
            label, _ = self._label(node, self._style(node))
            parts.append(f"{label} {text}" if label and text else text)
        parts += [
            self._reader.read(p) for box in self._reader.take_boxes() for p in box.iter("{*}p")
        ]
        return " ".join(" ".join(parts).split())

    def _running(self) -> "Iterator[Element]":
        """Headers and footers, each text once."""
        seen: set[str] = set()
        for kind in ("header", "footer"):
            for name in sorted(n for n in self._names if n.startswith(f"{self._folder}/{kind}")):
                root = parse_xml(self._archive.read(name))
                reader = ParagraphReader()
                text = "\n".join(filter(None, (reader.read(p) for p in root.iter("{*}p"))))
                if any(c.isalnum() for c in text) and text not in seen:
                    seen.add(text)
                    yield make(kind.capitalize(), text)

    def _comments(self) -> "Iterator[Element]":
        part = self._part("comments.xml")
        for node in part.iter("{*}comment") if part is not None else ():
            text = " ".join(filter(None, (self._reader.read(p) for p in node.iter("{*}p"))))
            who = value(node, "author")
            if text:
                yield make("NarrativeText", f"Comment{f' by {who}' if who else ''}: {text}")


def _main_part(archive: zipfile.ZipFile) -> str:
    for relation in parse_xml(archive.read("_rels/.rels")):
        if relation.get("Type", "").endswith("/officeDocument"):
            return str(relation.get("Target", "")).lstrip("/")
    return "word/document.xml"


def _inner(parent: "_Element", wanted: str) -> "Iterator[_Element]":
    """Rows of a table or cells of a row, also those within controls; deleted rows are none."""
    for child in parent:
        name = local(child)
        if name == wanted:
            if child.find("{*}trPr/{*}del") is None:
                yield child
        elif name in _WRAPPERS:
            yield from _inner(child, wanted)


def _is_contents(node: "_Element") -> bool:
    gallery = value(node.find("{*}sdtPr/{*}docPartObj/{*}docPartGallery"))
    return gallery == "Table of Contents"
