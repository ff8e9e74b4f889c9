"""Extractive answers: the sentences of the passages that answer best, verbatim.

A sentence is scored by the share of the question's content terms in it, the cosine of question
and sentence, and the rank of its passage. Only the most promising sentences are embedded, so
that a question costs one small batch. A table row is read with its header (`Limit: EUR 155`).
Headings, header rows and lines that only repeat the question are no answers. The weights were
chosen on the development halves of XQuAD, English and Russian
(docs/decisions/0005-answering.md).

Does not know what a pronoun in a quoted sentence refers to, nor the kind of answer wanted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rag.cite import Citations
from rag.store.sparse import SparseEncoder
from rag.text import split_sentences
from rag.types import Passage, Sentence, Support
from serving.embedding import Embedder

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
CELL = " | "
"""Between the cells of a table row, as `ingest/parse` writes it."""
_HEADING_WORDS = 7
_FULL = '.!?…;:)»”"'
_DIGIT = re.compile(r"\d")


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
    similarity: float = 0.0
    """Cosine of question and sentence."""

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
        quote
        for rank, passage in enumerate(passages[:PASSAGES])
        for quote in _quotes(terms, rank, passage, sparse)
    ]
    quotes.sort(key=lambda q: _RANK_WEIGHT_BEFORE * q.rank - q.coverage)
    quotes = quotes[:EMBEDDED]
    if not quotes:
        return []
    vectors = embedder.embed_passages([quote.text for quote in quotes])
    scored = [
        replace(quote, similarity=float(similarity))
        for quote, similarity in zip(quotes, vectors @ vector, strict=True)
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
    return Sentence(quote.text, (number,), Support.QUOTED)


def _quotes(
    terms: frozenset[str], rank: int, passage: Passage, sparse: SparseEncoder
) -> Iterator[Quote]:
    """The sentences and rows of a passage that say more than the question does."""
    header: list[str] = []
    for start, end in split_sentences(passage.chunk.text):
        text = " ".join(passage.chunk.text[start:end].split())
        cells = [cell.strip() for cell in text.split(CELL)]
        if len(cells) < 2:
            header = []
            if _is_heading(text):
                continue
        elif len(cells) != len(header):
            header = cells
            continue
        else:
            text = "; ".join(_labelled(header, cells))
        held = frozenset(sparse.terms(text))
        if held - terms:
            yield Quote(rank, passage, start, end, text, _share(terms, held))


def _labelled(header: Sequence[str], cells: Sequence[str]) -> Iterator[str]:
    for name, cell in zip(header, cells, strict=True):
        if cell:
            yield f"{name}: {cell}" if name else cell


def _is_heading(text: str) -> bool:
    return len(text.split()) <= _HEADING_WORDS and text[-1] not in _FULL and not _DIGIT.search(text)


def _share(terms: frozenset[str], held: frozenset[str]) -> float:
    return len(terms & held) / len(terms) if terms else 0.0
