"""Text as people read it: sentences with exact offsets, language, comparison form, pieces.

Rules and word lists for English and Russian only; no grammar is known. A single capital with a
full stop is always taken for an initial, so "plan B. Then" stays one sentence: a quote that is
too long is harmless, one that is cut is not. Other languages get the general rules.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

Span = tuple[int, int]
"""Start and end offset, the end excluded."""

CountTokens = Callable[[Sequence[str]], list[int]]
"""Tokens of each text, special tokens included."""

# Never the end of a sentence: something belonging to them follows.
_LEADING = """mr mrs ms dr prof rev hon st gen col sgt capt lt cmdr sen rep gov pres messrs
approx ca cf vs viz a.k.a e.g i.e al ed eds trans dept est ext tel mt
jan feb mar apr jun jul aug sept sep oct nov dec
т.е т.н т.к т.о т.ж см ср напр им ул пр просп пл пер наб бул бульв ш кв корп оф сост
изд ред проф доц акад канд гр тов г-н г-жа оз обл р-н пос дер тел доб вн моб эл вкл искл абз подп
прибл букв англ лат фр греч соотв incl excl
янв фев февр мар апр июн июл авг сент окт нояб дек макс инд"""
# The same, but only before a number.
_NUMBERED = """no nos art arts sec sect ch chap p pp fig figs eq eqs vol vols max min ver tab app
гл ст п пп рис табл стр разд прил д ч вып ок"""
# May end a sentence: they do when a capital follows.
_TRAILING = """etc inc ltd co corp jr sr bros llc a.m p.m ph.d b.c a.d ft
др т.д т.п н.э руб коп тыс млн млрд трлн долл чел шт экз гг вв сек час мин мес нед кг мм км га проц
ед"""
# After a number these are units and end the sentence before a capital; otherwise they lead.
_UNITS = "г гг в вв с м ч д л см"
_STARTERS = """the a an this that these those it its he she they we you in on at by for from with
but and however although when while if as after before during since there here his her their our
to of most many some all no not"""
_LEADING_WORDS = frozenset(_LEADING.split())
_NUMBERED_WORDS = frozenset(_NUMBERED.split())
_TRAILING_WORDS = frozenset(_TRAILING.split())
_UNIT_WORDS = frozenset(_UNITS.split())
_STARTER_WORDS = frozenset(_STARTERS.split())
_END = re.compile(
    r"""(?:\.{2,}|[.!?…]+)           # the stop
    ["'»”’)\]]*                      # what closes with it
    (?:\[\w[\w ,]{0,12}\])*          # reference marks
    (?=\s)""",
    re.VERBOSE,
)
_WORD_BEFORE = re.compile(r"[^\W_][\w.\-]*$")
_COUNTED = re.compile(r"№|N\s?\d|[IVXLC]+\b(?!\.)")
"""What is counted after "No." or "2020 г." other than by plain digits."""
_DATED = re.compile(r"(?:^|[.!?\n]\s*)(?:[ВвСсКк]|[Дд]о|[Пп]осле|[Нн]а)\s+\d{1,4}\s+\w{1,2}$")
"""A sentence of nothing but "В 2024 г": what happened then follows."""
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
_LIST_MARK = re.compile(r"""[\s"'«“(\[]*(?:\d+(?:\.\d+)*|[^\W\d_]|[ivxIVX]+|[•·▪*\-–—])[.)]*""")
_OPENING = "\"'«“„‘([{—–- \t\u00a0"
_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_LIST_LINE = re.compile(r"\s*(?:[•·▪●◦‣*\-–—]|\d+(?:\.\d+)*[.)]|[^\W\d_][.)])\s")
_WRAPPED_FROM = 40
"""Shorter lines are rows or items; from this length on, a line may have been wrapped."""


def split_sentences(text: str) -> list[Span]:
    """Offsets of the sentences of `text`, ascending, without blanks at either end.

    Together they cover everything but white space. A line (table row, list item, paragraph)
    ends its sentence, unless it is long, has no stop, and the next starts in lower case:
    then it was wrapped.
    """
    spans = []
    for start, end in _paragraphs(text):
        left = start
        for stop in _stops(text, start, end):
            spans.append((left, stop))
            left = stop
        spans.append((left, end))
    return [span for span in (_strip(text, *s) for s in spans) if span[0] < span[1]]


def language_of(text: str) -> str:
    """`ru` where Cyrillic letters prevail, `en` where Latin ones do, empty where neither does."""
    cyrillic = len(re.findall(r"[\u0400-\u04ff]", text))
    latin = len(re.findall(r"[A-Za-z\u00c0-\u024f]", text))
    if cyrillic == latin:
        return ""
    return "ru" if cyrillic > latin else "en"


def normalize(text: str) -> str:
    """The form in which texts are compared: NFKC, case-folded, ё→е, no soft hyphens, blanks
    collapsed."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.replace("ё", "е").replace("\u00ad", "").split())


def split_to_tokens(text: str, limit: int, count: CountTokens) -> list[Span]:
    """Offsets of pieces of at most `limit` tokens, cut at sentence ends, else between words,
    else between characters. They cover all non-blank text, in order.

    `count` is called with batches, a handful of times however long the text is. A limit too
    small for even one character yields single characters.
    """
    left, right = _strip(text, 0, len(text))
    if left == right:
        return []
    base = count([""])[0]
    if count([text[left:right]])[0] <= limit:
        return [(left, right)]
    pieces = _pack(text, split_sentences(text), limit, count, base)
    done: list[Span] = []
    while pieces:
        sizes = count([text[a:b] for a, b in pieces])
        done += [p for p, n in zip(pieces, sizes, strict=True) if n <= limit or p[1] - p[0] == 1]
        long = [p for p, n in zip(pieces, sizes, strict=True) if n > limit and p[1] - p[0] > 1]
        pieces = [half for piece in long for half in _smaller(text, piece, limit, count, base)]
    return sorted(done)


def _paragraphs(text: str) -> Iterator[Span]:
    """Lines, with wrapped ones joined."""
    lines = [m.span() for m in _LINE.finditer(text) if m.group().strip()]
    start = 0
    for here, following in pairwise(range(len(lines) + 1)):
        if following < len(lines) and _wrapped(text, lines[here], lines[following]):
            continue
        yield lines[start][0], lines[here][1]
        start = following


def _wrapped(text: str, line: Span, following: Span) -> bool:
    first, second = text[slice(*line)].rstrip(), text[slice(*following)].lstrip()
    return (
        len(first) >= _WRAPPED_FROM
        and "\n" not in text[line[1] : following[0]].replace("\n", "", 1)
        and first[-1] not in ".!?…:;"
        and " | " not in first + second
        and second[0].islower()
        and not _LIST_LINE.match(second)
    )


def _stops(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets in the line `start:end` at which a sentence ends."""
    left = start
    for match in _END.finditer(text, start, end):
        if _ends_sentence(text, left, match.start(), match.end(), end):
            yield match.end()
            left = match.end()


def _ends_sentence(text: str, left: int, stop: int, after: int, end: int) -> bool:
    following = text[after : min(end, after + 40)].lstrip(_OPENING)
    if not following or following[0].islower():
        return False
    if text[stop] != "." or after - stop > 1:
        return True
    if _LIST_MARK.fullmatch(text, left, stop):
        return False
    before = _WORD_BEFORE.search(text[max(left, stop - 24) : stop])
    return before is None or _word_ends(text, stop, before.group(), following)


def _word_ends(text: str, stop: int, written: str, following: str) -> bool:
    """Whether `written`, with the full stop at `stop`, can end a sentence before `following`."""
    word = written.lower()
    digit = following[0].isdigit() or _COUNTED.match(following) is not None
    if word in _UNIT_WORDS and _after_number(text, stop - len(word)):
        return not digit and not _DATED.search(text, 0, stop)
    if word in _LEADING_WORDS or (digit and word in _NUMBERED_WORDS | _TRAILING_WORDS):
        return False
    if word in _TRAILING_WORDS or not _INITIALS.fullmatch(written):
        return True
    first = re.match(r"\w+", following)
    return len(written) > 1 and first is not None and first.group().lower() in _STARTER_WORDS


def _after_number(text: str, at: int) -> bool:
    return text[max(0, at - 8) : at].rstrip(" \t\u00a0\u202f")[-1:].isdigit()


def _strip(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _pack(text: str, spans: list[Span], limit: int, count: CountTokens, base: int) -> list[Span]:
    """Join neighbouring spans while their summed tokens fit; may be off by a few at the seams."""
    packed: list[Span] = []
    room = 0
    for (start, end), size in zip(spans, count([text[a:b] for a, b in spans]), strict=True):
        own = size - base
        if packed and own <= room:
            packed[-1] = (packed[-1][0], end)
            room -= own
        else:
            packed.append((start, end))
            room = limit - base - own
    return packed


def _smaller(text: str, piece: Span, limit: int, count: CountTokens, base: int) -> list[Span]:
    """`piece`, which is too long, cut between words, or else in halves."""
    words = [
        (m.start() + piece[0], m.end() + piece[0]) for m in re.finditer(r"\S+", text[slice(*piece)])
    ]
    packed = _pack(text, words, limit, count, base)
    if len(packed) > 1:
        return packed
    if len(words) > 1:
        middle = len(words) // 2
        return [(piece[0], words[middle - 1][1]), (words[middle][0], piece[1])]
    middle = (piece[0] + piece[1]) // 2
    return [(piece[0], middle), (middle, piece[1])]
