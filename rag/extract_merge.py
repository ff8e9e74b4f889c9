"""The same said in several places: one sentence with several citations.

Two sentences are the same if nearly all their words are and no number, name or negation differs.
Does not know paraphrases.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from rag.extract_quote import Quote
from rag.extract_read import without_mark
from rag.text import normalize

ALSO = 2
"""Further places cited at most."""
_OVERLAP = 0.85
"""Of all words of two sentences, the share that both have."""
_WORD = re.compile(r"[^\W_]+(?:[.,:/-][^\W_]+)*")
_NEGATION = re.compile(r"(?:not?|never|none|neither|nor|cannot|without|except|не|ни|нет|без|кроме)")
_NAME = re.compile(r"(?<=[\w,;:)»”\"'-]\s)[A-ZА-ЯЁ][\w'’-]*")


def merged(quotes: Iterable[Quote]) -> list[Quote]:
    """The quotes in their order, each joined by the later ones that say the same."""
    kept: list[tuple[Quote, frozenset[str]]] = []
    for quote in quotes:
        words = frozenset(_WORD.findall(normalize(without_mark(quote.text))))
        for at, (other, others) in enumerate(kept):
            if _same(quote, words, other, others):
                kept[at] = _joined(other, quote), others
                break
        else:
            kept.append((quote, words))
    return [quote for quote, _ in kept]


def _joined(quote: Quote, twin: Quote) -> Quote:
    place = (twin.passage, twin.start, twin.end)
    if len(quote.also) >= ALSO or twin.passage.chunk.id == quote.passage.chunk.id:
        return quote
    if any(passage.document.id == twin.passage.document.id for passage, *_ in quote.also):
        return quote
    return replace(quote, also=(*quote.also, place))


def _same(one: Quote, words: frozenset[str], other: Quote, others: frozenset[str]) -> bool:
    if words == others:
        return _names(one.text) == _names(other.text) and _order(one) == _order(other)
    if one.table or other.table or not words or not others:
        return False
    if len(words & others) < _OVERLAP * len(words | others):
        return False
    different = words ^ others
    if any(any(map(str.isdigit, word)) or _NEGATION.fullmatch(word) for word in different):
        return False
    return _names(one.text) == _names(other.text)


def _order(quote: Quote) -> list[str]:
    """Numbers in their order: the same words in another order may say something else."""
    return re.findall(r"\d+", without_mark(quote.text))


def _names(text: str) -> frozenset[str]:
    return frozenset(normalize(name) for name in _NAME.findall(text))
