"""What an answer is made of: sentences, citations, the events it is streamed as. Frozen."""

from dataclasses import dataclass
from enum import StrEnum

from rag.types import Box, Passage


class Support(StrEnum):
    """How well the cited passages support a sentence."""

    QUOTED = "quoted"
    """The sentence stands in the passage word for word."""
    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Citation:
    """What a `[number]` in an answer points at."""

    number: int
    """From 1, in the order of first mention."""
    passage: Passage
    quote: str
    """The supporting span, verbatim from `passage.chunk.text`."""
    boxes: tuple[Box, ...] = ()
    support: Support = Support.SUPPORTED


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, already checked against the passages it cites."""

    text: str
    """Without the `[n]` marks."""
    citations: tuple[int, ...] = ()
    """Numbers of `Answer.citations`."""
    support: Support = Support.SUPPORTED
    table: tuple[tuple[str, str], ...] = ()
    """Of a table row: the names of its columns with its cells, to be shown as a small table."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Passages that contradict each other about what was asked."""

    sentences: tuple[Sentence, ...]
    """What each says, the newest valid document first; each with its own citation."""
    about: str = ""
    """What they disagree on, in the words of the documents; may be empty."""


class Mode(StrEnum):
    """How an answer came to be."""

    WRITTEN = "written"
    """By a language model, each sentence verified."""
    EXTRACTIVE = "extractive"
    """Sentences quoted verbatim from the documents."""
    REFUSED = "refused"
    CLARIFY = "clarify"
    """Not answered yet: the asker is to say which of `Answer.choices` is meant."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the asker reads. `refused` answers have no citations but may have `closest`."""

    question: str
    language: str
    """`en` or `ru`: the language that the question was asked in."""
    mode: Mode
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    closest: tuple[Passage, ...] = ()
    """On refusal: the passages that came closest."""
    searched: int = 0
    """How many documents this principal could have been answered from."""
    notice: str = ""
    """A code for the pages to translate, e.g. `model_unavailable`, `model_interrupted`."""
    trace_id: str = ""
    """32 hex digits."""
    search: str = ""
    """What was searched for, where that is not the question itself."""
    filter: str = ""
    """The words of the question that limited the search to some documents."""
    unanswered: tuple[str, ...] = ()
    """Parts of a compound question that nothing was found for."""
    missing: tuple[str, ...] = ()
    """On refusal: names and codes of the question that no passage found has."""
    choices: tuple[str, ...] = ()
    """With CLARIFY: what may be meant, each a whole question."""
    disagreements: tuple[Disagreement, ...] = ()
    confidence: float = 0.0
    """Estimated probability that what was found answers, before anything is said."""
    owners: tuple[str, ...] = ()
    """On refusal: whom to ask, owners of the closest documents first."""

    @property
    def refused(self) -> bool:
        return self.mode is Mode.REFUSED

    @property
    def text(self) -> str:
        """The sentences with their `[n]` marks, joined by blanks."""
        return " ".join(
            sentence.text + "".join(f" [{n}]" for n in sentence.citations)
            for sentence in self.sentences
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    answer: str
    asked_back: bool = False
    """The answer was a clarifying question (Mode.CLARIFY)."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """First event of an answer: what the retriever found, best first."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One verified sentence, as soon as it may be shown, with the citations it refers to."""

    sentence: Sentence
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """Last event, always sent: the whole answer, which replaces what was streamed."""

    answer: Answer


Event = Retrieved | Said | Answered
