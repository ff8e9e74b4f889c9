"""Question sets as documents again, for comparing chunkings (`ingest/bench/chunks.py`).

The sets of `../shared/eval` are cut into sections. Here the sections of one source become a
document: their headings as Title elements, their texts through the product's own Markdown
reader. A heading that is asked for was taken out of the set; a neutral one stands in its place,
so that the document keeps its structure and no answer is given away. A chunk is judged by how
much of it comes from the section that answers (`Page.share`).
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.parse.elements import make
from ingest.parse.markup import parse_markdown
from rag.text import normalize

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

SEED = 7
TAKEN_OUT = "§"
"""In place of a heading that a question asks for."""
PAGES = {"handbook-18f": (None, 60), "techdocs-en-ru": (40, 20)}
"""Of a large set: how many sources with answers (None: all), and how many without."""
_SHORTEST = 12
"""Letters and digits of a line by which its place in the document is found."""


@dataclass(slots=True)
class Page:
    """One document of a set."""

    name: str
    elements: "list[Element]" = field(default_factory=list)
    folded: str = ""
    """Letters and digits of its sections."""
    sections: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Row id: offsets in `folded`."""

    def share(self, text: str, row: str) -> bool:
        """Whether half of the row stands in `text`, or half of `text` is of the row."""
        start, end = self.sections[row]
        inside = total = 0
        for line in text.split("\n"):
            folded = fold(line)
            total += len(folded)
            at = self._place(folded, start, end)
            if at >= 0:
                inside += max(0, min(end, at + len(folded)) - max(start, at))
        return inside > 0 and 2 * inside >= min(end - start, total)

    def _place(self, folded: str, start: int, end: int) -> int:
        """Where a line stands; inside the row if it stands there too. -1 for short lines."""
        if len(folded) < _SHORTEST:
            return -1
        at = self.folded.find(folded, max(0, start - len(folded)), end + len(folded))
        return at if at >= 0 else self.folded.find(folded)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question; `gold` is the section that answers, on `page`."""

    question: str
    answers: tuple[str, ...]
    gold: str
    page: str
    language: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A set as documents."""

    name: str
    pages: dict[str, Page]
    questions: tuple[Asked, ...]


def fold(text: str) -> str:
    """Letters and digits of the comparison form."""
    return "".join(char for char in normalize(text) if char.isalnum())


def rebuild(folder: Path) -> Rebuilt:
    """The set in `folder`, large ones as a seeded sample."""
    rows = [row for file in sorted(folder.glob("corpus*.jsonl")) for row in _lines(file)]
    source = {row["id"]: _source(row) for row in rows}
    asked = [
        Asked(q["question"], tuple(q["answers"]), gold, source[gold], q.get("lang", ""))
        for q in _lines(folder / "questions.dev.jsonl")
        for gold in q["gold_ids"][:1]
        if gold in source
    ]
    wanted = _sample(folder.name, list(dict.fromkeys(source.values())), {q.page for q in asked})
    taken_out = {q.gold for q in asked}
    pages = {name: Page(name) for name in wanted}
    path: dict[str, list[str]] = {}
    for row in rows:
        page = pages.get(source[row["id"]])
        if page is not None:
            path[page.name] = _add(page, row, path.get(page.name, []), row["id"] in taken_out)
    questions = tuple(q for q in asked if q.page in pages)
    return Rebuilt(folder.name, pages, questions)


def _sample(name: str, sources: list[str], answering: set[str]) -> set[str]:
    if name not in PAGES:
        return set(sources)
    with_answers, others = PAGES[name]
    choose = random.Random(SEED)  # noqa: S311
    first = sorted(answering)
    rest = sorted(set(sources) - answering)
    kept = first if with_answers is None else choose.sample(first, with_answers)
    return {*kept, *choose.sample(rest, min(others, len(rest)))}


def _source(row: dict[str, Any]) -> str:
    """The document that the section is of; without one, the title names it (XQuAD)."""
    return str(row.get("source") or row["title"])


def _add(page: Page, row: dict[str, Any], before: Sequence[str], taken_out: bool) -> list[str]:
    """Append one section with its headings; the path of headings that it stands under."""
    titles: list[str] = row["title"].split(" > ")
    heading = row.get("heading_removed", "")
    if taken_out or (before and titles == list(before) and "source" in row and not heading):
        titles.append(TAKEN_OUT)
    elif heading and heading != titles[-1]:
        titles.append(heading)
    same = 0
    while same < min(len(titles), len(before)) and titles[same] == before[same]:
        same += 1
    if same == len(titles) and titles[-1] == TAKEN_OUT:
        same -= 1
    new = [make("Title", t, depth=d) for d, t in enumerate(titles) if d >= same and t]
    body = [e for e in parse_markdown(row["text"]) if e.text.strip()]
    page.elements += [*new, *body]
    start = len(page.folded)
    page.folded += "".join(fold(element.text) for element in body)
    page.sections[row["id"]] = (start, len(page.folded))
    return titles


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())
