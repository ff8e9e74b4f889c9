"""The text of one paragraph of Word's XML.

Inserted text is text, deleted and hidden text is not (tracked changes count as accepted). Numbers
of pages are left out. What hangs on the paragraph, notes and text boxes, is handed on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.parse.word_styles import value

if TYPE_CHECKING:
    from lxml.etree import _Element

_SKIPPED = frozenset(
    {"pPr", "rPr", "del", "moveFrom", "delText", "instrText", "delInstrText", "sdtPr", "sdtEndPr",
     "commentReference", "annotationRef", "footnoteRef", "endnoteRef", "softHyphen", "rt", "tbl",
     "object", "proofErr", "bookmarkStart", "bookmarkEnd", "lastRenderedPageBreak"}
)  # fmt: skip
_CHARACTERS = {"tab": " ", "cr": "\n", "noBreakHyphen": "-", "ptab": " "}
_PAGE_FIELDS = ("PAGE", "NUMPAGES", "SECTIONPAGES")
_OFF = ("0", "false", "off")


def local(node: "_Element") -> str:
    """The name without its namespace; empty for comments."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


@dataclass
class ParagraphReader:
    """Reads paragraphs in order: notes are numbered as they come, fields may span paragraphs."""

    notes: "list[tuple[str, str]]" = field(default_factory=list)
    """Kind (`footnote`, `endnote`) and id of those that are not taken yet."""
    boxes: "list[_Element]" = field(default_factory=list)
    """Contents of text boxes that are not taken yet."""
    _fields: list[str] = field(default_factory=list)
    _count: int = 0

    def read(self, node: "_Element") -> str:
        """The text, line breaks as such, other space as one space."""
        lines = "".join(self._pieces(node)).split("\n")
        return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))

    def _pieces(self, node: "_Element") -> Iterator[str]:
        for child in node:
            name = local(child)
            if name == "t":
                if not self._in_page_number():
                    yield (child.text or "").replace("\n", " ")
            elif name == "r":
                if not _is_hidden(child):
                    yield from self._pieces(child)
            elif name == "instrText" and self._fields:
                self._fields[-1] += child.text or ""
            elif name in _SKIPPED or not name:
                continue
            elif name in _CHARACTERS:
                yield _CHARACTERS[name]
            else:
                yield from self._rarer(child, name)

    def _rarer(self, child: "_Element", name: str) -> Iterator[str]:
        if name == "br":
            yield "\n" if value(child, "type") in ("", "textWrapping") else " "
        elif name == "sym":
            yield _symbol(child)
        elif name == "fldChar":
            self._field(value(child, "fldCharType"))
        elif name == "fldSimple":
            if not value(child, "instr").strip().upper().startswith(_PAGE_FIELDS):
                yield from self._pieces(child)
        elif name in ("footnoteReference", "endnoteReference"):
            self._count += 1
            self.notes.append((name.removesuffix("Reference"), value(child, "id")))
            yield f"[{self._count}]"
        elif name == "AlternateContent":
            # The fallback repeats the choice for older programs.
            chosen = next((c for c in child if local(c) in ("Choice", "Fallback")), None)
            if chosen is not None:
                yield from self._pieces(chosen)
        elif name == "txbxContent":
            self.boxes.append(child)
        else:
            yield from self._pieces(child)

    def _field(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append("")
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _in_page_number(self) -> bool:
        return bool(self._fields) and self._fields[-1].strip().upper().startswith(_PAGE_FIELDS)

    def take_notes(self) -> "list[tuple[int, str, str]]":
        """Number, kind and id of the notes since the last call."""
        first = self._count - len(self.notes) + 1
        taken = [(first + at, kind, key) for at, (kind, key) in enumerate(self.notes)]
        self.notes = []
        return taken

    def take_boxes(self) -> "list[_Element]":
        """The text boxes since the last call."""
        taken, self.boxes = self.boxes, []
        return taken


def _symbol(node: "_Element") -> str:
    """Private characters of symbol fonts have no meaning without the font."""
    code = value(node, "char")
    number = int(code, 16) if re.fullmatch("[0-9a-fA-F]{1,4}", code) else 0
    return chr(number) if 32 <= number < 0xD800 else ""


def _is_hidden(run: "_Element") -> bool:
    hidden = run.find("{*}rPr/{*}vanish")
    return hidden is not None and value(hidden) not in _OFF


def is_bold(paragraph: "_Element", style_bold: bool) -> bool:
    """Whether all of its text is bold."""
    runs = [
        r for r in paragraph.iter("{*}r") if "".join(t.text or "" for t in r.iter("{*}t")).strip()
    ]

    def bold(run: "_Element") -> bool:
        mark = run.find("{*}rPr/{*}b")
        return style_bold if mark is None else value(mark) not in _OFF

    return bool(runs) and all(bold(run) for run in runs)
