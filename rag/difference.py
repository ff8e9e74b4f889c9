"""What changed between two readings: paragraphs that went, came or were reworded (difflib).

Paragraphs are compared as they were read, so a paragraph that one parser joined and another cut
counts as changed. Moved paragraphs count as gone and come.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

_WORD = re.compile(r"\s*(?:\w+(?:[.,]\w+)*|[^\w\s])")
"""A word, a number or a sign, with the blanks before it."""
_LONGEST = 4000
"""Characters up to which a reworded paragraph is compared word by word."""
_ALIKE = 0.4
"""Share of common words from which two paragraphs are one that was reworded."""


class Kind(StrEnum):
    """What became of some text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


Run = tuple[Kind, str]
"""A piece of a paragraph and what became of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """Paragraphs that did not change, or one that did."""

    runs: tuple[Run, ...] = ()
    """Of the paragraph that changed, in reading order; empty for unchanged ones."""
    unchanged: int = 0
    """How many paragraphs in a row did not change."""


def difference(old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    """What changed from the paragraphs `old` to `new`, in reading order."""
    matcher = SequenceMatcher(None, old, new)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            yield Change(unchanged=old_to - old_from)
        elif tag == "replace":
            yield from _reworded(old[old_from:old_to], new[new_from:new_to])
        else:
            gone, come = old[old_from:old_to], new[new_from:new_to]
            yield from (Change(((Kind.REMOVED, text),)) for text in gone)
            yield from (Change(((Kind.ADDED, text),)) for text in come)


def _reworded(gone: Sequence[str], come: Sequence[str]) -> Iterator[Change]:
    """Paragraphs in the same place, compared in pairs."""
    for before, after in zip_longest(gone, come, fillvalue=""):
        runs = tuple(_words(before, after)) if before and after else ()
        if runs:
            yield Change(runs)
            continue
        if before:
            yield Change(((Kind.REMOVED, before),))
        if after:
            yield Change(((Kind.ADDED, after),))


def _words(before: str, after: str) -> Iterator[Run]:
    """The paragraph with the words that went and came; nothing where the two have little in
    common."""
    if max(len(before), len(after)) > _LONGEST:
        return
    old, new = _WORD.findall(before), _WORD.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        gone, come = "".join(old[old_from:old_to]), "".join(new[new_from:new_to])
        if tag == "equal":
            yield Kind.SAME, gone
            continue
        if gone:
            yield Kind.REMOVED, gone
        if come:
            yield Kind.ADDED, come
