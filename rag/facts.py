"""What in a sentence can be checked: numbers, dates, units, names, negation, opposites.

Rules and word lists for English and Russian. A sentence becomes words, each with the key that it
is compared by: `1,500`, `1 500` and `fifteen hundred` are one number, `5 May` and `05.05` share a
month, `per cent` is `%`. Does not know syntax; a name is what is written like one. Names in
another script are compared by their consonants.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.fact_words import MONTHS, NEGATIONS, NUMBER_WORDS, SCALES, UNITS, WEEKDAYS
from rag.store.stopwords import STOP_WORDS

Stem = Callable[[Sequence[str]], list[str]]
"""The stem of each word."""


class Kind(StrEnum):
    """What a word is, as far as checking goes."""

    NUMBER = "number"
    DATE = "date"
    """A month or a day of the week."""
    UNIT = "unit"
    """Of measure, currency or time."""
    NAME = "name"
    NEGATION = "negation"
    CONTENT = "content"
    STOP = "stop"


HARD = frozenset({Kind.NUMBER, Kind.DATE, Kind.NAME})
"""What a passage must hold for a sentence to be supported."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text."""

    key: str
    """What it is compared by: a stem, a number in digits, `month 5`, the name of a unit."""
    kind: Kind
    start: int
    end: int
    """Offsets into the text."""
    soft: bool = False
    """It may be something else: a number in words, a capital at the start of a sentence."""
    text: str = ""
    """As written, in lower case."""


@dataclass(frozen=True, slots=True)
class _Reading:
    text: str
    shouting: bool
    cyrillic: bool


_TOKEN = re.compile(
    r"""(?P<number>\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*)
        (?P<half>[½¼¾])?(?P<tail>[^\W\d_]*)
      | (?P<symbol>[%‰$€£₽¥№½¼¾])
      | (?P<word>per[ ]cent\b|(?:[^\W\d_]\.){2,}|[^\W\d_][\w]*(?:['’ʼ][^\W\d_]+)?)""",
    re.VERBOSE,
)
_HALVES = {"½": ".5", "¼": ".25", "¾": ".75"}
_ORDINAL = re.compile(r"st|nd|rd|th|s|й|я|е|го|му|м|ая|ые|ых|ой|ом|х|ми")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:]|\n)[\s\"'«“„(\[*•\-–—]*$")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def words_of(text: str, stem: Stem) -> list[Word]:
    """The words of a text, in order."""
    matches = list(_TOKEN.finditer(text))
    raw = [_lower(m.group()) for m in matches]
    stems = stem([r.rstrip(".") for r in raw])
    reading = _Reading(text, _shouts(matches), _mostly_cyrillic(text))
    found = []
    for at, match in enumerate(matches):
        if match["number"]:
            found += _number(match)
        else:
            found.append(_word(reading, match, raw[at], stems[at]))
    return _composed(_dates(found))


def plain_number(written: str) -> str:
    """`1,500` and `1 500` are `1500`, `3,50` is `3.5`, `05` is `5`.

    Three digits after a separator are taken for thousands.
    """
    if re.fullmatch(r"\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+(?:[.,]\d+)?", written):
        whole, rest = re.fullmatch(  # type: ignore[union-attr]
            r"(\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+)([.,]\d+)?", written
        ).groups()
        number = re.sub(r"\D", "", whole) + (rest or "").replace(",", ".")
    else:
        number = written.replace(",", ".")
    if number.count(".") > 1:
        return number
    whole, point, rest = number.partition(".")
    rest = rest.rstrip("0")
    return (whole.lstrip("0") or "0") + (point + rest if rest else "")


def _lower(text: str) -> str:
    return text.lower().replace("ё", "е").replace("’", "'").replace("ʼ", "'")


def _shouts(matches: Sequence[re.Match[str]]) -> bool:
    """Whether capitals say nothing here: a heading, a text in capitals."""
    written = [m["word"] for m in matches if m["word"] and len(m["word"]) > 3]
    return len(written) > 3 and sum(w[0].isupper() for w in written) > 0.8 * len(written)


def _number(match: re.Match[str]) -> list[Word]:
    start, end = match.span("number")
    if match["half"]:
        end += 1
    key = plain_number(match["number"]) + _HALVES.get(match["half"] or "", "")
    tail = match["tail"].lower()
    found = [Word(key, Kind.NUMBER, start, end, text=match["number"])]
    if not tail or _ORDINAL.fullmatch(tail):
        return found
    if tail in UNITS:
        return [*found, Word(UNITS[tail], Kind.UNIT, end, match.end(), text=tail)]
    return [Word(_lower(match.group()), Kind.NAME, start, match.end(), text=_lower(match.group()))]


def _word(reading: _Reading, match: re.Match[str], low: str, stem: str) -> Word:
    start, end = match.span()
    written = match.group()

    def word(key: str, kind: Kind, soft: bool = False) -> Word:
        return Word(key, kind, start, end, soft, low)

    base = re.sub(r"'s$", "", low).rstrip(".")
    if written in _HALVES:
        return word("0" + _HALVES[written], Kind.NUMBER)
    if low in NEGATIONS or low.endswith("n't"):
        return word("not", Kind.NEGATION)
    if base in MONTHS and (base not in ("may", "march", "мая", "май") or written[0].isupper()):
        return word(f"month {MONTHS[base]}", Kind.DATE, soft=base == "may")
    if base in WEEKDAYS:
        return word(f"day {WEEKDAYS[base]}", Kind.DATE)
    if base in NUMBER_WORDS:
        return word(str(NUMBER_WORDS[base]), Kind.NUMBER, soft=True)
    if base in UNITS:
        return word(UNITS[base], Kind.UNIT)
    if base in STOP_WORDS and not (written.isupper() and len(written) > 1):
        return word(base, Kind.STOP)
    if reading.shouting or not _named(written, reading.cyrillic):
        return word(stem, Kind.CONTENT)
    at_start = bool(_SENTENCE_START.search(reading.text[max(0, start - 8) : start]))
    soft = at_start and not any(c.isupper() or c.isdigit() for c in written[1:])
    return word(stem.removesuffix("'s").replace(".", ""), Kind.NAME, soft)


def _named(written: str, in_cyrillic: bool) -> bool:
    """A capital, or a digit or `_` inside; Latin letters alone are a name in a Russian text."""
    if written[0].isupper() or any(c.isdigit() or c == "_" for c in written):
        return True
    return written.isascii() and len(written) > 2 and in_cyrillic


def _mostly_cyrillic(text: str) -> bool:
    head = text[:400]
    return 2 * len(_CYRILLIC.findall(head)) > sum(c.isalpha() for c in head)


def _dates(words: list[Word]) -> list[Word]:
    """`31.12.2024` and `2024-12-31` as day, month and year."""
    found: list[Word] = []
    for word in words:
        dotted = re.fullmatch(r"(\d\d?)\.(\d\d?)\.((?:19|20)\d\d)", word.key)
        if word.kind is Kind.NUMBER and dotted and int(dotted[2]) <= 12:
            keys = (str(int(dotted[1])), f"month {int(dotted[2])}", dotted[3])
            kinds = (Kind.NUMBER, Kind.DATE, Kind.NUMBER)
            found += [
                Word(key, kind, word.start, word.end, text=word.text)
                for key, kind in zip(keys, kinds, strict=True)
            ]
        else:
            found.append(word)
    for at in range(len(found) - 2):
        year, month, day = found[at : at + 3]
        iso = all(w.kind is Kind.NUMBER and w.key.isdigit() for w in (year, month, day))
        joined = month.start - year.end == day.start - month.end == 1
        if iso and joined and re.fullmatch(r"(19|20)\d\d", year.key) and 1 <= int(month.key) <= 12:
            month_word = Word(f"month {month.key}", Kind.DATE, month.start, month.end)
            found[at : at + 3] = [year, month_word, day]
    return found


def _composed(words: list[Word]) -> list[Word]:
    """Numbers of several words as one: `twenty-five`, `two hundred`, `1.5 million`, `5 тыс.`"""
    found: list[Word] = []
    for word in words:
        before = found[-1] if found else None
        near = before is not None and word.start - before.end <= 1
        if before and near and before.kind is Kind.NUMBER and word.text in SCALES:
            value = _value(before.key) * SCALES[word.text]
            found[-1] = Word(_written(value), Kind.NUMBER, before.start, word.end, before.soft)
        elif before and near and _continues(before, word):
            value = _value(before.key) + _value(word.key)
            found[-1] = Word(_written(value), Kind.NUMBER, before.start, word.end, True)
        else:
            found.append(word)
    return found


def _continues(before: Word, word: Word) -> bool:
    both = before.kind is word.kind is Kind.NUMBER and before.soft and word.soft
    if not both:
        return False
    large, small = _value(before.key), _value(word.key)
    return (large % 100 == 0 and 0 < small < 100 <= large) or (
        large % 10 == 0 and 20 <= large < 100 and 0 < small < 10
    )


def _value(key: str) -> float:
    try:
        return float(key)
    except ValueError:
        return 0.0


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else str(round(value, 6))
