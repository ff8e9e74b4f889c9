"""Retrieved chunks → the passages to prompt with: joined, without repetition, within a budget.

Chunks of one version of one document that stand next to each other become one passage, and so do
two with one between them, which is fetched. The best passages also get their neighbours in the
same section, where room is left. A passage that says what another says is left out. All that is
missing is read from the store at once, by ids that are made of document and version, so that a
neighbour can be of no other document than the passage that the asker may read.

Does not know what the model's own tokenizer counts: the embedder's counts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.newest import date_of
from rag.store import Store
from rag.table_text import CELL, cells
from rag.text import CountTokens, language_of, normalize
from rag.types import Chunk, Passage, chunk_id

WIDENED = 3
"""Passages that get their neighbours, best first."""
SAME_FROM = 0.9
"""Jaccard similarity of two texts' shingles from which they say the same, facts being equal."""
_SHINGLE = 3
"""Words."""
_REPEATED = 2
"""Lines at a chunk's beginning that repeat its table's caption and header, at most."""
_OVERLAP = range(24, 1000)
"""Characters of a chunk's end that its neighbour may begin with again."""
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_NEGATION = re.compile(
    r"(?:not|no|never|cannot|\w+n't|without|не|нет|нельзя|без|никогда|запрещ\w+)", re.IGNORECASE
)

_Place = tuple[str, str, int]
"""Document id, version, ordinal."""


def join(
    passages: Sequence[Passage], store: Store, budget_tokens: int, count_tokens: CountTokens
) -> list[Passage]:
    """What to put before the model, best first; never more than `budget_tokens`, but always the
    best passage.

    A joined passage has the id, ordinal and scores of its best chunk, the text of all, and their
    pages and boxes. Headings that not all its chunks stand under are lines of its text.
    """
    found = distinct(passages)
    if not found:
        return []
    held = {_place(passage.chunk): passage.chunk for passage in found}
    between, around = _wanted(held, found)
    missing = [place for place in dict.fromkeys([*between, *around]) if place not in held]
    read = {_place(chunk): chunk for chunk in store.get([chunk_id(*place) for place in missing])}
    taken = _fitting(found, held | read, between, around, budget_tokens, count_tokens)
    return _joined(found, taken)


def distinct(passages: Sequence[Passage]) -> list[Passage]:
    """Without passages that say what another says; of two, the newest document's stays, in the
    better place."""
    kept: list[tuple[Passage, _Said]] = []
    for passage in passages:
        said = _Said.by(passage.chunk)
        at = next((at for at, (_, other) in enumerate(kept) if said.same_as(other)), None)
        if at is None:
            kept.append((passage, said))
        elif _date(passage) > _date(kept[at][0]):
            best = kept[at][0]
            kept[at] = (replace(passage, score=best.score, similarity=best.similarity), said)
    return [passage for passage, _ in kept]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a chunk says, to be compared."""

    text: str
    heading: str
    shingles: frozenset[tuple[str, ...]]
    facts: Counter[str]
    """Numbers, words with a capital, negations: texts that differ in these are not the same."""

    @classmethod
    def by(cls, chunk: Chunk) -> "_Said":
        text = normalize(chunk.text)
        words = _WORD.findall(text)
        width = min(_SHINGLE, len(words))
        shingles = frozenset(tuple(words[at : at + width]) for at in range(len(words) - width + 1))
        facts = Counter(
            word.casefold()
            for word in _WORD.findall(chunk.text)
            if word[0].isupper() or _DIGIT.search(word) or _NEGATION.fullmatch(word)
        )
        return cls(text, normalize("".join(chunk.section[-1:])), shingles, facts)

    def same_as(self, other: "_Said") -> bool:
        if self.heading != other.heading:
            return False
        if self.text == other.text:
            return True
        if self.facts != other.facts:
            return False
        shared = len(self.shingles & other.shingles)
        return shared >= SAME_FROM * len(self.shingles | other.shingles)


def _date(passage: Passage) -> tuple[str, str]:
    return date_of(passage.document, passage.chunk.text), passage.document.added_at


def _place(chunk: Chunk) -> _Place:
    return chunk.document_id, chunk.version, chunk.ordinal


def _next(place: _Place, step: int) -> _Place:
    return (*place[:2], place[2] + step)


def _wanted(
    held: Mapping[_Place, Chunk], found: Sequence[Passage]
) -> tuple[list[_Place], list[_Place]]:
    """Places between two held chunks, and those next to the best ones, what follows first."""
    between = [
        _next(place, 1) for place in held if _next(place, 1) not in held and _next(place, 2) in held
    ]
    best = [_place(passage.chunk) for passage in found[:WIDENED]]
    around = [_next(place, step) for place in best for step in (1, -1) if place[2] + step >= 0]
    return between, around


def _fitting(
    found: Sequence[Passage],
    chunks: Mapping[_Place, Chunk],
    between: Sequence[_Place],
    around: Sequence[_Place],
    budget: int,
    count: CountTokens,
) -> dict[_Place, Chunk]:
    """The chunks to use: the retrieved ones first, then what lies between, then neighbours."""
    sizes = dict(zip(chunks, count([c.embedded_text for c in chunks.values()]), strict=True))
    room = budget
    taken: dict[_Place, Chunk] = {}

    def take(place: _Place) -> None:
        nonlocal room
        if place in chunks and place not in taken and sizes[place] <= room:
            room -= sizes[place]
            taken[place] = chunks[place]

    first = _place(found[0].chunk)
    taken[first] = chunks[first]
    room -= sizes[first]
    for passage in found[1:]:
        take(_place(passage.chunk))
    for place in between:
        if _next(place, -1) in taken and _next(place, 1) in taken:
            take(place)
    for place in around:
        if any(_one_section(chunks.get(place), taken.get(_next(place, s))) for s in (1, -1)):
            take(place)
    return taken


def _one_section(one: Chunk | None, other: Chunk | None) -> bool:
    """Whether both stand in one section, or one in a section of the other's."""
    if one is None or other is None:
        return False
    shared = _shared([one, other])
    return one.section == other.section or (bool(shared) and shared in (one.section, other.section))


def _joined(found: Sequence[Passage], taken: Mapping[_Place, Chunk]) -> list[Passage]:
    """Runs of the chunks taken, each in the place of its best passage."""
    run_of = {_place(chunk): run for run in _runs(taken) for chunk in run}
    done: set[_Place] = set()
    joined: list[Passage] = []
    for passage in found:
        place = _place(passage.chunk)
        if place in taken and place not in done:
            done.update(_place(chunk) for chunk in run_of[place])
            joined.append(replace(passage, chunk=_one(passage.chunk, run_of[place])))
    return joined


def _runs(taken: Mapping[_Place, Chunk]) -> Iterator[list[Chunk]]:
    run: list[Chunk] = []
    for place in sorted(taken):
        if run and _next(_place(run[-1]), 1) != place:
            yield run
            run = []
        run.append(taken[place])
    if run:
        yield run


def _one(best: Chunk, run: Sequence[Chunk]) -> Chunk:
    """The chunks of a run as one."""
    if len(run) == 1:
        return best
    section = _shared(run)
    text = ""
    above = section
    for chunk in run:
        new = chunk.section[len(_common(above, chunk.section)) :]
        text = _continued(text, "\n".join([*new, chunk.text]) if new else chunk.text)
        above = chunk.section
    pages = [page for chunk in run for page in (chunk.page_from, chunk.page_to) if page]
    return replace(
        best,
        text=text,
        section=section,
        page_from=min(pages, default=0),
        page_to=max(pages, default=0),
        boxes=tuple(dict.fromkeys(box for chunk in run for box in chunk.boxes)),
        language=language_of(text),
    )


def _shared(chunks: Iterable[Chunk]) -> tuple[str, ...]:
    """The beginning that the section paths of all share."""
    first, *rest = (chunk.section for chunk in chunks)
    for path in rest:
        first = _common(first, path)
    return first


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return one[:same]


def _continued(text: str, following: str) -> str:
    """`text` with what follows it; what `following` repeats of it stands once."""
    if not text:
        return following
    rest = _without_header(text, following)
    if rest == following:
        rest = following[_overlap(text, following) :].lstrip()
        apart = CELL in _last_line(text) and CELL in rest.partition("\n")[0]
        return f"{text}\n\n{rest}" if apart else f"{text}\n{rest}"
    return f"{text}\n{rest}"


def _without_header(text: str, following: str) -> str:
    """`following` without a caption and a header row that `text` ends in a table of."""
    width = len(cells(_last_line(text)))
    lines = following.split("\n")
    for at, line in enumerate(lines[:_REPEATED]):
        if CELL not in line or len(cells(line)) != width:
            continue
        before = text.split("\n")
        if line in before and all(caption in before for caption in lines[:at]):
            rows = before[len(before) - before[::-1].index(line) - 1 :]
            if all(len(cells(row)) == width for row in rows):
                return "\n".join(lines[at + 1 :])
    return following


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2]


def _overlap(text: str, following: str) -> int:
    """How much of the beginning of `following` the end of `text` is, in characters."""
    ends = [m.start() for m in re.finditer(r"\s|$", following[: _OVERLAP.stop])]
    return next(
        (end for end in reversed(ends) if end in _OVERLAP and text.endswith(following[:end])), 0
    )
