"""Extractive answers: the sentences of the passages that answer best, verbatim.

A sentence is scored by the share of the question's content terms in it, the cosine of question
and sentence, and the rank of its passage. Only the most promising sentences are embedded, so
that a question costs one small batch. A table row is one candidate, whatever its cells hold, and
is read with the names of its columns (`Limit: EUR 155`); of a wide row, its first cell and what
the question names are shown. Headings, header rows and lines that only repeat the question are no
answers. The weights were chosen on the development halves of XQuAD, English and Russian
(docs/decisions/0005-answering.md).

Does not know what a pronoun in a quoted sentence refers to, nor the kind of answer wanted.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rag.answers import Sentence, Support
from rag.cite import Citations
from rag.store.sparse import SparseEncoder
from rag.table_text import Row, labelled, tables
from rag.text import language_of, split_sentences
from rag.types import Passage
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
_WIDE = 6
"""A row with more filled cells is shown in part, where the question names columns."""
_FEW = 4
"""A term in at most one of so many rows tells a row from the others."""
_HEADING_WORDS = 7
_FULL = '.!?…;:)»”"'
_DIGIT = re.compile(r"\d")
_CODE = re.compile(r"(?=.*[^\W\d_])(?=.*\d.*\d)[\w./-]{4,}")
"""A term with a letter and two digits."""
_NAME = re.compile(r"(?<=[^.!?\s]\s)[A-ZА-ЯЁ]\w+")
"""A word with a capital that does not begin a sentence."""


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
    table: tuple[str, ...] = ()
    """Of a row: its document and the names of its columns; empty for a sentence."""
    named: frozenset[str] = frozenset()
    """Of a row: the question's terms in its cells."""

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
    quotes = _rows_asked_for(_not_of_others(question, quotes, passages[:PASSAGES], sparse))
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


def _not_of_others(
    question: str, quotes: list[Quote], passages: Sequence[Passage], sparse: SparseEncoder
) -> list[Quote]:
    """Without rows about others, where what is asked about stands in no passage.

    An article or form (`QX-655`) that is nowhere has no row. A name that is nowhere (`Japan`) has
    none in its language, unless a row holds another word of the question.
    """
    rows = [quote for quote in quotes if quote.table]
    if not rows:
        return quotes
    held = {term for p in passages for term in sparse.terms(p.chunk.embedded_text)}
    missing = [t for t in sparse.terms(question) if _CODE.fullmatch(t) and t not in held]
    names = [] if question.isupper() else _NAME.findall(question)
    unknown = any(not _known(terms, held) for name in names if (terms := sparse.terms(name)))
    language = language_of(question)
    return [
        quote
        for quote in quotes
        if not quote.table
        or not (
            missing
            or (unknown and quote.passage.chunk.language == language and not _words(quote.named))
        )
    ]


def _known(name: Sequence[str], held: set[str]) -> bool:
    """Whether a term begins like the name: stems of one name differ (`Урал`, `на Урале`)."""
    starts = tuple(term[: max(3, len(term) - 2)] for term in name)
    return any(term.startswith(starts) for term in held)


def _words(terms: frozenset[str]) -> bool:
    return any(not term[0].isdigit() for term in terms)


def _rows_asked_for(quotes: Sequence[Quote]) -> list[Quote]:
    """Without the rows of a table that name less of the question than another row of it does.

    What the other names in addition must be particular to few rows: `Norway`, not `days`.
    """
    tables: dict[tuple[str, ...], list[frozenset[str]]] = {}
    for quote in quotes:
        if quote.table:
            tables.setdefault(quote.table, []).append(quote.named)
    telling = {table: _telling(named) for table, named in tables.items()}
    return [
        quote
        for quote in quotes
        if not quote.table or not any(quote.named < other for other in telling[quote.table])
    ]


def _telling(named: Sequence[frozenset[str]]) -> set[frozenset[str]]:
    """Of the terms that rows of one table name: those sets that hold one which few rows have."""
    rows = Counter(term for terms in named for term in terms)
    few = max(1, len(named) // _FEW)
    return {terms for terms in named if any(rows[term] <= few for term in terms)}


def _quotes(
    terms: frozenset[str], rank: int, passage: Passage, sparse: SparseEncoder
) -> Iterator[Quote]:
    """The sentences and rows of a passage that say more than the question does."""
    for start, end, text, row in _readable(terms, passage.chunk.text, sparse):
        held = frozenset(sparse.terms(text))
        if not held - terms:
            continue
        quote = Quote(rank, passage, start, end, text, _share(terms, held))
        if row is not None:
            named = terms.intersection(sparse.terms(" ".join(row.cells)))
            quote = replace(quote, table=(passage.document.id, *row.names), named=named)
        yield quote


def _readable(
    terms: frozenset[str], text: str, sparse: SparseEncoder
) -> Iterator[tuple[int, int, str, Row | None]]:
    """Offsets of sentences and table rows, and how each is read; no headings or headers."""
    at = 0
    for rows in tables(text):
        yield from _sentences(text, at, rows[0].start)
        for row in rows:
            if not row.is_header and any(row.cells):
                yield row.start, row.end, labelled(row, _columns(row, terms, sparse)), row
        at = rows[-1].end
    yield from _sentences(text, at, len(text))


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int, str, None]]:
    for left, right in split_sentences(text[start:end]):
        read = " ".join(text[start + left : start + right].split())
        if not _is_heading(read):
            yield start + left, start + right, read, None


def _columns(row: Row, terms: frozenset[str], sparse: SparseEncoder) -> Sequence[int] | None:
    """Of a wide row: the first cell and the columns that share a term with the question, in name
    or value. None: all, because the row is not wide or the question names no column."""
    filled = [at for at, cell in enumerate(row.cells) if cell]
    if len(filled) <= _WIDE or not row.names:
        return None
    named = [at for at in filled[1:] if terms.intersection(sparse.terms(row.names[at]))]
    if not named:
        return None
    said = {at for at in filled if terms.intersection(sparse.terms(row.cells[at]))}
    return sorted({filled[0], *named, *said})


def _is_heading(text: str) -> bool:
    return len(text.split()) <= _HEADING_WORDS and text[-1] not in _FULL and not _DIGIT.search(text)


def _share(terms: frozenset[str], held: frozenset[str]) -> float:
    return len(terms & held) / len(terms) if terms else 0.0
