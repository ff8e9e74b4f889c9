"""Filters said in words: "in the 2025 travel policy", "по регламенту закупок", "in prices.xlsx".

A phrase limits the search only if it names a kind of document or a file, and every content word
of it is in the names of a few documents that the asker may read; a year may be the one from
which the version is valid. Names of other documents are never looked at. The catalogue is asked
only where such a phrase is. Does not know titles: the catalogue has names only.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from sqlalchemy import ColumnElement, and_, or_, select

from rag.catalogue import ACCESS, DOCUMENTS
from rag.library import Library
from rag.store.sparse import SparseEncoder
from rag.types import Principal
from rag.understand_follow import WORD, content

MOST = 12
"""More documents than this are no answer to "which document"."""
_TRIED = 200
"""Names looked at for one phrase at most."""

_KIND = (
    r"(?:policy|policies|handbook|manual|guide|guidelines?|contract|agreement|regulations?|rules"
    r"|report|memo|procedure|instructions?|minutes|catalogue|price ?list|faq|tariff|schedule|plan"
    r"|политик\w*|регламент\w*|положени\w+|договор\w*|приказ\w*|инструкци\w+|правил\w*"
    r"|руководств\w+|памятк\w+|отч[её]т\w*|протокол\w*|справочник\w*|соглашени\w+|контракт\w*"
    r"|порядк\w+|тариф\w*|прайс\w*)"
)
_LED = (
    r"\b(?:in|from|under|according to|as per|per|by|within|в|во|из|по|согласно|соответствии с)\s+"
)
_PHRASE = re.compile(
    rf"{_LED}(?P<name>(?:(?:the|our|this)\s+)?(?:[\w’'\-]+\s+){{0,4}}?{_KIND}\b"
    r"(?:\s+[\w’'«»\"\-]+){0,5})",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"[\w\-./]*[\w\-]\.(?:pdf|docx?|md|xlsx?|txt|html?|pptx?|csv|odt|ods|eml|msg|rtf)\b",
    re.IGNORECASE,
)
_KIND_WORD = re.compile(rf"^{_KIND}$", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-я]")
_SEVERAL = re.compile(r"(?<=.{4})[йхцщъыьэюя]")
_LATIN = str.maketrans(
    {
        **dict(zip("абвгдезиклмнопрстуфыэ", "abvgdeziklmnoprstufye", strict=True)),
        **{"ж": "zh", "ч": "ch", "ш": "sh", "щ": "shch", "х": "kh", "ц": "ts"},
        **{"й": "y", "ю": "yu", "я": "ya", "ь": None, "ъ": None},
    }
)
_YEAR = re.compile(r"(?:19|20)\d\d$")
_CLAUSE = re.compile(
    r"^(?:is|are|was|were|do|does|did|can|has|have|will|must|should|how|what|who|when|where|which"
    r"|как|что|кто|когда|где|сколько|какой|какая|какие|какое)$",
    re.IGNORECASE,
)


def documents_named(
    question: str, principal: Principal, library: Library, sparse: SparseEncoder
) -> tuple[frozenset[str], str]:
    """Ids of the readable documents that `question` limits itself to, and the words that do.

    Empty where it does not, or where it is not clear which are meant.
    """
    for words in _phrases(question):
        if found := _named(words, principal, library, sparse):
            return found, words
    return frozenset(), ""


def _phrases(question: str) -> Iterator[str]:
    """What may name documents, as written; longer before shorter."""
    for match in _FILE.finditer(question):
        yield match.group()
    for match in _PHRASE.finditer(question):
        whole = match.group("name")
        words = list(WORD.finditer(whole))
        kind = next(n for n, word in enumerate(words) if _KIND_WORD.match(word.group()))
        end = len(words)
        for n, (_, word) in enumerate(pairwise(words)):
            if n + 1 > kind and _CLAUSE.match(word.group()):
                end = n + 1
                break
        for last in range(end, kind, -1):
            yield whole[: words[last - 1].end()]


def _named(
    phrase: str, principal: Principal, library: Library, sparse: SparseEncoder
) -> frozenset[str]:
    if _FILE.fullmatch(phrase):
        wanted = phrase.casefold()
        rows = _rows([wanted], principal, library)
        same = {row.id for row in rows if f"/{row.name.casefold()}".endswith(f"/{wanted}")}
        return frozenset(same) if len(same) <= MOST else frozenset()
    words = content(phrase)
    telling = [word for word in words if not _KIND_WORD.match(word)]
    if not telling:
        return frozenset()
    years = {word for word in words if _YEAR.match(word)}
    stems = {stem for word in words if word not in years for stem in sparse.terms(word)}
    found = set()
    for row in _rows(sorted(stems), principal, library):
        named = set(sparse.terms(row.name)) | set(sparse.terms(row.name.replace("_", " ")))
        dated = all(year in row.name or row.valid_from.startswith(year) for year in years)
        if dated and all(_is_in(stem, named) for stem in stems):
            found.add(row.id)
    return frozenset(found) if len(found) <= MOST else frozenset()


def _rows(stems: list[str], principal: Principal, library: Library):  # type: ignore[no-untyped-def]
    """Readable documents whose name contains every one of `stems` in some case."""
    readable = select(ACCESS.c.document_id).where(ACCESS.c.group.in_(sorted(principal.groups)))
    query = (
        select(DOCUMENTS.c.id, DOCUMENTS.c.name, DOCUMENTS.c.valid_from)
        .where(and_(*(_has(stem) for stem in stems)), DOCUMENTS.c.id.in_(readable))
        .limit(_TRIED)
    )
    with library.engine.begin() as connection:
        return connection.execute(query).all()


def _is_in(stem: str, named: set[str]) -> bool:
    """Whether a name has the word, in Cyrillic or written in Latin letters."""
    if stem in named:
        return True
    latin = _latin(stem)
    return latin != stem and len(latin) > 3 and any(term.startswith(latin) for term in named)


def _latin(stem: str) -> str:
    """A Cyrillic stem as file names spell it, up to the first letter spelt in several ways."""
    return _SEVERAL.split(stem)[0].translate(_LATIN) if _CYRILLIC.search(stem) else stem


def _has(stem: str) -> ColumnElement[bool]:
    # A database folds the case of ASCII letters only, if at all; stems are folded.
    start = stem.rstrip("iyйь") or stem
    forms = {start, start.capitalize(), start.upper()}
    latin = _latin(stem)
    if len(latin) > 3:
        forms |= {latin, latin.capitalize(), latin.upper()}
    return or_(*(DOCUMENTS.c.name.contains(form, autoescape=True) for form in sorted(forms)))
