"""What a sentence claims, for comparing it with another: words, quantities, years, and a stance.

English and Russian word lists (`rag/claim_words.py`); nothing is parsed. Beside the whole sentence
its beginnings that end before a further clause are read, so that what is added behind does not
hide what is said first. Does not know who `it` is, nor what a word means beyond a few synonyms.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.claim_words import (
    BOUNDS,
    CURRENCIES,
    LABELS,
    LIGHT,
    NUMBERS,
    PERIODS,
    SCALES,
    STANCES,
    SYNONYMS,
    unit_of,
)
from rag.newest import MONTHS
from rag.store.sparse import SparseEncoder
from rag.store.stopwords import STOP_WORDS

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_IN_WORDS = re.compile(rf"\b(?:{'|'.join(NUMBERS)})\b")
_ONE = re.compile(r"\b(?:one|a|одного|один|одну|одна|одной)\s+(?=(?P<unit>(?!second\b)[^\W\d_]+))")
_QUALIFIED = re.compile(
    r"(?P<figure>\d)\s+(?:(?P<working>working|business|рабоч\w+)|calendar|full|календарн\w+|полн\w+)\s+"
)
_ISO = re.compile(r"(?:[≥≤]\s*)?(?<!\d)(?P<y>(?:19|20)\d\d)-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)")
_DOTS = re.compile(
    r"(?:[≥≤]\s*)?(?<![\d.])(?P<d>\d\d?)\.(?P<m>\d\d?)(?:\.(?P<y>(?:19|20)\d\d))(?!\d)"
)
_DAY = re.compile(
    r"(?:[≥≤]\s*)?(?:"
    rf"(?<!\d)(?P<d>\d\d?)(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m>{_MONTH})[^\W\d_]*"
    rf"|\b(?P<m2>{_MONTH})[^\W\d_]*\s+(?P<d2>\d\d?)(?:st|nd|rd|th)?(?!\d))"
    r"(?:,?\s+(?P<y>(?:19|20)\d\d)(?!\d)(?:\s*г\b\.?|\s*год\w*)?)?"
)
_TIME = re.compile(r"(?<![\d:])(\d\d?):(\d\d)(?![\d:])")
_CODE = re.compile(r"[^\W\d_]+[-/]?\d[\w/-]*|\d+(?:\.\d+){2,}")
_YEAR = re.compile(
    r"(?:(?P<cue>\b(?:in|since|by|from|until|before|after|for|year|of|в|с|до|на|за|к|после|год|от)\s+)"
    r"|(?<=[(,–—-])|(?<=^))(?P<y>(?:19|20)\d\d)(?![\d.,]*\d)(?:\s*(?:г\b\.?|год\w*))?(?!\s*[%€$₽£])|"
    r"(?P<y2>(?:19|20)\d\d)(?=\s*(?:г\b\.?|год))\s*(?:г\b\.?|год\w*)|(?P<y3>(?:19|20)\d\d)(?=[.;,)]?\s*$)"
)
_FIGURE = r"\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?"
_SIGN = r"[%€$₽£]|\b(?:eur|usd|rub|gbp|kzt)\b"
_NUMBER = re.compile(
    rf"(?P<bound>[≥≤≈]\s*)?(?P<before>{_SIGN})?\s*(?P<one>{_FIGURE})"
    rf"(?:\s*(?:[-–—]|\bto\b|\bor\b|\bдо\b|\bили\b|≤)\s*(?P<two>{_FIGURE}))?"
    r"(?:\s*(?P<scale>thousand|million|mln|billion|bn|тыс|млн|миллион|млрд|миллиард)[^\W\d_]*\.?)?"
    rf"\s*-?\s*(?P<after>{_SIGN}|[^\W\d_]+)?"
)
_PRONOUN = re.compile(
    r"(?:he|she|it|they|this|these|those|that|his|her|their|its|such"
    r"|он|она|оно|они|это|этот|эта|эти|его|ее|их|такой|такая|такие)\b"
)
_CONDITION = re.compile(
    r"\b(?:if|when|unless|except|during|for|in case|provided|only"
    r"|если|когда|кроме|при|для|в случае|только|за исключением)\b"
)
_CLAUSE = re.compile(
    r";|\s\(|,?\s+(?:and|but|while|which|where)\s|,\s+(?:а|и|но|причем|при этом|котор\w+)\s"
)
_NOT_SAID = re.compile(r"\?$|\b(?:for example|e\.g|for instance|например)\b")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with what it counts."""

    kind: str
    """`duration`, `date`, `time`, a currency, `percent`, or the word after the number."""
    value: float
    unit: str = ""
    """Of a duration: its unit, in which `value` is."""
    bound: str = ""
    """`≥` at least, `≤` at most, `≈` about; empty: exactly."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one sentence, or its beginning, says."""

    words: frozenset[str]
    """Stems of the content words; without numbers, units, stances and words of no weight."""
    quantities: tuple[Quantity, ...] = ()
    years: frozenset[str] = frozenset()
    stance: str = ""
    """`must`, `may`, `must not`, `need not`, `not`; empty: plainly asserted."""


class Reader:
    """Reads sentences into claims. Cheap to make; one for each question."""

    def __init__(self, sparse: SparseEncoder) -> None:
        self._sparse = sparse
        self._light = frozenset(sparse.terms(LIGHT))
        groups = [sparse.terms(line) for line in SYNONYMS.split("\n")]
        self._same = {stem: group[0] for group in groups for stem in group}

    def claims(self, sentence: str) -> list[Claim]:
        """The sentence as a claim, then its beginnings; none of a question or an example, nor of
        a sentence whose subject is a pronoun."""
        text = _folded(sentence)
        if _NOT_SAID.search(text) or _PRONOUN.match(text):
            return []
        texts = [text]
        if not _CONDITION.search(text):
            texts += [text[: match.start()] for match in _CLAUSE.finditer(text)]
        return [claim for claim in map(self._read, texts) if claim.words]

    def words(self, text: str) -> frozenset[str]:
        """The content words of any text, as those of a claim."""
        return self._read(_folded(text)).words

    def _read(self, text: str) -> Claim:
        stance, text = _stance(text)
        for bound, pattern in BOUNDS:
            text = pattern.sub(f" {bound} ", text)
        scan = _Scan(text)
        return Claim(
            frozenset(self._weighty(scan.text)) | scan.codes,
            tuple(scan.quantities),
            frozenset(scan.years),
            stance,
        )

    def _weighty(self, text: str) -> Iterator[str]:
        words = [w for w in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text) if w not in STOP_WORDS]
        for stem in self._sparse.terms(" ".join(words)) if words else ():
            same = self._same.get(stem, stem)
            if same not in self._light and stem not in self._light:
                yield same


def _folded(text: str) -> str:
    folded = " ".join(text.casefold().replace("ё", "е").replace("’", "'").split())
    return folded.strip(" .!;")


def _stance(text: str) -> tuple[str, str]:
    """The first stance that the text takes, bounds aside, and the text without its words."""
    for bound, pattern in BOUNDS:
        text = pattern.sub(f" {bound} ", text)
    for stance, pattern in STANCES:
        if pattern.search(text):
            return stance, pattern.sub(" ", text)
    return "", text


class _Scan:
    """Takes quantities, years and codes out of a folded text; what is left of it is `text`."""

    def __init__(self, text: str) -> None:
        self.quantities: list[Quantity] = []
        self.years: set[str] = set()
        self.codes: set[str] = set()
        for period, pattern in PERIODS:
            text = pattern.sub(f" {period} ", text)
        text = LABELS.sub("#", text)
        text = _IN_WORDS.sub(lambda m: str(NUMBERS[m.group()]), text)
        text = _ONE.sub(lambda m: "1 " if unit_of(m["unit"])[0] == "duration" else m.group(), text)
        text = _QUALIFIED.sub(self._qualified, text)
        for pattern in (_ISO, _DOTS, _DAY):
            text = pattern.sub(self._date, text)
        text = _TIME.sub(self._time, text)
        text = re.sub(r"#\d[\w.]*", self._code, text)
        text = _CODE.sub(self._code, text)
        text = _YEAR.sub(self._year, text)
        self.text = _NUMBER.sub(self._number, text)

    def _qualified(self, match: re.Match[str]) -> str:
        if match["working"]:
            self.codes.add("working")
        return f"{match['figure']} "

    def _date(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        month = found["m"] or found.get("m2") or ""
        day = found["d"] or found.get("d2") or "0"
        number = int(month) if month.isdigit() else MONTHS[month]
        self.quantities.append(Quantity("date", number * 31.0 + int(day)))
        if found.get("y"):
            self.years.add(found["y"])
        return " "

    def _time(self, match: re.Match[str]) -> str:
        self.quantities.append(Quantity("time", int(match[1]) * 60.0 + int(match[2])))
        return " "

    def _code(self, match: re.Match[str]) -> str:
        self.codes.add(match.group().rstrip("."))
        return " "

    def _year(self, match: re.Match[str]) -> str:
        self.years.add(match["y"] or match["y2"] or match["y3"])
        return " "

    def _number(self, match: re.Match[str]) -> str:
        after = match["after"] or ""
        kind, unit = unit_of(after)
        if match["before"]:
            kind, unit, left = CURRENCIES[match["before"]], "", after
        elif kind:
            left = ""
        else:
            kind, left = ("", after) if after in STOP_WORDS else (after, "")
        scale = next((n for words, n in SCALES if (match["scale"] or "-") in words.split()), 1.0)
        bound = (match["bound"] or "").strip()
        for figure in filter(None, (match["one"], match["two"])):
            self.quantities.append(Quantity(kind, _value(figure) * scale, unit, bound))
        return f" {left} "


def _value(figure: str) -> float:
    """`1,500` and `1 500` are 1500, `3,5` is 3.5; three digits after a separator are thousands."""
    thousands = re.sub(r"(?<=\d)[ ,.\u00a0\u202f](?=\d{3}(?!\d))", "", figure)
    return float(thousands.replace(",", "."))
