"""Where passages contradict each other about what was asked: deterministic, and made to be sure.

A sentence that the answer cites is compared with the sentences and table cells of the passages.
Two disagree if they are of different documents (or sections), use the same content words, count
the same things, and differ in one number, date or time, or take opposed stances. One more content
word on either side (`contractors`, `in Moscow`, `for 2023`), a scope in the heading or the
document's name that the other does not have, or a subject that is a pronoun, and they are not
compared: a missed contradiction is better than one that is none.

Does not see contradictions in other words than the same, across languages, or between roles.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.answers import Disagreement, Sentence, Support
from rag.cite import Citations
from rag.claim_words import DURATIONS, OPPOSED
from rag.claims import Claim, Quantity, Reader
from rag.newest import date_of, years
from rag.store.sparse import SparseEncoder
from rag.table_text import labelled, tables
from rag.text import split_sentences
from rag.types import Passage

Disagreements = tuple[Disagreement, ...]
"""What an answer is told of."""
PASSAGES = 8
"""Passages whose sentences are compared with the answer's."""
SHOWN = 2
"""Disagreements shown at most, each of `SAYINGS` sentences at most."""
SAYINGS = 3
_ABOUT, _ROUNDED, _ROUND_FROM = 0.15, 0.05, 1000
"""Difference that `about` covers, and that rounding covers from a value on, as shares."""
_WHEN = re.compile(r"\b(?:when|what year|which year|what date|когда|в каком году|какого числа)\b")
_PAST = re.compile(
    r"\b(?:was|were|had|grew|rose|fell|reached|earned|составил\w*|был\w?|вырос\w*|достиг\w*)\b"
)
_NAME = re.compile(r"(?<=[^.!?\s]\s)[A-ZА-ЯЁ]\w+|\b[^\W\d_]+[-/]?\d[\w-]*")
"""A name or code in a question: words with a capital that do not begin it."""
_BEGINNING = 4
"""Letters by which a word is looked for before a sentence is read."""
_VALUE = re.compile(r"\W*(?:[A-Z]{3}\s*)?\d")
"""What the cells of a row begin with that say how much."""
_KEY_WORDS = 5
"""Longer cells of a row do not name what it is about."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence or table cell of a passage with what it claims."""

    passage: Passage
    start: int
    end: int
    text: str
    """As it is shown."""
    read: str
    """As it is compared: of a cell, what its row is about, its column and itself."""

    @property
    def quote(self) -> str:
        return self.passage.chunk.text[self.start : self.end].strip()

    @property
    def scope(self) -> str:
        """The headings and the name that it stands under."""
        return " ".join([_name(self.passage), *self.passage.chunk.section])

    @property
    def date(self) -> str:
        return date_of(self.passage.document, self.passage.chunk.text)


def disagreements(
    question: str,
    sentences: Sequence[Sentence],
    passages: Sequence[Passage],
    citations: Citations,
    sparse: SparseEncoder,
) -> Disagreements:
    """What contradicts the answer's sentences, each with what it contradicts, newest first.

    Args:
        sentences: of the answer; what they cite is compared.
        passages: best first, with the text that the citations' offsets are of or not.
        citations: of the answer; what contradicts is added to them.
    """
    judge = _Judge(Reader(sparse), question)
    numbers = {number for sentence in sentences for number in sentence.citations}
    cited = [c for c in citations.all() if c.number in numbers]
    said = [saying for passage in passages[:PASSAGES] for saying in _sayings(passage)]
    found: list[Disagreement] = []
    told: set[str] = set()
    for citation in cited:
        for one in said:
            if one.quote not in citation.quote and citation.quote not in one.quote:
                continue
            if one.passage.document.id != citation.passage.document.id or one.text in told:
                continue
            others = [other for other in said if judge.disagree(one, other)]
            if others and len(found) < SHOWN:
                shown = _newest_first([one, *judge.different(others)[: SAYINGS - 1]])
                told.update(saying.text for saying in [one, *others])
                found.append(Disagreement(tuple(_sentence(s, citations) for s in shown)))
    return tuple(found)


def newest_first(
    sentences: Sequence[Sentence], found: Sequence[Disagreement]
) -> tuple[Sentence, ...]:
    """Quoted sentences with the newest of each disagreement before what it contradicts."""
    ordered = list(sentences)
    for disagreement in found:
        newest, *older = disagreement.sentences
        texts = {sentence.text for sentence in older}
        at = next((i for i, s in enumerate(ordered) if _holds(s.text, texts)), None)
        if at is None or any(_holds(s.text, {newest.text}) for s in ordered[:at]):
            continue
        own = next((s for s in ordered if _holds(s.text, {newest.text})), newest)
        if own in ordered:
            ordered.remove(own)
        ordered.insert(at, own)
    return tuple(ordered)


def _holds(text: str, others: set[str]) -> bool:
    return any(other in text for other in others)


def _sentence(saying: Saying, citations: Citations) -> Sentence:
    number = citations.cite(saying.passage, saying.start, saying.end, Support.QUOTED)
    return Sentence(saying.text, (number,), Support.QUOTED)


def _newest_first(said: Sequence[Saying]) -> list[Saying]:
    return sorted(said, key=lambda saying: saying.date, reverse=True)


def _sayings(passage: Passage) -> Iterator[Saying]:
    """The passage's sentences and table cells."""
    text, at = passage.chunk.text, 0
    for rows in tables(text):
        yield from _prose(passage, at, rows[0].start)
        for row in rows:
            if row.is_header or not any(row.cells):
                continue
            keys = [c for c in row.cells if not _VALUE.match(c) and len(c.split()) <= _KEY_WORDS]
            for name, cell in zip(row.names, row.cells, strict=False):
                if _VALUE.match(cell) and keys:
                    read = f"{' '.join(keys)} {name}: {cell}"
                    yield Saying(passage, row.start, row.end, labelled(row), read)
        at = rows[-1].end
    yield from _prose(passage, at, len(text))


def _prose(passage: Passage, start: int, end: int) -> Iterator[Saying]:
    text = passage.chunk.text
    for left, right in split_sentences(text[start:end]):
        read = " ".join(text[start + left : start + right].split())
        yield Saying(passage, start + left, start + right, read, read)


class _Judge:
    """Compares sayings in the light of one question."""

    def __init__(self, reader: Reader, question: str) -> None:
        self._reader = reader
        self._read: dict[str, list[Claim]] = {}
        self._asked = reader.words(question)
        self._named = reader.words(" ".join(_NAME.findall(question)))
        self._when = bool(_WHEN.search(question.casefold()))

    def disagree(self, one: Saying, other: Saying) -> bool:
        if not _elsewhere(one, other):
            return False
        found = [(a, b) for a in self._claims(one) for b in self._like(a, other)]
        return any(self._contradict(a, b) for a, b in found) and self._comparable(one, other)

    def different(self, said: Sequence[Saying]) -> list[Saying]:
        """Of several that say the same, the newest."""
        kept: dict[object, Saying] = {}
        for saying in _newest_first(said):
            claim = self._claims(saying)[0]
            kept.setdefault((claim.quantities, claim.years, claim.stance), saying)
        return list(kept.values())

    def _claims(self, saying: Saying) -> list[Claim]:
        if saying.read not in self._read:
            self._read[saying.read] = self._reader.claims(saying.read)
        return self._read[saying.read]

    def _like(self, claim: Claim, other: Saying) -> list[Claim]:
        """The claims of another saying, read only if it has half of the words of this one."""
        text = other.read.casefold().replace("ё", "е")
        shared = sum(word[:_BEGINNING] in text for word in claim.words)
        return self._claims(other) if 2 * shared >= len(claim.words) else []

    def _comparable(self, one: Saying, other: Saying) -> bool:
        """Whether both are about what is asked, and neither about a part that the other is not."""
        scopes = [self._reader.words(saying.scope) for saying in (one, other)]
        said = [self._claims(saying)[0].words for saying in (one, other)]
        held = [words | scope for words, scope in zip(said, scopes, strict=True)]
        if not all(self._asked & words for words in held):
            return False
        if self._named & held[0] != self._named & held[1]:
            return False
        if years(one.scope) != years(other.scope) and _PAST.search(one.text.casefold()):
            return False
        return not self._siblings(one, other)

    def _siblings(self, one: Saying, other: Saying) -> bool:
        """Whether headings or names are of two of a kind: `Leave in Norway`, `Leave in Sweden`."""
        first, second = one.passage, other.passage
        pairs = [(_name(first), _name(second))]
        if first.chunk.section and second.chunk.section:
            pairs.append((first.chunk.section[-1], second.chunk.section[-1]))
        said = self._claims(one)[0].words | self._claims(other)[0].words
        for a, b in pairs:
            mine, theirs = self._reader.words(a), self._reader.words(b)
            codes = {w for w in mine ^ theirs if any(char.isdigit() for char in w)}
            same_kind = bool(mine & theirs) or first.document.id == second.document.id
            if (same_kind and mine - theirs - said and theirs - mine - said) or codes:
                return True
        return False

    def _contradict(self, one: Claim, other: Claim) -> bool:
        if one.words != other.words or not one.words:
            return False
        kinds = sorted(q.kind for q in one.quantities)
        if kinds != sorted(q.kind for q in other.quantities):
            return False
        pairs = list(zip(_by_kind(one), _by_kind(other), strict=True))
        verdicts = [_compare(a, b) for a, b in pairs]
        if None in verdicts:
            return False
        differing = sum(verdict is True for verdict in verdicts)
        if one.years != other.years:
            return self._when and not (differing - _dates(pairs)) and self._enough(one)
        if frozenset({one.stance, other.stance}) in OPPOSED and one.stance != other.stance:
            return not differing and len(one.words) > 1
        alike = one.stance == other.stance or {one.stance, other.stance} == {"", "must"}
        return alike and differing == 1 and self._enough(one)

    def _enough(self, claim: Claim) -> bool:
        """Whether the words tell what is counted."""
        counted = {q.kind for q in claim.quantities if q.kind}
        asked = self._asked - self._named - counted
        return len(claim.words) > 1 or (bool(counted) and claim.words >= asked)


def _name(passage: Passage) -> str:
    """The document's name as words, without its ending."""
    return re.sub(r"[-_/.]", " ", re.sub(r"\.\w{1,5}$", "", passage.document.name))


def _dates(pairs: Sequence[tuple[Quantity, Quantity]]) -> int:
    return sum(a.kind == "date" and a.value != b.value for a, b in pairs)


def _elsewhere(one: Saying, other: Saying) -> bool:
    """Whether two sayings are of different documents, versions or sections."""
    a, b = one.passage.chunk, other.passage.chunk
    return (a.document_id, a.version) != (b.document_id, b.version) or a.section != b.section


def _by_kind(claim: Claim) -> list[Quantity]:
    return sorted(claim.quantities, key=lambda quantity: quantity.kind)


def _compare(one: Quantity, other: Quantity) -> bool | None:
    """Whether two quantities of a kind contradict; None where they cannot be compared."""
    low, high = _range(one, other)
    other_low, other_high = _range(other, one)
    if low <= other_high and other_low <= high:
        return False
    if "≈" in (one.bound, other.bound):
        return None if abs(low - other_low) <= _ABOUT * max(low, other_low) else True
    large = min(low, other_low) >= _ROUND_FROM and one.kind not in ("date", "time")
    if large and abs(low - other_low) <= _ROUNDED * max(low, other_low):
        return None
    bounds = {one.bound, other.bound}
    if bounds == {"≥", "≤"}:
        return None
    if bounds in ({"", "≥"}, {"", "≤"}):
        exact, bound = (low, other_low) if not one.bound else (other_low, low)
        return True if (exact < bound) == ("≥" in bounds) else None
    return True


def _range(quantity: Quantity, beside: Quantity) -> tuple[float, float]:
    """The value, of a duration in another unit its days at least and at most."""
    if quantity.kind != "duration" or quantity.unit == beside.unit:
        return quantity.value, quantity.value
    low, high = DURATIONS[quantity.unit]
    return quantity.value * low, quantity.value * high
