"""Plain text → elements: paragraphs, list items, and the few headings that can be told.

A heading is a short paragraph in capitals, or one that begins with "Chapter 3" or "2.1 Name", with
text below it. Wrapped lines are joined; short lines stay lines, so that each can be quoted.
"""

import re
from statistics import median
from typing import TYPE_CHECKING

from ingest.parse.elements import make

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_ITEM = re.compile(r"\s*(?:[•●▪◦*+–—-]|\d{1,3}[.)]|[a-zа-я]\))\s+(?=\S)")
_BULLET = re.compile(r"\s*[•●▪◦*+–—-]\s+")
_HEADING = re.compile(
    r"(?:chapter|section|part|appendix|глава|раздел|часть|приложение)\s+[\divxlc]+\b|"
    r"\d{1,2}(?:\.\d{1,2})*\.?\s+[A-ZА-ЯЁ]",
    re.IGNORECASE,
)
_UNDERLINE = re.compile(r"\s*([=\-~^])\1{2,}\s*")
_RULE = re.compile(r"[\s\-=_*~+#.·•–—]{4,}")
"""A line drawn across the page."""
_QUESTION = re.compile(r"\d{1,2}(?:\.\d{1,2})+\.?\s+[A-ZА-ЯЁ].*\?")
"""A numbered question, as the headings of an FAQ are."""
_WRAPPED = 45
"""Paragraphs whose lines (the last left out) are at least this long in the median are joined."""


def parse_plain(text: str) -> "list[Element]":
    """Elements of a plain text; headings have no deeper levels than 0 and 1."""
    paragraphs = [p for p in re.split(r"\n[ \t\f]*\n|\f", text.strip("\n")) if p.strip()]
    found: list[Element] = []
    for index, paragraph in enumerate(paragraphs):
        lines = [line.rstrip() for line in paragraph.split("\n") if line.strip()]
        lines = _without_rules(lines)
        if not lines:
            continue
        lines, title = _take_title(lines, last=index + 1 == len(paragraphs))
        if title:
            deep = bool(re.match(r"\d+\.\d", title))
            found.append(make("Title", title, depth=int(deep)))
        found += _body(lines)
    return found


def _without_rules(lines: list[str]) -> list[str]:
    """Drawn lines are left out, but for one below a heading, which says that it is one."""
    return [
        line
        for at, line in enumerate(lines)
        if not _RULE.fullmatch(line) or (at == 1 and _UNDERLINE.fullmatch(line))
    ]


def _take_title(lines: list[str], *, last: bool) -> tuple[list[str], str]:
    """The lines without their heading, and the heading."""
    first = lines[0].strip()
    if len(lines) > 1 and _UNDERLINE.fullmatch(lines[1]) and len(first) <= 100:
        return lines[2:], first
    if len(lines) == 1 and not last and len(first) <= 120 and _QUESTION.fullmatch(first):
        return [], first
    if len(lines) > 1 or last or len(first) > 80 or first[-1] in ".,;:!?" or " | " in first:
        return lines, ""
    capitals = first.isupper() and sum(c.isalpha() for c in first) >= 4
    return ([], first) if capitals or _HEADING.match(first) else (lines, "")


def _body(lines: list[str]) -> "list[Element]":
    found: list[Element] = []
    for part in _parts(lines):
        item = _ITEM.match(part[0])
        wrapped = len(part) > 1 and (
            item is not None or median(len(line) for line in part[:-1]) >= _WRAPPED
        )
        text = " ".join(p.strip() for p in part) if wrapped else "\n".join(p.strip() for p in part)
        if item:
            found.append(make("ListItem", _BULLET.sub("", text, count=1)))
        else:
            found.append(make("NarrativeText", text))
    return found


def _parts(lines: list[str]) -> list[list[str]]:
    """List items apart from each other and from the text before them."""
    parts: list[list[str]] = []
    for line in lines:
        if not parts or _ITEM.match(line):
            parts.append([line])
        else:
            parts[-1].append(line)
    return parts
