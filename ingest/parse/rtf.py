"""RTF → elements, by a small reader of its own (RTF 1.9.1): text, headings, lists, tables, notes.

Each byte is decoded by the code page of its font, so that Russian texts of old programs come out
right. Deleted and hidden text, pictures and embedded objects are left out. Does not know styles
but "heading N", and no positions.
"""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.parse.elements import make, paragraph, table
from ingest.parse.rtf_words import CHARACTERS, CHARSETS, KEPT, SKIPPED, TARGETS, TOKEN, Rows
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_DEEPEST = 500


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and gives back at its end."""

    target: str = "body"
    font: int = -1
    skip_unicode: int = 1
    hidden: bool = False


@dataclass
class _Reader:
    """Goes through the tokens; `text` is the paragraph so far."""

    codepage: str = "cp1252"
    state: _State = field(default_factory=_State)
    stack: list[_State] = field(default_factory=list)
    fonts: dict[int, str] = field(default_factory=dict)
    styles: dict[int, int] = field(default_factory=dict)
    found: "list[Element]" = field(default_factory=list)
    running: "dict[tuple[str, str], None]" = field(default_factory=dict)
    text: list[str] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    """Bytes that wait for the rest of their character."""
    notes: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    """Text of a note, header, footer or style name."""
    skip: int = 0
    """Characters that stand for a Unicode one in programs that do not know it."""
    star: bool = False
    level: int | None = None
    item: bool = False
    in_table: bool = False
    style: int = -1
    table: Rows = field(default_factory=Rows)

    def feed(self, data: bytes) -> None:
        """Read all of `data`."""
        at = 0
        while at < len(data):
            match = TOKEN.match(data, at)
            if match is None:
                break
            at = match.end()
            word, number, code, symbol, brace, plain = match.groups()
            if plain is not None:
                self._bytes(plain)
            elif code is not None:
                self._bytes(bytes([int(code, 16)]))
            elif brace == b"{":
                self._open()
            elif brace == b"}":
                self._close()
            elif word is not None:
                value = int(number) if number else None
                if word == b"bin":
                    at += max(value or 0, 0)
                else:
                    self._word(word.decode("ascii"), value)
            elif symbol is not None:
                self._symbol(symbol)
        self._end_paragraph()
        self._end_table()

    def _open(self) -> None:
        self._decode()
        if len(self.stack) >= _DEEPEST:
            raise ValueError
        self.stack.append(self.state)
        self.star = False

    def _close(self) -> None:
        self._decode()
        before = self.state.target
        self.state = self.stack.pop() if self.stack else self.state
        self.star, self.skip = False, 0
        if before == self.state.target:
            return
        aside = " ".join("".join(self.aside).split())
        if before == "note" and aside:
            self.notes.append(aside)
            self.text.append(f"[{len(self.notes)}]")
        elif before in ("header", "footer") and aside:
            self.running[before, aside] = None
        elif before == "item":
            self.item = True
            if re.match(r"\(?[\w.]{1,9}[.)]", aside):
                self.text.append(f"{aside} ")
        elif before == "style":
            heading = re.match(r"(?:heading|заголовок)\s*([1-9])", aside, re.IGNORECASE)
            if heading:
                self.styles[self.style] = int(heading.group(1)) - 1
        if before in ("note", "header", "footer", "item", "style"):
            self.aside = []

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self.star = True
        elif symbol in b"\\{}":
            self._bytes(symbol)
        elif symbol == b"~":
            self._put("\u00a0")
        elif symbol == b"_":
            self._put("-")
        elif symbol in b"\r\n":
            self._word("par", None)

    def _bytes(self, data: bytes) -> None:
        taken = min(self.skip, len(data))
        self.skip -= taken
        self.raw += data[taken:]

    def _decode(self) -> None:
        if self.raw:
            page = self.fonts.get(self.state.font, self.codepage)
            data, self.raw = bytes(self.raw), bytearray()
            try:
                self._put(data.decode(page, "replace"))
            except LookupError:
                self._put(data.decode("cp1252", "replace"))

    def _put(self, text: str) -> None:
        target = self.state.target
        if target == "skip" or self.state.hidden:
            return
        (self.text if target == "body" else self.aside).append(text)

    def _word(self, word: str, value: int | None) -> None:
        if word == "u":
            self._unicode(value or 0)
            return
        self._decode()
        self.skip = 0
        if self._destination(word):
            return
        if word in CHARACTERS:
            self._put(CHARACTERS[word])
        elif word in ("par", "sect", "page"):
            self._end_paragraph() if self.state.target == "body" else self._put("\n")
        elif word in ("cell", "nestcell") and self.state.target == "body":
            self.table.cells.append(self._take())
        elif word in ("row", "nestrow") and self.state.target == "body":
            self._end_row()
        else:
            self._property(word, value)

    def _unicode(self, value: int) -> None:
        self._decode()
        code = value % 65536
        # Characters beyond the first plane come as two halves, put together at the end.
        self._put(chr(code))
        self.skip = self.state.skip_unicode

    def _destination(self, word: str) -> bool:
        star, self.star = self.star, False
        if self.state.target == "skip":
            return True
        if word in TARGETS:
            self.state = replace(self.state, target=TARGETS[word])
            self.aside = []
        elif word in SKIPPED or (star and word not in KEPT):
            style = word in ("cs", "ts", "ds") and self.state.target in ("styles", "style")
            self.state = replace(self.state, target="skip" if not style else "style")
        else:
            return False
        return True

    def _property(self, word: str, value: int | None) -> None:
        on = value is None or value != 0
        if word == "f":
            self.state = replace(self.state, font=value or 0)
        elif word == "fcharset" and value in CHARSETS:
            # Symbol fonts (2) have no letters; the document's code page holds for the rest.
            if value != 0:
                self.fonts[self.state.font] = CHARSETS[value]
        elif word == "cpg" and value:
            self.fonts[self.state.font] = f"cp{value}"
        elif word == "ansicpg" and value:
            self.codepage = "utf-8" if value == 65001 else f"cp{value}"
        elif word in ("mac", "pc", "pca"):
            self.codepage = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
        elif word == "uc":
            self.state = replace(self.state, skip_unicode=max(value or 0, 0))
        elif word == "plain":
            self.state = replace(self.state, hidden=False)
        elif word in ("v", "deleted"):
            self.state = replace(self.state, hidden=on)
        else:
            self._layout(word, value)

    def _layout(self, word: str, value: int | None) -> None:
        if self.state.target in ("styles", "style"):
            if word == "s" and value is not None:
                self.style, self.aside = value, []
                self.state = replace(self.state, target="style")
        elif word == "pard":
            self.level, self.item, self.in_table = None, False, False
        elif word == "intbl":
            self.in_table = True
        elif word == "outlinelevel" and value is not None and 0 <= value < 9:
            self.level = value
        elif word == "s" and value in self.styles:
            self.level = self.styles[value]
        else:
            self.table.define(word)

    def _take(self) -> str:
        """The paragraph so far, and the notes that it refers to stay for later."""
        text = "".join(self.text)
        self.text = []
        if any("\ud800" <= c <= "\udfff" for c in text):
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        lines = (" ".join(line.split()) for line in text.replace("\x00", "").split("\n"))
        return "\n".join(filter(None, lines))

    def _end_paragraph(self) -> None:
        self._decode()
        if self.in_table and self.text:
            self.text.append("\n")
            return
        text = self._take()
        if not self.in_table:
            self._end_table()
        if not text:
            return
        if self.level is not None:
            self.found.append(make("Title", " ".join(text.split("\n")), depth=self.level))
        elif self.item:
            self.found.append(make("ListItem", text, depth=0))
        else:
            self.found += paragraph(text)
        if not self.in_table:
            self._put_notes()

    def _put_notes(self) -> None:
        pending = [(n, text) for n, text in enumerate(self.notes, start=1) if text]
        for number, text in pending:
            self.found.append(make("NarrativeText", f"[{number}] {text}"))
        self.notes = [""] * len(self.notes)

    def _end_row(self) -> None:
        self._decode()
        if "".join(self.text).strip():
            self.table.cells.append(self._take())
        self.text = []
        self.table.end_row()

    def _end_table(self) -> None:
        if self.table.cells:
            self._end_row()
        rows = self.table.take()
        if rows:
            self.found.append(table(rows))
            self._put_notes()


def parse_rtf(path: Path, name: str) -> "list[Element]":
    """Raises:
    RejectedFile: damaged.
    """
    try:
        return parse_rtf_bytes(path.read_bytes())
    except ValueError:
        raise RejectedFile(f"{name}: the file is damaged. Save it again in Word.") from None


def parse_rtf_bytes(data: bytes) -> "list[Element]":
    """Elements of RTF. ValueError: groups within groups beyond all reason."""
    reader = _Reader()
    reader.feed(data)
    running = [make(kind.capitalize(), text) for kind, text in reader.running]
    return [*reader.found, *running]
