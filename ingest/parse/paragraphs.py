"""Lines of a column → blocks: paragraphs, list items, headings-to-be; hyphens taken out.

A block never spans a column or a page. Words cut at a line's end are joined; the hyphen stays
where the document writes the word with one elsewhere and never without.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from ingest.parse.layout import Line
from ingest.parse.pdf_chars import HYPHENS, Rect

_BULLET = re.compile(r"(?:[•●▪▫◦‣∙·■□►➢✓]|[\ue000-\uf8ff\ufffd]|[o*–—-](?=\s))\s*(?=\S)")
_NUMBER = re.compile(
    r"(?:\d{1,2}[.)]|\(?[a-zа-яA-ZА-Я]\)|\(?[ivx]{1,4}[.)]|\[\d+\])(?=\s)|\d{1,2}\.\d+\.?(?=\s)"
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CUT = re.compile(rf"([^\W\d_]+(?:-[^\W\d_]+)*)(?:[{HYPHENS}]|[-‐])$")
_CUT_ENDS = (*HYPHENS, "-", "‐")
_SINGLE = re.compile(r"\d{1,2}|[a-z]")
_UNSHOWN = re.compile("[\x02\ufffe]")
_ENDS = ".!?:;…。"


@dataclass(slots=True)
class Block:
    """Lines that belong together. `kind` is `text`, `item` or `table`; `rows` only of tables."""

    lines: list[Line]
    kind: str = "text"
    rows: list[list[str]] = field(default_factory=list)
    rect: Rect = (0.0, 0.0, 0.0, 0.0)
    page: int = 0
    """From 1."""
    text: str = ""
    depth: int | None = None
    """Of a heading, from 0."""

    @property
    def style(self) -> tuple[float, bool]:
        """Size of the first line, and whether all is bold."""
        return self.lines[0].size, all(line.bold for line in self.lines)


def blocks(lines: Sequence[Line]) -> list[Block]:
    """One column's lines as blocks, in order."""
    if not lines:
        return []
    right = max(line.rect[2] for line in lines)
    left = min(line.rect[0] for line in lines)
    leading = _leading(lines)
    found: list[Block] = []
    for line in lines:
        item = _is_item(line)
        if found and not item and _continues(found[-1], line, left, right, leading):
            found[-1].lines.append(line)
        else:
            found.append(Block([line], "item" if item else "text"))
    for block in found:
        rects = [line.rect for line in block.lines]
        block.rect = around(rects)
    return found


def _is_item(line: Line) -> bool:
    if _BULLET.match(line.text) or _NUMBER.match(line.text):
        return True
    return len(line.segments) > 1 and _SINGLE.fullmatch(line.segments[0].text) is not None


def around(rects: Sequence[Rect]) -> Rect:
    """The smallest rectangle around rectangles."""
    return (
        min(r[0] for r in rects),
        min(r[1] for r in rects),
        max(r[2] for r in rects),
        max(r[3] for r in rects),
    )


def vocabulary(lines: Iterable[str]) -> frozenset[str]:
    """Words of a document, case-folded, those cut at a line's end left out."""
    words: set[str] = set()
    for line in lines:
        cut = _cut(line)
        words.update(map(str.casefold, _WORD.findall(line[: cut.start()] if cut else line)))
    return frozenset(words)


def join(lines: Iterable[str], words: frozenset[str]) -> str:
    """Lines as one text, with the words that were cut at a line's end made whole."""
    text = ""
    for line in lines:
        cut = _cut(text)
        rest = _WORD.match(line)
        whole = cut.group(1) + (rest.group() if rest else "") if cut else ""
        if cut and (line[:1].islower() or whole.casefold() in words):
            hyphenated = f"{cut.group(1)}-{rest.group() if rest else ''}"
            keep = whole.casefold() not in words and hyphenated.casefold() in words
            text = text[: cut.end(1)] + ("-" if keep else "") + line
        else:
            text = f"{_show_hyphen(text)} {line}" if text else line
    return _show_hyphen(text).replace("\u00ad", "")


def _cut(text: str) -> re.Match[str] | None:
    """The word cut at the text's end; group 1 is without the hyphen."""
    # Without these two limits the pattern is tried at every letter of a long text.
    return _CUT.search(text, text.rfind(" ") + 1) if text.endswith(_CUT_ENDS) else None


def strip_bullet(text: str) -> str:
    """Without the bullet; numbers stay."""
    return _BULLET.sub("", text, count=1) if _BULLET.match(text) else text


def _show_hyphen(text: str) -> str:
    return _UNSHOWN.sub("-", text)


def _leading(lines: Sequence[Line]) -> float:
    steps = [
        a.segments[0].base - b.segments[0].base for a, b in pairwise(lines) if a.size == b.size
    ]
    steps = [step for step in steps if step > 0]
    return median(steps) if steps else 1.2 * lines[0].size


def _continues(block: Block, line: Line, left: float, right: float, leading: float) -> bool:
    """Whether `line` goes on with `block`."""
    before = block.lines[-1]
    size = before.size
    if abs(line.size - size) > 0.08 * size or line.bold != before.bold:
        return False
    step = before.segments[0].base - line.segments[0].base
    if step > max(1.25 * min(leading, 2 * size), 1.35 * size) or step < 0:
        return False
    if line.text[0].islower():
        return True
    short = before.rect[2] < right - 0.15 * (right - left)
    if short and before.text[-1] in _ENDS:
        return False
    indent = line.rect[0] - before.rect[0]
    if block.kind == "item":
        return indent > -0.3 * size or not (short or before.text[-1] in _ENDS)
    return not (indent > 0.8 * size and before.text[-1] in _ENDS and len(block.lines) > 1)
