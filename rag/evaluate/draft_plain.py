"""A question from one passage without a language model: its heading, and a sentence with a figure.

From "At most 5 days may be carried over into the next year." under the heading "Leave: Carry-over"
comes: Which figure does "Leave: Carry-over" give (carried, next, year)? The figure with its unit is
the answer. Passages without a heading or without such a sentence give none, which is most: a
person who reviews turns a stiff question into a good one sooner than a page of bad ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text import language_of, split_sentences

_NUMBER = r"\d+(?:[ ,.\u00a0\u202f:]\d+)*"
_UNIT = (
    r"(?:%|percent|per cent|процент\w*|euros?|EUR|USD|RUB|KZT|руб\w*|тенге|евро|[€$£₽]"
    r"|(?:working |calendar |business )?(?:days?|weeks?|months?|years?|hours?|minutes?)"
    r"|(?:рабочих |календарных )?(?:дн\w+|недел\w+|месяц\w*|лет|год\w*|час\w*|минут\w*))"
)
_FIGURE = re.compile(
    rf"(?<![\w-])(?:(?:EUR|USD|RUB|KZT|[€$£₽])\s?{_NUMBER}|{_NUMBER}\s?{_UNIT})(?!\w)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d\s?(?:г|year)", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_NUMBERED = re.compile(r"^(?:§\s*)?\d+(?:\.\d+)*[.)]?\s+")
_SENTENCE = (40, 220)
"""Characters of a sentence to ask about."""
_TOPIC = 3
"""Words of the sentence that the question names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with an answer that stands in its passage word for word."""

    question: str
    answer: str


def plain(text: str, section: Sequence[str]) -> Asked | None:
    """A question about the first sentence with one figure; None where there is none."""
    topic = _topic(section)
    if not topic:
        return None
    for start, end in split_sentences(text):
        sentence = text[start:end]
        figures = [found for found in _FIGURE.finditer(sentence) if not _YEAR.match(found[0])]
        if len(figures) == 1 and _is_told(sentence):
            words = _around(sentence, figures[0], topic)
            if len(words) == _TOPIC:
                return Asked(_asking(topic, words, text), figures[0].group().strip())
    return None


def _topic(section: Sequence[str]) -> str:
    """The last heading, with the one above it where it is a single word."""
    names = [found for name in section if (found := _NUMBERED.sub("", name).strip(" :.…"))]
    if not names:
        return ""
    last = names[-1]
    if len(last.split()) == 1 and len(names) > 1:
        last = f"{names[-2]}: {last}"
    return last if 4 <= len(last) <= 90 and "?" not in last else ""


def _is_told(sentence: str) -> bool:
    """Whether it is a sentence and no line of a table or list."""
    shortest, longest = _SENTENCE
    whole = shortest <= len(sentence) <= longest and sentence.rstrip()[-1:] in ".!"
    return whole and sentence[0].isupper() and not set("|\t") & set(sentence)


def _around(sentence: str, figure: re.Match[str], topic: str) -> list[str]:
    """The longest words of the sentence that neither answer nor topic has, as they stand."""
    rest = f"{sentence[: figure.start()]} {sentence[figure.end() :]}"
    known = topic.casefold()
    words = dict.fromkeys(w for w in _WORD.findall(rest) if w.casefold() not in known)
    chosen = set(sorted(words, key=len, reverse=True)[:_TOPIC])
    return [word for word in words if word in chosen]


def _asking(topic: str, words: Sequence[str], text: str) -> str:
    listed = ", ".join(word if word.isupper() else word.lower() for word in words)
    if language_of(text) == "ru":
        return f"Какая величина указана в разделе «{topic}» ({listed})?"
    return f"Which figure does “{topic}” give ({listed})?"
