"""One clarifying question: which of the things found is meant, where the question leaves it open.

Only after retrieval, so that every choice is something the documents have and the asker may
read. Two kinds of questions are open: a pronoun or "this library" that nothing was said about
before, and a question of hardly a word ("How many days?"). Never twice in a row.
"""

import re
from collections.abc import Sequence

from rag.answers import Turn
from rag.store.sparse import SparseEncoder
from rag.types import Passage
from rag.understand_follow import content, missing

FEWEST, MOST = 2, 4
"""Choices offered."""
_LOOKED_AT = 8
"""Passages that topics are taken from."""
_CLOSE = 0.02
"""Cosine by which the best passage of a topic may be behind the best of all."""
_LABEL = 80
"""Characters of a choice's topic at most."""

_THIS = re.compile(
    r"\b(?:this|these|those|эт(?:от|а|о|и|ого|ой|ом|ому|их|им|у)|данн(?:ый|ая|ое|ого|ой|ом))"
    r"\s+(?P<noun>(?:[\w’'\-]+\s+){0,2}?[\w’'\-]{3,})",
    re.IGNORECASE,
)
_LONE = re.compile(
    r"\b(?:it|they|them|he|him|she|он|она|они|оно|его|ее|её|их)\b(?!\s+(?:means?|possible)\b)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?:time|times|day|days|week|month|year|years|century|period|era|date|case|way|kind|type"
    r"|год\w*|месяц\w*|недел\w+|день|дня|случа\w+|врем\w+|период\w*|слов\w*)$",
    re.IGNORECASE,
)
_CHOICES = re.compile(r"\s*(?:[-*•]|\d+[.)])\s+.+\?\s*$")


def asked_back(turn: Turn) -> bool:
    """Whether the answer was a clarifying question: said so, or choices as their text shows."""
    lines = [line for line in turn.answer.splitlines() if line.strip()]
    listed = [line for line in lines if _CHOICES.match(line)]
    return turn.asked_back or (len(listed) >= FEWEST and len(listed) >= len(lines) - 1)


def unclear(question: str, history: Sequence[Turn], sparse: SparseEncoder) -> str:
    """The words of `question` that stand for something never mentioned; empty if there are none.

    "this library" with no library before, or, without history, a lone pronoun.
    """
    if history and asked_back(history[-1]):
        return ""
    for match in _THIS.finditer(question):
        before = content(question[: match.start()])
        noun = _noun(match.group("noun"))
        if noun and len(before) <= 2 and not _told(noun, history, sparse):
            return question[match.start() : match.start("noun") + len(noun)]
    if history or len(content(question)) > 2:
        return ""
    lone = _LONE.search(question)
    return lone.group() if lone and not content(question[: lone.start()]) else ""


def topics(
    passages: Sequence[Passage], question: str, open_words: str, sparse: SparseEncoder
) -> tuple[str, ...]:
    """Clearly different headings that the best passages stand under; empty unless 2 to 4.

    Of passages that have the noun of `open_words`, so that "this library" offers libraries.
    """
    if not passages:
        return ()
    kind = set(sparse.terms(" ".join(content(open_words)))) if content(open_words) else set()
    best = max(passage.similarity for passage in passages[:_LOOKED_AT])
    found: dict[frozenset[str], str] = {}
    for passage in passages[:_LOOKED_AT]:
        label = _label(passage)
        stems = frozenset(sparse.terms(label)) - set(sparse.terms(question))
        far = passage.similarity < best - _CLOSE
        if not stems or far or not kind <= set(sparse.terms(passage.chunk.embedded_text)):
            continue
        if all(stems.isdisjoint(other) for other in found):
            found[stems] = label
    return tuple(found.values()) if FEWEST <= len(found) <= MOST else ()


def choices(question: str, labels: Sequence[str]) -> tuple[str, ...]:
    """The question once for each label."""
    asked = question.strip().rstrip("?!.… ")
    return tuple(f"{asked}: {label}?" for label in labels)


def short(question: str, sparse: SparseEncoder) -> bool:
    """Whether the question says hardly more than what kind of thing it asks for."""
    words = content(question)
    named = any(any(c.isdigit() for c in w) or not w[0].islower() for w in words[1:])
    return len(missing(words, "", sparse)) <= 1 and not named and len(question.split()) >= 2


def shared(passages: Sequence[Passage], question: str, sparse: SparseEncoder) -> bool:
    """Whether several of the best passages have the question's own words."""
    own = set(sparse.terms(" ".join(content(question))))
    having = [p for p in passages[:_LOOKED_AT] if own <= set(sparse.terms(p.chunk.embedded_text))]
    return bool(own) and len(having) >= FEWEST


def _told(noun: str, history: Sequence[Turn], sparse: SparseEncoder) -> bool:
    """Whether a word of `noun` was said before."""
    said = sparse.terms(" ".join(f"{t.question} {t.answer}" for t in history))
    return not set(said).isdisjoint(sparse.terms(noun))


def _noun(words: str) -> str:
    """The noun phrase's beginning up to the first word that ends it; empty for times and such."""
    kept: list[str] = []
    for word in words.split():
        if not content(word):
            break
        kept.append(word)
    phrase = " ".join(kept)
    return "" if _TIME.search(phrase) or (kept and kept[0][:1].isupper()) else phrase


def _label(passage: Passage) -> str:
    section = passage.chunk.section
    if section:
        return section[-1].strip()[:_LABEL]
    name = passage.document.name.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0].replace("_", " ").replace("-", " ")[:_LABEL]
