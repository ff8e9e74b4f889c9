"""What nobody would want quoted: headings, running lines, navigation, links without words.

By looks and word lists, English and Russian. Does not know the layout: a heading that reads like a
sentence stays.
"""

import re

from rag.text import normalize

_HEADING_WORDS = 7
_TITLE_WORDS = 14
_FULL = '.!?…;:)»”"'
_DIGIT = re.compile(r"\d")
MARK = re.compile(r"\A(?:[•●▪◦‣·*+–—-]|\(?\d{1,3}(?:\.\d{1,3})*[.)]|\(?[a-zа-я]\))\s+")
BULLET = re.compile(r"\A[•●▪◦‣·*+–—-]\s+")
_LABELLED = re.compile(r"\w+(?:\s\w+)?:\s+\S")
"""`From: Anneke Visser`: short, but it says something."""
_URL = re.compile(r"(?:https?://|www\.)\S+")
_BOILERPLATE = re.compile(
    r"""(?:
    (?:©|\(c\)\s*\d{4}|copyright\b(?=.{0,40}\d{4})).*
    | .{0,80}(?:all\s+rights\s+reserved|все\s+права\s+защищены).{0,20}
    | (?:page|стр\.?|страница)\s*\d+(?:\s*(?:of|/|из)\s*\d+)?
    | (?:table\s+of\s+)?contents|содержание|оглавление
    | (?:skip\s+to|back\s+to|jump\s+to)\s.{1,30} | (?:edit|print|share)\s+this\s.{1,30}
    | (?:read|learn|find\s+out|show)\s+more(?:\s+about\s.{1,50})? | (?:on|in)\s+this\s+page
    | (?:previous|next)(?:\s+page)? | наверх|к\s+началу(?:\s.{1,20})?|на\s+главную
    | версия\s+для\s+печати|читать\s+(?:далее|дальше)|подробнее
    | .{0,60}\b(?:we|this\s+(?:web)?site)\s+uses?\s+cookies\b.{0,120}
    | .{0,60}(?:мы|сайт)\s+использу(?:ем|ет)\s+(?:файлы\s+)?cookies?\b.{0,120}
    | .+?(?:\.\s?){4,}\s*\d*
    )[.!:»]?""",
    re.VERBOSE | re.IGNORECASE,
)
_POINTER = re.compile(
    r"""(?:[(]?\s*(?:please\s+)?(?:see|refer\s+to|consult)\b(?:\s+also\b)?
    | for\s+(?:more|further|additional|details|full)\b.{0,60}\b(?:see|refer|visit|read|contact)\b
    | for\s[^.]{1,40}\ssee\s
    | (?:more|further)\s+(?:information|details)\b.{0,30}\b(?:in|at|on|see)\b
    | (?:см\.|смотрите|смотри)\s | подробн(?:ее|ости|о)\b
    | (?:более\s+)?подробн\w+\s+информаци\w+ )""",
    re.VERBOSE | re.IGNORECASE,
)
_POINTER_WORDS = 16


def is_boilerplate(said: str, alone: bool, titles: set[str], in_list: bool) -> bool:
    """Whether a sentence is no candidate.

    Args:
        alone: it is all of its line.
        titles: normalised, of the sections it stands in.
        in_list: it follows a lead-in or other items of a list, so it may be short.
    """
    if not any(map(str.isalpha, said)) or _BOILERPLATE.fullmatch(said):
        return True
    if not alone:
        return False
    bare = MARK.sub("", said, count=1)
    if normalize(re.sub(r"^(?:subject|тема):\s*", "", bare, flags=re.IGNORECASE)) in titles:
        return True
    if len(_URL.sub("", bare).split()) < 2 and _URL.search(bare):
        return True
    return _is_heading(said, bare) and not in_list


def _is_heading(said: str, bare: str) -> bool:
    """Whether a line is a heading, by its looks: short, no stop at the end, few small words."""
    if said.startswith("#"):
        return True
    words = bare.split()
    if not words or said[-1] in _FULL or _LABELLED.match(bare):
        return False
    if len(words) <= _HEADING_WORDS and (not _DIGIT.search(said) or _numbered(said, bare)):
        return True
    letters = [word for word in words if word[0].isalpha()]
    titled = [word for word in letters if word[0].isupper() or len(word) <= 3]
    return (
        len(words) <= _TITLE_WORDS
        and (bare.isupper() or (len(letters) > 3 and len(titled) == len(letters)))
        and not re.search(r"\d\s*(?:%|EUR|USD|KZT)|[:;]\s", bare)
    )


def _numbered(said: str, bare: str) -> bool:
    return len(bare) < len(said) and said[0].isdigit() and not _DIGIT.search(bare)


def points_elsewhere(said: str) -> bool:
    """Whether a sentence only points to another place ("For the fee see section 4")."""
    return len(said.split()) <= _POINTER_WORDS and _POINTER.match(said) is not None
