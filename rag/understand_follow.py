"""A follow-up as a question that stands alone, without a language model.

The words that a conversation is about are carried along: a question that leans on what was said
(a pronoun without a noun of its own, an opening such as "what about", few content words and no
name, a word in common) adds its words to the thread and is searched together with it; any other
begins a new thread, and what was said before is dropped. Only what the asker wrote counts, so
that an answer gone astray does not lead the next search astray.

Does not know what a pronoun refers to; it only widens the search.
"""

import re
from collections.abc import Iterable, Sequence

from rag.answers import Turn
from rag.store.sparse import SparseEncoder
from rag.store.stopwords import STOP_WORDS

MOST = 6
"""Words carried along at most; the latest stay."""
_ALONE = 1
"""A question with at most this many content words, no name among them, leans. Two are a topic:
"What is the password length?" after another question begins anew."""
_POINTING = 5
"""With at most this many it leans if it also points back; one more if it opens so."""

WORD = re.compile(r"[^\W_]+(?:['’.\-/][^\W_]+)*")

_NAME = re.compile(r"(?<=[\w,] )[A-ZА-ЯЁ][\w.]+")
"""A name, or what looks like one: a capital that begins no sentence."""

OPENS = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|so|well|then|ну|ладно|хорошо|тогда)\W+)?"
    r"(?:and|but|or|also|then|why|what about|how about|what if|what else|which one|same"
    r"|а|и|но|или|также|тоже|ещё|еще|тогда|почему|если|что насчет|что насчёт|как насчет|как насчёт"
    r"|что касается)\b",
    re.IGNORECASE,
)
"""How a question opens that continues another."""

POINTS = re.compile(
    r"\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|ones?|same"
    r"|former|latter|there"
    r"|он|она|оно|они|его|ее|её|их|ему|ей|им|ими|него|нее|неё|них|нему|ней|ним|ними|нем|нём"
    r"|эт(?:от|а|о|и|ого|ой|ом|ому|их|им|ими|у)|т(?:от|а|е|ого|ой|ом|ех|ем)|там|туда"
    r"|так(?:ой|ая|ое|ие|ого|их|им|ими))\b",
    re.IGNORECASE,
)
"""Words that stand for something said before."""

_CHATTER_WORDS = """
tell explain describe know want need please thank thanks hi hello ok okay yes sure sorry mean meant
give information info help could would like also what's let let's asking ask say said heard think
wonder show get got interested fine good great interesting many much long often
скажи скажите расскажи расскажите объясни объясните подскажи подскажите пожалуйста спасибо привет
здравствуйте понятно ясно имею виду хочу нужно нужны нужен нужна знать узнать информация насчет
касается сколько какие какое какова каков каковы каких каким какими какого какому какую каком
"""
_CHATTER = frozenset(_CHATTER_WORDS.split())
"""Words of talking, not of what is talked about."""


def standalone(question: str, history: Sequence[Turn], sparse: SparseEncoder) -> str:
    """The text to search for: `question`, led by the words of the thread if it leans on them."""
    thread = _thread(history, sparse)
    lead = missing(thread, question, sparse) if leans(question, thread, sparse) else ()
    return f"{' '.join(lead)} {question}".strip() if lead else question


def leans(question: str, thread: Sequence[str], sparse: SparseEncoder) -> bool:
    """Whether the question goes on with what the words of `thread` are about."""
    own = content(question)
    if thread and _foreign(own, thread):
        return False
    if OPENS.match(question) and len(own) <= _POINTING + 1:
        return True
    if len(own) <= _POINTING and pointing(question):
        return True
    if len(own) <= _ALONE and not _NAME.search(question):
        return True
    return not set(sparse.terms(" ".join(own))).isdisjoint(sparse.terms(" ".join(thread)))


def _foreign(own: Sequence[str], thread: Sequence[str]) -> bool:
    """Whether the question has words, all in another script than all of the thread."""
    here, there = {_cyrillic(word) for word in own}, {_cyrillic(word) for word in thread}
    return len(own) > _ALONE and len(here | there) > 1 and not here & there


def _cyrillic(word: str) -> bool:
    return re.search("[а-яё]", word, re.IGNORECASE) is not None


def pointing(question: str) -> bool:
    """Whether a pronoun comes before two content words that it could stand for."""
    return any(len(content(question[: m.start()])) < 2 for m in POINTS.finditer(question))


def content(text: str) -> list[str]:
    """The words of `text` that say what it is about, as written."""
    return [
        word
        for word in WORD.findall(text)
        if (folded := word.casefold().replace("ё", "е")) not in STOP_WORDS
        and folded not in _CHATTER
        and not POINTS.fullmatch(word)
    ]


def _thread(history: Sequence[Turn], sparse: SparseEncoder) -> tuple[str, ...]:
    words: tuple[str, ...] = ()
    for turn in history:
        own = content(turn.question)
        if not own:
            continue
        on = leans(turn.question, words, sparse)
        kept = missing(words, turn.question, sparse) if on else ()
        words = (*kept, *own)[-MOST:]
    return words


def missing(words: Iterable[str], text: str, sparse: SparseEncoder) -> tuple[str, ...]:
    """Those of `words` that `text` has no form of, each once."""
    seen = set(sparse.terms(text))
    found = []
    for word in words:
        stems = set(sparse.terms(word))
        if not stems <= seen:
            found.append(word)
            seen |= stems
    return tuple(found)
