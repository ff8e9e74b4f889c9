"""From an understood question to what was found for it: passages, their best sentences, and the
decision whether they answer. Each part of a compound question is searched and judged by itself.

A filter said in words ("in the 2025 policy") limits the search; where nothing within it answers,
the search is repeated without it, and whoever reads the answer is told.
Does not know what is said of what was found; `rag/answer.py` does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rag import extract
from rag.memo import Memo
from rag.refusal import Decision, Reason, decide, features
from rag.retrieve import Retriever, describe
from rag.trace import Trace
from rag.types import Passage, Principal
from rag.understand import Understood


@dataclass(frozen=True, slots=True)
class Part:
    """What was found for one question."""

    question: str
    passages: Sequence[Passage]
    """Best first."""
    quotes: Sequence[extract.Quote]
    """The most promising sentences of the passages, best first."""
    decision: Decision


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for all parts of a question, at least one."""

    parts: tuple[Part, ...]
    filter: str = ""
    """The words of the question that limited the search; empty where nothing did."""
    filter_dropped: bool = False
    """Nothing within the filter answered, so that everything was searched."""

    @property
    def answered(self) -> tuple[Part, ...]:
        """The parts that can be answered."""
        return tuple(part for part in self.parts if part.decision.answer)

    @property
    def unanswered(self) -> tuple[str, ...]:
        """The questions that cannot."""
        return tuple(part.question for part in self.parts if not part.decision.answer)

    @property
    def passages(self) -> list[Passage]:
        """Of the answered parts, or of all where none is: best of each, then second best, …"""
        return merged([part.passages for part in self.answered or self.parts])

    @property
    def confidence(self) -> float:
        """Of the surest part."""
        return max(part.decision.confidence for part in self.parts)

    @property
    def reason(self) -> Reason:
        """Why the first part that cannot be answered cannot; empty where all can."""
        return next((p.decision.reason for p in self.parts if not p.decision.answer), "")

    @property
    def missing(self) -> tuple[str, ...]:
        """Names, codes and years of the parts not answered that no passage has."""
        return tuple(dict.fromkeys(w for p in self.parts for w in p.decision.missing))


@dataclass(frozen=True, slots=True)
class Finder:
    """Searches for understood questions. Thread-safe."""

    retriever: Retriever
    passages: int
    """Passages kept for each part."""
    asked: str = ""
    """The question as it was asked, where it was understood differently: its form counts too."""
    turns: int = 0
    """Turns of the conversation before it."""

    def find(self, understood: Understood, principal: Principal, trace: Trace) -> Found:
        """What there is for `understood`, as steps of `trace`.

        Raises:
            ModelUnavailable: an embeddings server or the vector store does not answer.
        """
        parts = self._parts(understood, principal, trace, understood.documents)
        if understood.documents is None:
            return Found(parts)
        if any(part.decision.answer for part in parts):
            return Found(parts, understood.filter)
        everywhere = self._parts(understood, principal, trace, None)
        if any(part.decision.answer for part in everywhere):
            return Found(everywhere, understood.filter, filter_dropped=True)
        return Found(parts, understood.filter)

    def _parts(
        self,
        understood: Understood,
        principal: Principal,
        trace: Trace,
        documents: frozenset[str] | None,
    ) -> tuple[Part, ...]:
        questions = understood.parts or (understood.search,)
        retriever, found = self.retriever, []
        for question in questions:
            asked = self.asked if len(questions) == 1 else question
            passages, quotes = self._searched(question, principal, trace, documents)
            with trace.step("refuse?", kind="guardrail") as step:
                seen = features(
                    question, passages, quotes, retriever.sparse, asked, self.turns,
                    understood.unclear,
                )  # fmt: skip
                decision = decide(seen, retriever.embedder.fingerprint)
                step.set(output=decision)
            found.append(Part(question, passages, quotes, decision))
        return tuple(found)

    def _searched(
        self, question: str, principal: Principal, trace: Trace, documents: frozenset[str] | None
    ) -> tuple[list[Passage], list[extract.Quote]]:
        retriever = self.retriever
        memo = Memo(retriever.embedder)
        with trace.step("retrieve", kind="retriever", input=question) as step:
            vector = retriever.embed_traced(question, step)
            passages = retriever.passages(
                question, principal, self.passages, step, vector, documents, memo
            )
            step.set(output=describe(passages))
        with trace.step("score sentences", kind="embedding") as step:
            quotes = extract.candidates(question, vector, passages, retriever.sparse, memo)
            step.set(output=[{"text": q.text, "score": round(q.score, 3)} for q in quotes])
        return passages, quotes


def merged(lists: Sequence[Sequence[Passage]]) -> list[Passage]:
    """The passages of all lists without repetition: the first of each, then the second, …"""
    found: dict[str, Passage] = {}
    for at in range(max(map(len, lists), default=0)):
        for passages in lists:
            if at < len(passages):
                found.setdefault(passages[at].chunk.id, passages[at])
    return list(found.values())
