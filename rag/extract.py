"""Extractive answers: the sentences of the passages that answer best, verbatim.

A sentence is scored by the share of the question's content terms in it, the cosine of question
and sentence, the rank of its passage and whether it holds the kind of answer asked for. Only the
most promising sentences are embedded, so that a question costs one small batch. A table row is one
candidate, whatever its cells hold, and is read with the names of its columns (`Limit: EUR 155`);
of a wide row, its first cell and what the question names are shown. What is shown reads by itself:
a sentence brings the one that its pronoun leans on, an item the line above its list, and what
several places say is said once (`rag/extract_read.py`, `rag/extract_merge.py`).
How the weights were chosen: docs/decisions/0018-extractive-answers.md.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import log

import numpy as np
from numpy.typing import NDArray

from rag.answers import Sentence, Support
from rag.cite import Citations
from rag.extract_kind import holds, wanted
from rag.extract_merge import merged
from rag.extract_quote import Part, Quote
from rag.extract_read import (
    Unit,
    antecedents,
    items,
    lead_in,
    read,
    steps,
    without_bullet,
    without_mark,
)
from rag.extract_rows import columns, in_range, not_of_others, rows_asked_for
from rag.memo import Embeds
from rag.store.sparse import SparseEncoder
from rag.table_text import labelled, pairs
from rag.types import Passage

__all__ = ["Quote", "candidates", "sentence", "shown"]

PASSAGES = 5
"""Passages whose sentences compete."""
EMBEDDED = 10
"""Sentences embedded per question."""
SHOWN = 3
"""Sentences shown at most, not counting what they bring along."""
MARGIN = 0.45
"""A sentence is shown if its score is no further than this below the best."""
CLEAR, CLEAR_MARGIN = 0.8, 0.3
"""The same where the best tells so much of the question."""
_RANK_WEIGHT_BEFORE = 0.1
_KIND_WEIGHT_BEFORE = 0.1
_CONTEXT_WEIGHT = 0.5
_LEAD_WORDS = 40
"""A longer line is not repeated before an item of its list."""
_LIST_ASKED = re.compile(
    r"""\bhow\s+(?:do|does|should|can|to|must|would)\b | \bsteps?\b | \bprocedure\b | \blist\b
    | \bwhat\s+(?:should|must|do)\s+\w+\s+do\b | \b(?:which|what)\s+(?:\w+\s+)?(?:documents|
    things|rules|conditions|requirements|criteria|ways|options|forms|papers|types|kinds|tools|
    duties|benefits|reasons|goals|principles|measures|exceptions)\b | \bкак\s+\w+ть(?:ся)?\b
    | \bкак(?:ие|их)\s+(?:\w+\s+)?(?:документ|услови|требовани|правил|способ|вид|форм|причин|цел
    |прав|обязанност|мер|шаг) | \bчто\s+(?:делать|нужно|надо|входит|требуется)\b | \bперечисл
    | \bпоряд(?:ок|ке)\b | \bшаг""",
    re.IGNORECASE | re.VERBOSE,
)


def candidates(
    question: str,
    vector: NDArray[np.float32],
    passages: Sequence[Passage],
    sparse: SparseEncoder,
    embedder: Embeds,
) -> list[Quote]:
    """The most promising sentences, best first; empty if there are no passages.

    Args:
        vector: the question's, shape (dimension,), unit length.
    """
    terms = frozenset(sparse.terms(question))
    quotes = [
        quote
        for rank, passage in enumerate(passages[:PASSAGES])
        for quote in _quotes(question, terms, rank, passage, sparse)
    ]
    quotes = not_of_others(question, quotes, passages[:PASSAGES], sparse)
    quotes = rows_asked_for(in_range(question, quotes))
    if not quotes:
        return []
    quotes = merged(_promising(question, terms, quotes, sparse))[:EMBEDDED]
    vectors = embedder.embed_passages([quote.text for quote in quotes])
    scored = [
        replace(quote, similarity=float(similarity))
        for quote, similarity in zip(quotes, vectors @ vector, strict=True)
    ]
    return sorted(scored, key=lambda q: -q.score)


def _promising(
    question: str, terms: frozenset[str], quotes: Sequence[Quote], sparse: SparseEncoder
) -> list[Quote]:
    """The quotes with what can be told without embedding them, best first."""
    kind = wanted(question)
    held = [frozenset(sparse.terms(quote.text)) & terms for quote in quotes]
    having = Counter(term for some in held for term in some)
    weights = {term: log(1 + len(quotes) / max(1, having[term])) for term in terms}
    total = sum(weights.values()) or 1.0
    found: list[tuple[float, Quote]] = []
    for quote, own in zip(quotes, held, strict=True):
        around = " ".join([*quote.passage.chunk.section, *(part.text for part in quote.before)])
        near = len(own.union(terms.intersection(sparse.terms(around)))) / max(1, len(terms))
        rare = sum(weights[term] for term in own) / total
        told = (1 - _CONTEXT_WEIGHT) * rare + _CONTEXT_WEIGHT * near
        quote = replace(quote, told=told, kind=_kind(kind, quote, question))
        first = _KIND_WEIGHT_BEFORE * quote.kind - _RANK_WEIGHT_BEFORE * quote.rank - quote.weak
        found.append((rare + first, quote))
    return [quote for _, quote in sorted(found, key=lambda pair: -pair[0])]


def shown(quotes: Sequence[Quote]) -> list[Quote]:
    """Those of the candidates that make the answer, in the order to be read.

    The passage of the best sentence comes first; within a passage, its own order. Sentences of
    which one brings the other along become one.
    """
    taken: list[Quote] = []
    clear = bool(quotes) and quotes[0].told >= CLEAR
    margin = CLEAR_MARGIN if clear else MARGIN
    for quote in quotes[: 2 * SHOWN]:
        new = quote.text not in {other.text for other in taken}
        if new and len(taken) < SHOWN and quote.score >= quotes[0].score - margin:
            taken.append(quote)
    places = list(dict.fromkeys(quote.passage.chunk.id for quote in taken))
    starts = [(quote.passage.chunk.id, quote.start) for quote in taken]
    for at, quote in enumerate(taken):
        own = [(quote.passage.chunk.id, part.start) for part in quote.whole]
        if own and (at == 0 or len(set(own) & set(starts)) > 1):
            taken[at] = _with_list(quote)
    taken.sort(key=lambda q: (places.index(q.passage.chunk.id), q.start))
    read_on: list[Quote] = []
    for quote in taken:
        if read_on and _share_parts(read_on[-1], quote):
            read_on[-1] = _together(read_on[-1], quote)
        else:
            read_on.append(quote)
    return read_on


def sentence(quote: Quote, citations: Citations) -> Sentence:
    """The quote as a sentence of the answer, with its citations: what stands together in the
    passage is one, every other place that says the same is one more."""
    numbers = [
        citations.cite(quote.passage, start, end, Support.QUOTED) for start, end in _spans(quote)
    ]
    numbers += [citations.cite(*place, Support.QUOTED) for place in quote.also]
    return Sentence(_flowing(quote.parts), tuple(numbers), Support.QUOTED, quote.cells)


def _kind(kind: str, quote: Quote, question: str) -> float:
    if not kind:
        return 0.0
    said = " ".join(cell for _, cell in quote.cells) or quote.text
    return 1.0 if holds(kind, said, question) else -1.0


def _quotes(
    question: str, terms: frozenset[str], rank: int, passage: Passage, sparse: SparseEncoder
) -> Iterator[Quote]:
    """The sentences and rows of a passage that say more than the question does, or state it."""
    chunk = passage.chunk
    asks_list = _LIST_ASKED.search(question) is not None
    units = read(chunk.text, chunk.section)
    for at, unit in enumerate(units):
        if unit.row:
            quote = _row(terms, rank, passage, unit, sparse)
        else:
            quote = Quote(rank, passage, unit.start, unit.end, without_bullet(unit.text), 0.0)
        held = frozenset(sparse.terms(quote.text))
        if held - terms or (held and unit.text.endswith((".", "!"))):
            coverage = len(terms & held) / len(terms) if terms else 0.0
            whole = _list(units, at) if asks_list else ()
            before, after = _around(units, at)
            yield replace(
                quote, coverage=coverage, weak=unit.weak, before=before, after=after, whole=whole
            )


def _row(
    terms: frozenset[str], rank: int, passage: Passage, unit: Unit, sparse: SparseEncoder
) -> Quote:
    row = unit.row
    assert row is not None
    chosen = columns(row, terms, sparse)
    return Quote(
        rank, passage, unit.start, unit.end, labelled(row, chosen), 0.0,
        table=(passage.document.id, *row.names),
        named=terms.intersection(sparse.terms(" ".join(row.cells))),
        cells=pairs(row, chosen),
    )  # fmt: skip


def _around(units: Sequence[Unit], at: int) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """What unit `at` is to be read with: before it and after it."""
    after = items(units, at) if units[at].text.endswith(":") else []
    lead = _lead(units, at)
    before = antecedents(units, at) if lead is None else [lead]
    return tuple(_part(units[n]) for n in before), tuple(_part(units[n]) for n in after)


def _list(units: Sequence[Unit], at: int) -> tuple[Part, ...]:
    """The whole list that unit `at` is an item of, with its lead-in."""
    lead = _lead(units, at)
    found = steps(units, at) if lead is None else [lead, *items(units, lead)]
    return tuple(_part(units[n]) for n in found) if at in found else ()


def _lead(units: Sequence[Unit], at: int) -> int | None:
    lead = lead_in(units, at)
    return lead if lead is None or len(units[lead].text.split()) <= _LEAD_WORDS else None


def _with_list(quote: Quote) -> Quote:
    return replace(
        quote,
        before=tuple(part for part in quote.whole if part.start < quote.start),
        after=tuple(part for part in quote.whole if part.start > quote.start),
    )


def _part(unit: Unit) -> Part:
    return Part(unit.start, unit.end, without_bullet(unit.text))


def _share_parts(one: Quote, other: Quote) -> bool:
    return one.passage.chunk.id == other.passage.chunk.id and not {
        part.start for part in one.parts
    }.isdisjoint(part.start for part in other.parts)


def _together(one: Quote, other: Quote) -> Quote:
    """One quote of all parts of two."""
    parts = sorted({*one.parts, *other.parts}, key=lambda part: part.start)
    return replace(
        one,
        before=tuple(part for part in parts if part.start < one.start),
        after=tuple(part for part in parts if part.start > one.start),
        also=(),
    )


def _spans(quote: Quote) -> Iterator[tuple[int, int]]:
    """The places of the parts; those with nothing but blanks between them are one."""
    text = quote.passage.chunk.text
    first, *rest = quote.parts
    start, end = first.start, first.end
    for part in rest:
        if text[end : part.start].strip():
            yield start, end
            start = part.start
        end = part.end
    yield start, end


def _flowing(parts: Sequence[Part]) -> str:
    """The parts as one text; items of a list that end without a stop are set off."""
    if len(parts) == 1 or (len(parts) == 2 and parts[0].text.endswith(":")):
        return " ".join(without_mark(part.text) for part in parts)
    *first, last = (part.text for part in parts)
    return " ".join([*(f"{text}{'' if text[-1] in '.,;:!?…»”)' else ';'}" for text in first), last])
