"""An answerer that plays a readable queue of replies, for what a real one does seldom."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from rag.answers import (
    Answer,
    Answered,
    Citation,
    Event,
    Mode,
    Retrieved,
    Said,
    Sentence,
    Support,
    Turn,
)
from rag.types import Chunk, Document, Passage, Principal, State, chunk_id, document_id


@dataclass
class ScriptedAnswerer:
    """Each question takes the next reply; an exception in a reply is raised at its place."""

    replies: list[list[Event | Exception]]
    asked: list[tuple[str, Principal, tuple[Turn, ...], str]] = field(default_factory=list)

    def ask(
        self, question: str, principal: Principal, history: Sequence[Turn] = (), session: str = ""
    ) -> Generator[Event, None, None]:
        self.asked.append((question, principal, tuple(history), session))
        for event in self.replies.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event


def passage(
    name: str, text: str, page: int = 0, groups: tuple[str, ...] = ("everyone",)
) -> Passage:
    """A passage of a document that is in no catalogue."""
    identifier = document_id(name)
    document = Document(identifier, name, "0" * 64, "text/plain", "v1", groups, state=State.READY)
    chunk = Chunk(chunk_id(identifier, "v1", 0), identifier, "v1", 0, text, (), page, page)
    return Passage(chunk, document, 0.9, 0.8)


def quotes(question: str, *found: Passage, language: str = "en", notice: str = "") -> list[Event]:
    """The events of an extractive answer: the whole text of each passage, cited."""
    citations = tuple(
        Citation(number, p, p.chunk.text, (), Support.QUOTED) for number, p in enumerate(found, 1)
    )
    sentences = tuple(Sentence(c.quote, (c.number,), Support.QUOTED) for c in citations)
    answer = Answer(
        question, language, Mode.EXTRACTIVE, sentences, citations, searched=3, notice=notice
    )
    said = [Said(s, (c,)) for s, c in zip(sentences, citations, strict=True)]
    return [Retrieved(found), *said, Answered(answer)]


def refusal(question: str, *closest: Passage, searched: int = 3) -> list[Event]:
    """The events of a refused question."""
    answer = Answer(question, "en", Mode.REFUSED, closest=closest, searched=searched)
    return [Retrieved(closest), Answered(answer)]
