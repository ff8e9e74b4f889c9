"""A sentence or table row of a passage as a candidate for an extractive answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.types import Passage

SIMILARITY_WEIGHT = 4.0
RANK_WEIGHT = 0.03
KIND_WEIGHT = 0.1
WEAK = 1.0
"""Taken off where a sentence only points to another place."""


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence that is quoted, by its offsets into the chunk text and as it is read."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a passage as a candidate for the answer."""

    rank: int
    """Of its passage, from 0."""
    passage: Passage
    start: int
    end: int
    """Offsets into the passage's chunk text."""
    text: str
    """As it is read: blanks collapsed; a table row with the names of its columns."""
    coverage: float
    """Share of the question's content terms, 0..1."""
    told: float = 0.0
    """The same, rare terms weighing more, those in what it stands under or after half, 0..1."""
    similarity: float = 0.0
    """Cosine of question and sentence."""
    table: tuple[str, ...] = ()
    """Of a row: its document and the names of its columns; empty for a sentence."""
    named: frozenset[str] = frozenset()
    """Of a row: the question's terms in its cells."""
    cells: tuple[tuple[str, str], ...] = ()
    """Of a row: names of columns and cells, those that are read."""
    before: tuple[Part, ...] = ()
    """What it leans on, in order: the sentences before it, the line that leads into its list."""
    after: tuple[Part, ...] = ()
    """Of a line that leads into a list: the items."""
    whole: tuple[Part, ...] = ()
    """Where a list is asked for: the list that it is an item of."""
    also: tuple[tuple[Passage, int, int], ...] = ()
    """Other places that say the same."""
    kind: float = 0.0
    """Whether it holds the kind of answer that is asked for (`rag/extract_kind.py`), -1, 0 or 1."""
    weak: bool = False
    """It only points to another place."""

    @property
    def score(self) -> float:
        score = self.told + SIMILARITY_WEIGHT * self.similarity - RANK_WEIGHT * self.rank
        return score + KIND_WEIGHT * self.kind - WEAK * self.weak

    @property
    def parts(self) -> Sequence[Part]:
        """All that is quoted, in order."""
        return (*self.before, Part(self.start, self.end, self.text), *self.after)
