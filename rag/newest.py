"""Which of two documents speaks later: the date that a document bears.

The beginning of its validity, else the latest date or year in its name, else one that its text
says it is in force, approved or updated from, else when it was added. Knows English and Russian
dates only, and cannot tell a year that a document is about from the year it was written in.
"""

import re
from collections.abc import Iterator

from rag.types import Document

_MONTHS = (
    "jan янв",
    "feb фев",
    "mar мар",
    "apr апр",
    "may мая май",
    "jun июн",
    "jul июл",
    "aug авг",
    "sep сен",
    "oct окт",
    "nov ноя",
    "dec дек",
)
MONTHS = {word: at for at, words in enumerate(_MONTHS, 1) for word in words.split()}
"""Beginnings of the months' names, with their numbers from 1."""
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_YEAR = r"(?:19|20)\d\d"
_DATE = re.compile(
    rf"(?<!\d)(?:(?P<y1>{_YEAR})[-_.](?P<m1>\d\d)(?:[-_.](?P<d1>\d\d))?"
    rf"|(?P<d2>\d\d?)[./](?P<m2>\d\d?)[./](?P<y2>{_YEAR})"
    rf"|(?P<d3>\d\d?)\s+(?P<m3>{_MONTH})[^\W\d_]*\.?,?\s+(?P<y3>{_YEAR})"
    rf"|(?P<m4>{_MONTH})[^\W\d_]*\.?\s+(?:(?P<d4>\d\d?),?\s+)?(?P<y4>{_YEAR})"
    rf"|(?P<y5>{_YEAR}))(?!\d)",
    re.IGNORECASE,
)
_SAYS_WHEN = re.compile(
    r"(?:effective|in force|valid|approved|adopted|updated|revised|revision|as of|issued|dated"
    r"|действу\w+|вступа\w+ в силу|утвержд\w+|введен\w+|редакци\w+|обновлен\w+|от)\b"
    r"[^.;\n\d]{0,40}$",
    re.IGNORECASE,
)
_LOOKED_AT = 40
"""Characters before a date in which it is said what it dates."""


def date_of(document: Document, text: str = "") -> str:
    """The date that the document bears, `YYYY-MM-DD`, to be compared with others'.

    Args:
        text: of the passage in question; only a date that it says to be in force counts.
    """
    if document.valid_from:
        return document.valid_from[:10]
    named = max(_dates(document.name), default="")
    return named or max(_said(text), default="") or document.added_at[:10]


def years(text: str) -> frozenset[str]:
    """The years of a text, alone or in dates."""
    return frozenset(date[:4] for date in _dates(text))


def _said(text: str) -> Iterator[str]:
    for match in _DATE.finditer(text):
        if _SAYS_WHEN.search(text[max(0, match.start() - _LOOKED_AT) : match.start()]):
            yield _iso(match)


def _dates(text: str) -> Iterator[str]:
    return (_iso(match) for match in _DATE.finditer(text))


def _iso(match: re.Match[str]) -> str:
    groups = match.groupdict()
    year = next(groups[key] for key in ("y1", "y2", "y3", "y4", "y5") if groups[key])
    month = next((groups[key] for key in ("m1", "m2", "m3", "m4") if groups[key]), "1")
    day = next((groups[key] for key in ("d1", "d2", "d3", "d4") if groups[key]), "1")
    number = int(month) if month.isdigit() else MONTHS[month.casefold()]
    return f"{year}-{min(number, 12):02}-{int(day):02}"
