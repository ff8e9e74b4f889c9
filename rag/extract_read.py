"""A passage as units that can be quoted: sentences and table rows, each with what it leans on.

Left out is what no reader would want quoted: headings, running lines, navigation, copyright and
cookie lines, lists of links, the lines of a table of contents. A sentence that opens with a
pronoun or a pointing word leans on the sentence before it, a list item on the line that leads
into its list.

Rules and word lists for English and Russian. Does not know what a pronoun means: `It` is taken to
lean on the sentence before, whatever it stands for. A list whose items have lost their marks is
known by its lead-in's colon only.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.extract_noise import BULLET, MARK, is_boilerplate, points_elsewhere
from rag.table_text import Row, tables
from rag.text import normalize, split_sentences

BEFORE = 2
"""Sentences that a sentence may bring along at most, the second only if the first points back."""
_BEFORE_WORDS = 60
"""Words that these may have together."""
ITEMS = 8
"""Lines of a list that are quoted together at most."""
_ITEMS_WORDS = 110
_OPEN_SENTENCES = 3
"""Sentences that a bracket or quotation may span after the one that opens it."""
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*(?:\s\"[^\"]*\")?\)")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_POINTS_BACK = re.compile(
    r"""["'«“„(\s]*(?:
    (?:they|he|she|these|those|such|its|their|his|her|both|this|the\s+(?:latter|former|same))\b
    | it\b(?!\s+(?:is|was|has\s+been|may\s+be|will\s+be|would\s+be|can\s+be|seems|appears)\s+
        (?:also\s+|not\s+)?(?:important|possible|necessary|clear|essential|likely|known|thought|
        believed|estimated|recommended|required|common|easy|hard|difficult|best|worth|true|
        said|claimed)\b)
    | that\s+(?:is|was|means|includes|makes|gives|would|will|can)\b
    | (?:however|therefore|thus|hence|consequently|moreover|furthermore|nevertheless|instead|
        otherwise|similarly|likewise|conversely|afterwards?|then|but|and|or|so|yet|also|
        in\s+addition|in\s+contrast|as\s+a\s+result|for\s+(?:example|instance|this\s+reason)|
        in\s+(?:this|that|these|those|such)|at\s+(?:this|that)|on\s+the\s+other\s+hand|
        because\s+of\s+th(?:is|at|ese)|by\s+th(?:is|ese)|after\s+th(?:is|at)|
        during\s+this|of\s+these|one\s+of\s+(?:these|them))\b
    | (?:он|она|оно|они|его|её|ее|их|им|ему|ей|ними?|него|неё|нее)\b(?!\s+же\b)
    | эт(?:о|от|а|и|их|им|ими|ого|ому|ой|у|ом|ими)\b
    | так(?:ой|ая|ое|ие|их|им|ими|ого|ому)\b | подобн(?:ый|ая|ое|ые|ых|ым)\b
    | данн(?:ый|ая|ое|ого|ому|ым|ом|ой|ую)\b | указанн(?:ый|ая|ое|ые|ого|ых|ому|ым|ой)\b
    | (?:однако|поэтому|также|тоже|кроме\s+того|при\s+этом|тем\s+не\s+менее|затем|потом|тогда|
        следовательно|таким\s+образом|в\s+результате|вместо\s+этого|в\s+противном\s+случае|
        в\s+(?:этом|этих|этой|таком|таких|такой)|на\s+эт\w+|для\s+эт\w+|после\s+этого|
        до\s+этого|из\s+(?:них|этих)|среди\s+них|например|напротив|иначе|но|а|и|зато)\b
    )""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One sentence or table row of a passage."""

    start: int
    end: int
    """Offsets into the text."""
    text: str
    """As it is read: blanks collapsed, marks of Markdown links and emphasis taken off; empty for a
    row, which is read by the columns that are asked for."""
    line: int
    """Number of its line (wrapped lines are one) in the text, from 0."""
    alone: bool = False
    """It is all of its line."""
    row: Row | None = None
    weak: bool = False
    """It only points to another place ("For the fee see section 4")."""


def read(text: str, titles: Sequence[str] = ()) -> list[Unit]:
    """The units of a passage in their order, without boilerplate, headings and header rows.

    Args:
        titles: of the sections and the document that the passage stands in; lines that only
            repeat one are headings.
    """
    known = {normalize(MARK.sub("", title, count=1)) for title in titles}
    units: list[Unit] = []
    at = line = 0
    for rows in [*tables(text), None]:
        until = rows[0].start if rows else len(text)
        for unit in _sentences(text, at, until, line):
            line = unit.line
            in_list = _continues_list(unit, units)
            if not is_boilerplate(unit.text, unit.alone, known, in_list):
                units.append(unit)
        line += 2
        if rows:
            for row in rows:
                if not row.is_header and any(row.cells):
                    units.append(Unit(row.start, row.end, "", line, True, row))
            line += 2
            at = rows[-1].end
    return units


def _sentences(text: str, start: int, end: int, line: int) -> Iterator[Unit]:
    """Sentences with the numbers of their lines, the first number above `line`."""
    spans = [(start + a, start + b) for a, b in split_sentences(text[start:end])]
    spans = _closed(text, spans)
    ends = [_ends_line(text, b) for _, b in spans]
    begins = [True, *ends[:-1]]
    for (left, right), first, last in zip(spans, begins, ends, strict=False):
        line += first
        said = as_read(text[left:right])
        yield Unit(left, right, said, line, first and last, None, points_elsewhere(said))


def _closed(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The sentences, those that leave a bracket or quotation open joined with what closes it."""
    joined: list[tuple[int, int]] = []
    at = 0
    while at < len(spans):
        start, end = spans[at]
        until = at
        if _open(text[start:end]):
            for later in range(at + 1, min(len(spans), at + 1 + _OPEN_SENTENCES)):
                broken = "\n" in text[spans[later - 1][1] : spans[later][0]]
                if broken and not text[spans[later][0]].islower():
                    break
                if not _open(text[start : spans[later][1]]):
                    until = later
                    break
        joined.append((start, spans[until][1]))
        at = until + 1
    return joined


def _open(text: str) -> bool:
    pairs = text.count("(") > text.count(")") or text.count("«") > text.count("»")
    return pairs or text.count("“") > text.count("”") or text.count('"') % 2 == 1


def _ends_line(text: str, at: int) -> bool:
    blanks = re.match(r"\s*", text[at : at + 200])
    return at >= len(text) or (blanks is not None and "\n" in blanks.group())


def as_read(text: str) -> str:
    """A sentence without what is not said: line breaks, targets of links, marks of emphasis."""
    said = " ".join(text.split())
    if "](" in said:
        said = _LINK.sub(r"\1", said)
    return _EMPHASIS.sub(r"\2", said).strip("|").strip().replace(" | ", "; ")


def _continues_list(unit: Unit, before: Sequence[Unit]) -> bool:
    """Whether the line is a short item: it follows a lead-in, or items of its list."""
    line = unit.line
    for last in reversed(before[-ITEMS:]):
        if last.row or last.line + 1 != line:
            return False
        if last.text.endswith(":"):
            return True
        if not last.alone or (last.text[-1:] in ".!?" and not MARK.match(last.text)):
            return False
        if MARK.match(last.text) and MARK.match(unit.text):
            return True
        line = last.line
    return False


def points_back(text: str) -> bool:
    """Whether a sentence opens with a word that only the sentence before it explains."""
    return _POINTS_BACK.match(MARK.sub("", text, count=1)) is not None


def antecedents(units: Sequence[Unit], at: int) -> list[int]:
    """The sentences, in order, that unit `at` needs before it; none where it stands by itself."""
    found: list[int] = []
    words = 0
    while len(found) < BEFORE and at and not units[at].row and points_back(units[at].text):
        before = units[at - 1]
        words += len(before.text.split())
        if before.row or before.line != units[at].line or words > _BEFORE_WORDS:
            break
        at -= 1
        found.insert(0, at)
    return found


def lead_in(units: Sequence[Unit], at: int) -> int | None:
    """The line with a colon at its end that leads into the list that unit `at` is an item of."""
    if units[at].row or units[at].text.endswith(":"):
        return None
    here = at
    while here > 0 and at - here < ITEMS and not units[here - 1].row:
        before = units[here - 1]
        if before.line not in (units[here].line, units[here].line - 1):
            return None
        if before.text.endswith(":"):
            return here - 1 if before.line < units[at].line else None
        if _ends_list(units, here - 1, at):
            return None
        here -= 1
    return None


def _ends_list(units: Sequence[Unit], item: int, following: int) -> bool:
    """Whether a list ends between two lines: a marked or small item before a plain sentence."""
    one, other = units[item].text, units[following].text
    if bool(MARK.match(one)) != bool(MARK.match(other)):
        return True
    return one[0].islower() and other[0].isupper()


def items(units: Sequence[Unit], at: int) -> list[int]:
    """The items of the list that the line `at` leads into; none where it leads into no list."""
    found: list[int] = []
    words = 0
    for here in range(at + 1, min(len(units), at + 1 + 2 * ITEMS)):
        unit, before = units[here], units[here - 1]
        words += len(unit.text.split())
        if unit.row or unit.line - before.line > 1 or words > _ITEMS_WORDS:
            break
        if found and before.line != unit.line:
            if len(found) >= ITEMS or _ends_list(units, found[0], here):
                break
            if before.text.endswith(".") and units[found[0]].text[-1:] in ";,":
                break
        if unit.text.endswith(":"):
            break
        found.append(here)
    return found


def steps(units: Sequence[Unit], at: int) -> list[int]:
    """The lines around unit `at` that have list marks as its own line has; none if it has none, or
    if the list is too long to be quoted."""
    starts = [n for n, unit in enumerate(units) if not n or units[n - 1].line != unit.line]
    own = max((n for n in starts if n <= at), default=at)
    if units[at].row or not MARK.match(units[own].text):
        return []
    first = last = starts.index(own)
    while first and _follows(units, starts[first - 1], starts[first]):
        first -= 1
    while last + 1 < len(starts) and _follows(units, starts[last], starts[last + 1]):
        last += 1
    until = starts[last + 1] if last + 1 < len(starts) else len(units)
    found = list(range(starts[first], until))
    words = sum(len(units[n].text.split()) for n in found)
    return found if last - first < ITEMS and words <= _ITEMS_WORDS else []


def _follows(units: Sequence[Unit], one: int, other: int) -> bool:
    both = MARK.match(units[one].text) and MARK.match(units[other].text)
    return bool(both) and units[other].line == units[one].line + 1


def without_mark(text: str) -> str:
    """An item without its mark or number."""
    return MARK.sub("", text, count=1) or text


def without_bullet(text: str) -> str:
    """An item without its mark; a number stays."""
    return BULLET.sub("", text, count=1) or text
