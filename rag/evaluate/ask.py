"""Asks a set's questions through the product's retriever and answerer, one after the other.

Passages for the retrieval metrics are fetched by the same retriever, but deeper than an answer
needs, until they are of `DEPTH` documents. Model servers' time is part of the latency.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag.answers import Answer, Answered, Said
from rag.evaluate.dataset import Question
from rag.evaluate.metrics import first_ranks
from rag.followup import standalone
from rag.runtime import Runtime
from rag.types import Passage

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
) -> Iterator[Outcome]:
    """An outcome for each question, in order."""
    for number, question in enumerate(questions, 1):
        ranked, similarity, retrieval_ms = _retrieve(runtime, question)
        found = Outcome(question, ranked, similarity, retrieval_ms)
        yield found if retrieval_only else _answer(runtime, found)
        progress("ask", number, len(questions))


def _retrieve(runtime: Runtime, question: Question) -> tuple[tuple[str, ...], float, float]:
    retriever = runtime.retriever
    text = standalone(question.question, question.history, retriever.sparse)
    limit, passages, ranked = DEPTH, list[Passage](), list[str]()
    with runtime.tracer.trace("evaluate", input=text) as trace:
        started = time.perf_counter()
        vector = retriever.embed(text)
        while len(ranked) < DEPTH and limit <= MOST_PASSAGES:
            passages = retriever.passages(text, question.principal, limit, trace, vector)
            if not ranked:
                elapsed = (time.perf_counter() - started) * 1000
            ranked = first_ranks(passage.document.name for passage in passages)
            if len(passages) < limit:
                break
            limit *= 2
    best = max((passage.similarity for passage in passages), default=0.0)
    return tuple(ranked), best, elapsed


def _answer(runtime: Runtime, found: Outcome) -> Outcome:
    question = found.question
    first: float | None = None
    answer: Answer | None = None
    started = time.perf_counter()
    for event in runtime.answerer.ask(question.question, question.principal, question.history):
        if first is None and isinstance(event, Said):
            first = (time.perf_counter() - started) * 1000
        if isinstance(event, Answered):
            answer = event.answer
    latency = (time.perf_counter() - started) * 1000
    assert answer is not None, "an answer always ends with Answered"
    return Outcome(
        question, found.ranked, found.best_similarity, found.retrieval_ms, answer, first, latency
    )
