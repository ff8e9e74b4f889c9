"""Which blocks of a PDF are headings, and how deep: bookmarks first, then type size and weight.

Depth counts from 0. Where bookmarks name headings, their styles teach the depth of the headings
that no bookmark names. A document without bookmarks or differences in type has no headings.
"""

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

import pypdfium2 as pdfium

from ingest.parse.paragraphs import Block, around
from rag.text import normalize

Style = tuple[float, bool]
_NUMBERING = re.compile(
    r"^(?:(?:chapter|глава|section|раздел|part|часть|appendix|приложение)\s+\w{1,9}[.:]?\s+"
    r"|(?:[\divxlc]+|[a-z](?=[\s.]))[\d.]*[.):]?\s+)"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)+\.?\s+\S")
"""Numbered as a section of a section."""
_CHAPTER = re.compile(
    r"(?:chapter|part|appendix|глава|часть|приложение)(?P<number>\s+\w{1,9}\.?)?", re.IGNORECASE
)
"""A heading that is no more than a number; the title follows as the next."""
_CODE = re.compile(r"[{}<>=\\|]|\s--?\w|://")
_LONGEST = 160
_CAPITALS = re.compile(r"(?:[IVX]{1,5}|\d{1,2}|[A-Z])[.)]\s+\S")
"""A numbered line all in capitals is a heading whatever its type."""
_MUCH_LARGER = 1.4
_LARGER = 1.12
"""A heading in normal weight is at least this much larger than the body."""


def bookmarks(document: pdfium.PdfDocument) -> list[tuple[str, int, int]]:
    """Title, page from 1 (0: unknown) and depth from 0, in order."""
    found = []
    for mark in document.get_toc(max_depth=8):
        target = mark.get_dest()
        index = target.get_index() if target is not None else None
        title = mark.get_title()
        if title.strip():
            found.append((title, -1 if index is None else index, mark.level))
    return [(title, index + 1, depth) for title, index, depth in found]


def mark_headings(blocks: Sequence[Block], marks: Sequence[tuple[str, int, int]]) -> None:
    """Set `depth` on the blocks that are headings."""
    text_blocks = [b for b in blocks if b.kind != "table"]
    if not text_blocks:
        return
    levels = _by_bookmark(text_blocks, marks)
    body = _body_style(text_blocks)
    styles = {b.style for b in text_blocks if b.depth is None and _looks(b, body)}
    styles -= _without_content(blocks, styles - levels.keys(), body)
    unnamed = sorted(styles - levels.keys(), key=lambda s: (-s[0], not s[1]))
    first = max(levels.values()) + 1 if levels else 0
    depths = levels | {style: first + i for i, style in enumerate(unnamed)}
    for block in text_blocks:
        if block.depth is None and block.style in depths and _looks(block, body):
            block.depth = min(depths[block.style], 6)
    _join_chapters(blocks)


def _without_content(
    blocks: Sequence[Block], styles: AbstractSet[Style], body: Style
) -> set[Style]:
    """Styles that mostly stand above one another, as labels and figures in boxes do; a heading
    stands above text."""
    above: dict[Style, list[bool]] = {style: [] for style in styles}
    for block, after in pairwise(blocks):
        if block.kind != "table" and block.style in above and _looks(block, body):
            text = after.kind == "table" or not _looks(after, body)
            above[block.style].append(text and block.page == after.page)
    return {s for s, found in above.items() if len(found) >= 4 and sum(found) < 0.4 * len(found)}


def _join_chapters(blocks: Sequence[Block]) -> None:
    """`Chapter 3` and the title after it become one heading; the first is left without text."""
    for number, title in pairwise(blocks):
        apart = number.depth is None or title.depth is None or number.page != title.page
        bare = _CHAPTER.fullmatch(number.text)
        if not apart and bare and not (bare["number"] and _CHAPTER.fullmatch(title.text)):
            title.text = f"{number.text} {title.text}"
            title.lines = [*number.lines, *title.lines]
            title.rect = around([number.rect, title.rect])
            number.text, number.depth = "", None


def _by_bookmark(
    blocks: Sequence[Block], marks: Sequence[tuple[str, int, int]]
) -> dict[Style, int]:
    """Mark the blocks that bookmarks name; the usual depth of each style among them."""
    wanted: dict[tuple[int, str], int] = {}
    for title, page, depth in marks:
        wanted[page, _key(title)] = depth
    seen: dict[Style, Counter[int]] = {}
    for block in blocks:
        key = _key(block.text)
        level = wanted.get((block.page, key))
        if level is None or not key:
            continue
        block.depth = level
        seen.setdefault(block.style, Counter())[level] += 1
    return {style: depths.most_common(1)[0][0] for style, depths in seen.items()}


def _key(text: str) -> str:
    """What a heading and its bookmark have in common: letters and digits, no numbering."""
    plain = _NUMBERING.sub("", _NUMBERING.sub("", normalize(text)))
    return re.sub(r"\W+", "", plain)


def _body_style(blocks: Sequence[Block]) -> Style:
    styles: Counter[Style] = Counter()
    for block in blocks:
        for line in block.lines:
            styles[line.size, line.bold] += len(line.text)
    return styles.most_common(1)[0][0]


def _looks(block: Block, body: Style) -> bool:
    """Whether the block could be a heading beside text in `body` style."""
    text = block.text
    if len(text) > 2 * _LONGEST:
        return False
    size, bold = block.style
    numbered = _NUMBER.match(text) is not None
    large, larger = size >= _MUCH_LARGER * body[0], size >= _LARGER * body[0]
    roomy = large or (numbered and (bold or larger))
    longest, most_lines = (2 * _LONGEST, 5) if roomy else (_LONGEST, 3)
    if len(text) > longest or len(block.lines) > most_lines:
        return False
    if sum(map(str.isalpha, text)) < max(3, 0.3 * len(text)):
        return False
    if _leads_to_a_page(block) or "://" in text:
        return False
    if text[-1] in ".,;:" and not (
        (bold and text[-1] == ":" and size >= body[0])
        or (numbered and larger and text[-1] == "." and len(text) <= 100)
    ):
        return False
    if larger or (text.isupper() and _CAPITALS.match(text)):
        return True
    starts = text[0].isupper() or text[0].isdigit()
    plain = starts and not _CODE.search(text)
    return plain and bold and not body[1] and size >= 0.95 * body[0] and len(text) <= 100


def _leads_to_a_page(block: Block) -> bool:
    """Whether it is a line of a table of contents."""
    last = block.lines[-1].segments
    return (len(last) > 1 and last[-1].text.isdigit()) or "....." in block.text.replace(" ", "")
