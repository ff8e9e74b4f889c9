"""Read a source: front matter (key: value lines between ---) and a small subset of Markdown.

The subset is headings, paragraphs, flat lists, pipe tables, **bold** and `code`. Nested lists,
links and images are not known here.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["heading", "paragraph", "bullets", "numbers", "table"]
_ITEM = re.compile(r"^(?:- |(\d+)\. )(.*)$")
_MARKS = re.compile(r"\*\*|`")


@dataclass(frozen=True)
class Block:
    """One block; `lines` holds the heading, the paragraph or the items, `rows` a table's cells."""

    kind: Kind
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    level: int = 0

    @property
    def text(self) -> str:
        return " ".join(self.lines)


@dataclass(frozen=True)
class Source:
    """A document: its front matter, its body as written, and the body's blocks."""

    meta: dict[str, str]
    body: str
    blocks: tuple[Block, ...]

    @property
    def title(self) -> str:
        return self.meta["title"]

    @property
    def name(self) -> str:
        return self.meta["file"]

    @property
    def russian(self) -> bool:
        return self.meta["language"] == "ru"

    @property
    def groups(self) -> list[str]:
        return [group.strip() for group in self.meta.get("groups", "everyone").split(",")]


def plain(text: str) -> str:
    """The text without marks for bold and code."""
    return _MARKS.sub("", text)


def read_source(path: Path) -> Source:
    """Raises ValueError, naming the file, when the front matter is missing or incomplete."""
    parts = path.read_text(encoding="utf-8").split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise ValueError(f"{path}: no front matter; begin the file with --- lines")
    pairs = (line.split(":", 1) for line in parts[1].splitlines() if line.strip())
    meta = {key.strip(): value.strip() for key, value in pairs}
    missing = {"file", "format", "title", "language", "date"} - meta.keys()
    if missing:
        raise ValueError(f"{path}: the front matter lacks {', '.join(sorted(missing))}")
    body = parts[2].lstrip("\n")
    raw = meta["format"] in ("txt", "eml")
    return Source(meta, body, () if raw else tuple(read_blocks(body)))


def read_blocks(body: str) -> list[Block]:
    """The blocks of a body; blocks are separated by blank lines, headings stand alone."""
    separated = re.sub(r"^(#+ .*)$", r"\n\1\n", body, flags=re.MULTILINE)
    chunks = (chunk.splitlines() for chunk in re.split(r"\n\s*\n", separated) if chunk.strip())
    return [_block([line.strip() for line in lines if line.strip()]) for lines in chunks]


def _block(lines: list[str]) -> Block:
    first = lines[0]
    if first.startswith("#"):
        marks, text = first.split(" ", 1)
        return Block("heading", (text.strip(),), level=len(marks))
    if first.startswith("|"):
        rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
        return Block(
            "table", rows=tuple(row for row in rows if not re.fullmatch(r"[-: ]+", row[0]))
        )
    item = _ITEM.match(first)
    if item is None:
        return Block("paragraph", (" ".join(lines),))
    items: list[str] = []
    for line in lines:
        found = _ITEM.match(line)
        if found:
            items.append(found.group(2))
        else:
            items[-1] += f" {line}"
    return Block("numbers" if item.group(1) else "bullets", tuple(items))
