"""Extractive answers: the sentences of the passages that answer best, verbatim.

A sentence is scored by the share of the question's content terms in it, the cosine of question
and sentence, and the rank of its passage. Only the most promising sentences are embedded, so
that a question costs one small batch. The weights were chosen on the development halves of
XQuAD, English and Russian (docs/decisions/0005-answering.md).

Does not know what a pronoun in a quoted sentence refers to, nor the kind of answer wanted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from serving.embedding import Embedder

from rag.cite import Citations
from rag.store.sparse import SparseEncoder
from rag.text import split_sentences
from rag.types import Passage, Sentence, Support

PASSAGES = 5
"""Passages whose sentences compete."""
EMBEDDED = 10
"""Sentences embedded per question."""
SHOWN = 3
"""Sentences shown at most."""
MARGIN = 0.5
"""A sentence is shown if its score is no further than this below the best."""
_SIMILARITY_WEIGHT = 5.0
_RANK_WEIGHT = 0.05
_RANK_WEIGHT_BEFORE = 0.15


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a passage as a candidate for the answer."""

    rank: int
    """Of its passage, from 0."""
    passage: Passage
    start: int
    end: int
    """Offsets into the passage's chunk text."""
    coverage: float
    """Share of the question's content terms, 0..1."""
    similarity: float = 0.0
    """Cosine of question and sentence."""

    @property
    def text(self) -> str:
        return self.passage.chunk.text[self.start : self.end]

    @property
    def score(self) -> float:
        return self.coverage + _SIMILARITY_WEIGHT * self.similarity - _RANK_WEIGHT * self.rank


def candidates(
    question: str,
    vector: NDArray[np.float32],
    passages: Sequence[Passage],
    sparse: SparseEncoder,
    embedder: Embedder,
) -> list[Quote]:
    """The most promising sentences, best first; empty if there are no passages.

    Args:
        vector: the question's, shape (dimension,), unit length.
    """
    terms = frozenset(sparse.terms(question))
    quotes = [
        Quote(rank, passage, start, end, _coverage(terms, passage, start, end, sparse))
        for rank, passage in enumerate(passages[:PASSAGES])
        for start, end in split_sentences(passage.chunk.text)
    ]
    quotes.sort(key=lambda q: _RANK_WEIGHT_BEFORE * q.rank - q.coverage)
    quotes = quotes[:EMBEDDED]
    if not quotes:
        return []
    vectors = embedder.embed_passages([quote.text for quote in quotes])
    scored = [
        Quote(q.rank, q.passage, q.start, q.end, q.coverage, float(similarity))
        for q, similarity in zip(quotes, vectors @ vector, strict=True)
    ]
    return sorted(scored, key=lambda q: -q.score)


def shown(quotes: Sequence[Quote]) -> list[Quote]:
    """Those of the candidates that make the answer, in the order to be read.

    The passage of the best sentence comes first; within a passage, its own order. A sentence
    that says the same as one already taken is left out.
    """
    taken: list[Quote] = []
    for quote in quotes[: 2 * SHOWN]:
        new = quote.text not in {other.text for other in taken}
        if new and len(taken) < SHOWN and quote.score >= quotes[0].score - MARGIN:
            taken.append(quote)
    places = list(dict.fromkeys(quote.passage.chunk.id for quote in taken))
    return sorted(taken, key=lambda q: (places.index(q.passage.chunk.id), q.start))


def sentence(quote: Quote, citations: Citations) -> Sentence:
    """The quote as a sentence of the answer, with its citation."""
    number = citations.cite(quote.passage, quote.start, quote.end, Support.QUOTED)
    return Sentence(" ".join(quote.text.split()), (number,), Support.QUOTED)


def _coverage(
    terms: frozenset[str], passage: Passage, start: int, end: int, sparse: SparseEncoder
) -> float:
    held = terms.intersection(sparse.terms(passage.chunk.text[start:end]))
    return len(held) / len(terms) if terms else 0.0
