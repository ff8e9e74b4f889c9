"""Asks a set's questions through the product's retriever and answerer, one after the other.

Passages for the retrieval metrics are fetched by the same retriever, but deeper than an answer
needs, until they are of `DEPTH` documents. Model servers' time is part of the latency.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from rag.answers import Answer, Answered, Mode, Retrieved, Said
from rag.evaluate.dataset import Question
from rag.evaluate.metrics import first_ranks
from rag.find import merged
from rag.memo import Embeds
from rag.retrieve import Retriever
from rag.runtime import Runtime
from rag.trace import Step, Trace
from rag.trace_store import EVALUATION, TraceStep, TraceStore
from rag.types import Passage, Principal, document_id
from rag.understand import Understood, understand

DEPTH = 10
"""Documents needed by recall@10 and nDCG@10."""
MOST_PASSAGES = 160
"""Passages fetched at most to find `DEPTH` documents."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question."""

    question: Question
    ranked: tuple[str, ...]
    """Ids of corpus rows, best first, without duplicates."""
    best_similarity: float
    """Highest cosine of the passages found; 0.0 if none."""
    retrieval_ms: float
    answer: Answer | None = None
    """None if only retrieval was measured."""
    first_sentence_ms: float | None = None
    """None where nothing was said."""
    latency_ms: float | None = None
    """From the question to the whole answer."""
    passages: tuple[Passage, ...] = ()
    """What the answer could be made from, best first."""
    tokens: tuple[int, int] | None = None
    """Read and written by the language model; None where none wrote."""
    faithfulness: float | None = None
    """A judge model's share of supported statements; None where none judged."""

    @property
    def refused(self) -> bool:
        return self.answer is not None and self.answer.refused

    @property
    def clarified(self) -> bool:
        """Neither answered nor refused: the asker was asked which is meant."""
        return self.answer is not None and self.answer.mode is Mode.CLARIFY

    @property
    def shown(self) -> str:
        """The answer's sentences without citation marks."""
        return " ".join(s.text for s in self.answer.sentences) if self.answer else ""

    @property
    def cited(self) -> frozenset[str]:
        """Ids of the corpus rows that the answer cites."""
        citations = self.answer.citations if self.answer else ()
        return frozenset(citation.passage.document.name for citation in citations)


def ask_all(
    runtime: Runtime,
    questions: tuple[Question, ...],
    retrieval_only: bool,
    progress: Callable[[str, int, int], None],
    name: str = "",
) -> Iterator[Outcome]:
    """An outcome for each question, in order; its traces are of the session `name`."""
    session = EVALUATION + name
    for number, question in enumerate(questions, 1):
        asked = without(runtime, question.left_out)
        found = _retrieve(asked, question, session)
        yield found if retrieval_only else _answer(asked, found, session)
        progress("ask", number, len(questions))


def _retrieve(runtime: Runtime, question: Question, session: str) -> Outcome:
    retriever = runtime.retriever
    with runtime.tracer.trace("evaluate", input=question.question, session=session) as trace:
        started = time.perf_counter()
        understood = understand(
            question.question,
            question.history,
            question.principal,
            retriever.library,
            retriever.sparse,
            runtime.answerer.llm,
            trace,
        )
        passages, elapsed = _deep(runtime, question, understood, trace, started)
    best = max((passage.similarity for passage in passages), default=0.0)
    ranked = tuple(first_ranks(passage.document.name for passage in passages))
    return Outcome(question, ranked, best, elapsed)


def _deep(
    runtime: Runtime, question: Question, understood: Understood, trace: Trace, started: float
) -> tuple[list[Passage], float]:
    """Passages of at least `DEPTH` documents, and the milliseconds that the first `DEPTH`
    passages took; parts of a compound question are merged as for an answer."""
    retriever, elapsed, passages = runtime.retriever, 0.0, list[Passage]()
    parts = understood.parts or (understood.search,)
    vectors = [retriever.embed(part) for part in parts]
    for limit in (DEPTH, MOST_PASSAGES):
        lists = [
            retriever.passages(part, question.principal, limit, trace, vector, understood.documents)
            for part, vector in zip(parts, vectors, strict=True)
        ]
        elapsed = elapsed or (time.perf_counter() - started) * 1000
        passages = merged(lists)
        if len({passage.document.id for passage in passages}) >= DEPTH:
            break
        if all(len(found) < limit for found in lists):
            break  # there are no more
    return passages, elapsed


def _answer(runtime: Runtime, found: Outcome, session: str) -> Outcome:
    question = found.question
    first: float | None = None
    answer: Answer | None = None
    passages: tuple[Passage, ...] = ()
    started = time.perf_counter()
    events = runtime.answerer.ask(question.question, question.principal, question.history, session)
    for event in events:
        if isinstance(event, Retrieved):
            passages = event.passages
        if first is None and isinstance(event, Said):
            first = (time.perf_counter() - started) * 1000
        if isinstance(event, Answered):
            answer = event.answer
    latency = (time.perf_counter() - started) * 1000
    assert answer is not None, "an answer always ends with Answered"
    return replace(
        found, answer=answer, first_sentence_ms=first, latency_ms=latency, passages=passages
    )


@dataclass(frozen=True, slots=True)
class _LeavingOut(Retriever):
    """The retriever over all documents but some, as if those had never been there."""

    left_out: frozenset[str] = frozenset()
    """Document ids."""

    def passages(
        self,
        question: str,
        principal: Principal,
        limit: int,
        step: Step,
        vector: NDArray[np.float32] | None = None,
        documents: frozenset[str] | None = None,
        embeds: Embeds | None = None,
    ) -> list[Passage]:
        """As `Retriever.passages`."""
        if documents is None:
            documents = frozenset(d.id for d in self.library.list(principal.groups))
        kept = documents - self.left_out
        return Retriever.passages(self, question, principal, limit, step, vector, kept, embeds)


def without(runtime: Runtime, names: Collection[str]) -> Runtime:
    """The runtime as if the documents of these names were not there; for a question at a time."""
    if not names:
        return runtime
    parts = {field.name: getattr(runtime.retriever, field.name) for field in fields(Retriever)}
    retriever = _LeavingOut(**parts, left_out=frozenset(map(document_id, names)))
    return replace(
        runtime, retriever=retriever, answerer=replace(runtime.answerer, retriever=retriever)
    )


def with_tokens(outcomes: Sequence[Outcome], traces: TraceStore | None) -> list[Outcome]:
    """The outcomes with the tokens that the language model's server counted for each."""
    return [replace(outcome, tokens=_tokens(outcome, traces)) for outcome in outcomes]


def _tokens(outcome: Outcome, traces: TraceStore | None) -> tuple[int, int] | None:
    trace = traces.get(outcome.answer.trace_id) if traces and outcome.answer else None
    used = list(_usage(trace.root)) if trace else []
    return (sum(i for i, _ in used), sum(o for _, o in used)) if used else None


def _usage(step: TraceStep) -> Iterator[tuple[int, int]]:
    found = step.metadata.get("usage")
    if step.kind == "generation" and isinstance(found, dict):
        yield int(str(found.get("input", 0))), int(str(found.get("output", 0)))
    for inner in step.steps:
        yield from _usage(inner)
