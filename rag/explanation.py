"""What is told of a document and a question: how far the document came, and where it stood.

Knows nothing of how that is found out (`rag/explain.py`).
"""

from dataclasses import dataclass
from enum import IntEnum, auto

from rag.extract import Quote
from rag.refusal import Decision
from rag.types import Chunk, Document
from rag.understand import Understood


class Outcome(IntEnum):
    """How far the document came; each is a filter that removed it, but the last two."""

    NO_ACCESS = auto()
    """The asker is in none of its access groups."""
    UNFINISHED = auto()
    """No version of it has been read yet."""
    NOT_READ = auto()
    """It could not be read, or reading it was stopped (`Document.reason`)."""
    NOT_YET = auto()
    """Its version is not valid yet."""
    EXPIRED = auto()
    """Its version is valid no longer."""
    NO_TEXT = auto()
    """Nothing of the version that answers is in the index."""
    ASKED_BACK = auto()
    """The question may mean several things, so nothing was searched."""
    FILTERED = auto()
    """Words of the question limited the search to other documents."""
    NO_CANDIDATE = auto()
    """None of its chunks is among the best of a half of the search."""
    NOT_FOUND = auto()
    """None is among the best after both halves were joined."""
    NOT_KEPT = auto()
    """None is among the passages kept after ranking."""
    REFUSED = auto()
    """Its passages were looked at, but what was found does not answer."""
    REPEATED = auto()
    """Its passages answer, but say what others say that the language model is given."""
    NO_ROOM = auto()
    """Its passages answer, but the language model's prompt has no room for them."""
    PASSAGE = auto()
    """It is among the passages that answer; no sentence of it was quoted."""
    QUOTED = auto()
    """A sentence of it is in the answer; with a language model: before the model."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the document's best chunk stands in one ranking."""

    rank: int
    """From 1; 0: not among those looked through."""
    depth: int
    """How many of the best go on from here."""
    score: float = 0.0
    """The ranking's own; 0.0 where no chunk took part."""
    chunk: Chunk | None = None

    @property
    def passed(self) -> bool:
        return 0 < self.rank <= self.depth


@dataclass(frozen=True, slots=True)
class PartExplained:
    """What became of the document in the search for one part of the question."""

    question: str
    outcome: Outcome
    dense: Place
    """By meaning: cosine of question and chunk."""
    sparse: Place
    """By words (BM25), among chunks in the question's language."""
    other_language: Place | None
    """By meaning among chunks in other languages than the question's; None: it is in none."""
    terms: tuple[str, ...]
    """Stems of the question that its best chunk by words has."""
    missing: tuple[str, ...]
    """And those that it has not."""
    fused: Place
    """After both halves were joined."""
    ranked: Place
    """After late scoring or a cross-encoder."""
    sentences: tuple[tuple[Quote, bool], ...]
    """Its most promising ones, and whether they are in the answer."""
    decision: Decision


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why `document` stands where it does for a question."""

    document: Document
    outcome: Outcome
    """The furthest that it came in any part."""
    understood: Understood
    """`filter` holds the words that limited the search, unless `filter_dropped`."""
    filter_dropped: bool = False
    parts: tuple[PartExplained, ...] = ()
    """Empty where it could not take part in any search."""
