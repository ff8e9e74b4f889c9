"""Table rows as candidates: which rows are about what is asked, and which of their columns show."""

import re
from collections import Counter
from collections.abc import Sequence

from rag.extract_quote import Quote
from rag.store.sparse import SparseEncoder
from rag.table_text import Row
from rag.text import language_of
from rag.types import Passage

_WIDE = 6
"""A row with more filled cells is shown in part, where the question names columns."""
_FEW = 4
"""A term in at most one of so many rows tells a row from the others."""
_CODE = re.compile(r"(?=.*[^\W\d_])(?=.*\d.*\d)[\w./-]{4,}")
"""A term with a letter and two digits."""
_NUMBER = r"\d{1,3}(?:[ \u00a0\u202f,]\d{3})+|\d+(?:[.,]\d+)?"
_MEASURE = re.compile(
    rf"(?:([^\W\d_]+|[$€£₽₸%])\s?)?(?<![\w.,-])({_NUMBER})(?:[\s-]?([^\W\d_]+|[$€£₽₸%]))?"
)
_RANGE = re.compile(
    rf"(?:from|от|с)?\s*({_NUMBER})\s*(?:to|[-–—]|до|по)\s*(?:[^\W\d_]{{1,3}}\s)?({_NUMBER})",
    re.IGNORECASE,
)
_UP_TO = re.compile(
    rf"(?:up\s+to|below|under|at\s+most|до|менее|не\s+более)\s+(?:\w{{1,3}}\s)?({_NUMBER})",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    rf"(?:above|over|more\s+than|свыше|более|выше)\s+(?:\w{{1,3}}\s)?({_NUMBER})", re.IGNORECASE
)
_NAME = re.compile(r"(?<=[^.!?\s]\s)[A-ZА-ЯЁ]\w+")
"""A word with a capital that does not begin a sentence."""


def not_of_others(
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


def rows_asked_for(quotes: Sequence[Quote]) -> list[Quote]:
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


def columns(row: Row, terms: frozenset[str], sparse: SparseEncoder) -> Sequence[int] | None:
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


def in_range(question: str, quotes: Sequence[Quote]) -> list[Quote]:
    """Without the rows of a table whose range (`EUR 5,001 to 25,000`) does not hold the number that
    is asked about (`EUR 30,000`), where another row's does. The unit must stand in the row."""
    measures = [
        (_value(number), _units(before, after))
        for before, number, after in _MEASURE.findall(question)
    ]
    kept = list(quotes)
    for value, units in measures:
        fits = {
            id(quote): _holds(quote, value)
            for quote in kept
            if quote.table and _has_unit(quote.text, units)
        }
        held = {quote.table for quote in kept if fits.get(id(quote))}
        kept = [q for q in kept if q.table not in held or fits.get(id(q)) is not False]
    return kept


def _units(before: str, after: str) -> list[str]:
    """Of the words around a number: a currency before it, whatever follows."""
    found = [before] if before and not before.islower() else []
    return [unit.casefold() for unit in [*found, after] if unit]


def _has_unit(text: str, units: Sequence[str]) -> bool:
    words = re.findall(r"[^\W\d_]+|[$€£₽₸%]", text.casefold())
    return any(word[:5] == unit[:5] for word in words for unit in units)


def _holds(quote: Quote, value: float) -> bool | None:
    """Whether the first range in a row's cells holds a number; None where there is none."""
    for _, cell in quote.cells:
        if found := _RANGE.search(cell):
            return _value(found[1]) <= value <= _value(found[2])
        if found := _UP_TO.match(cell):
            return value <= _value(found[1])
        if found := _ABOVE.match(cell):
            return value > _value(found[1])
    return None


def _value(number: str) -> float:
    bare = re.sub(r"[\s\u00a0\u202f]", "", number)
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", bare):
        bare = bare.replace(",", "")
    return float(bare.replace(",", "."))
