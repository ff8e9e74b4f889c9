"""Written answers: a model's stream becomes verified sentences.

A sentence is shown when it is complete and has been checked. A `[n]` that names no passage is
dropped; a citation that does not support its sentence is corrected to the passage that does; a
sentence that nothing supports is removed or marked, as configured.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from rag.answers import Sentence, Support
from rag.cite import Citations
from rag.prompt import NOT_FOUND
from rag.support import Evidence, Verifier, rank
from rag.text import split_sentences
from rag.types import Passage

_MARK = re.compile(r"\s*\[\s*(\d+(?:\s*[,;]\s*\d+)*)\s*\]")
_DECORATION = "*_`\"' "
_THINKING = re.compile(r"<think>.*?(</think>|$)", re.DOTALL)
"""Reasoning models put their thoughts before the reply; they are not part of the answer."""


def sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Complete sentences, each with the marks that follow it, as the pieces arrive.

    Stops at NOT_FOUND, which models like to decorate or to apologise for.
    """
    text, given = "", 0
    for piece in pieces:
        text += piece
        visible = _THINKING.sub("", text).lstrip()
        if NOT_FOUND in visible:
            return
        if NOT_FOUND.startswith(visible.lstrip(_DECORATION)):
            continue
        complete = _with_marks(visible)[:-1]
        yield from complete[given:]
        given = max(given, len(complete))
    visible = _THINKING.sub("", text).strip()
    if visible:
        yield from _with_marks(visible)[given:]


def _with_marks(text: str) -> list[str]:
    """Sentences of a text; marks after a full stop belong to the sentence before it."""
    joined: list[str] = []
    for start, end in split_sentences(text):
        part = text[start:end].strip()
        lead = re.match(rf"(?:{_MARK.pattern})+\s*[.!?…]?", part)
        if joined and lead:
            joined[-1] += part[: lead.end()].rstrip()
            part = part[lead.end() :].strip()
        if joined and part.startswith("["):  # a mark that has not arrived whole
            joined[-1] += part
            part = ""
        if part:
            joined.append(part)
    return joined


def verify(
    raw: str,
    passages: Sequence[Passage],
    verifier: Verifier,
    citations: Citations,
    unsupported: Literal["remove", "mark"],
) -> Sentence | None:
    """The sentence to show for one of the model's, or None where it is to be removed."""
    text = _MARK.sub("", raw).strip()
    if not any(character.isalnum() for character in text):
        return None
    cited = [passages[n - 1] for n in _marks(raw) if 1 <= n <= len(passages)]
    proofs = [(p, verifier.evidence(text, p)) for p in cited]
    good = [(p, e) for p, e in proofs if rank(e.support) >= rank(Support.SUPPORTED)]
    if not good:
        good = _corrected(text, passages, verifier, proofs)
    if not good:
        return Sentence(text, (), Support.UNSUPPORTED) if unsupported == "mark" else None
    numbers = [citations.cite(p, e.start, e.end, e.support) for p, e in good]
    strongest = max((e.support for _, e in good), key=rank)
    return Sentence(text, tuple(dict.fromkeys(numbers)), strongest)


def _corrected(
    text: str,
    passages: Sequence[Passage],
    verifier: Verifier,
    proofs: list[tuple[Passage, Evidence]],
) -> list[tuple[Passage, Evidence]]:
    """The passage that does support the sentence, else the cited ones that partly do.

    What only partly supports must have been cited: anything shares a few words with something.
    """
    index, found = verifier.best(text, passages)
    if rank(found.support) >= rank(Support.SUPPORTED):
        return [(passages[index], found)]
    return [(p, e) for p, e in proofs if e.support is Support.PARTLY]


def _marks(raw: str) -> list[int]:
    groups = (match.group(1) for match in _MARK.finditer(raw))
    return [int(number) for group in groups for number in re.split(r"\s*[,;]\s*", group)]
