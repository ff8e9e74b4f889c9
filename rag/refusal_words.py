"""What a question names, which of it no passage has, and what form the question takes.

Names are words with a capital that do not open a sentence; codes and years are words with digits.
English and Russian. Knows inflection (stems, beginnings of words), initials (UK and United
Kingdom) and Cyrillic written in Latin letters, but no other second names (Holland is not found as
Netherlands).
"""

import re
from collections.abc import Iterable, Sequence

from rag.store.sparse import SparseEncoder
from rag.store.stopwords import STOP_WORDS

_TOKEN = re.compile(r"[^\W_]+(?:[-_./'’][^\W_]+)*")
_OPENS = re.compile(r"(?:^|[.!?:\"«“„]\s*)$")
_CODE = re.compile(r"[A-ZА-ЯЁ]{1,6}[-_./]?\d")
_SELF = frozenset({"i", "i'm", "i've", "i'll", "i'd"})
_SHOUTED = 0.8
"""Above this share of capitalised words, capitals mean nothing: a heading, or shouting."""
_PLAIN = 4
"""Digits alone count from this length on: `5` days may be written out, 1998 is not."""
_BEGINNING = 4
"""Letters that two forms of one name share at least."""
_INITIALS = 2
_LATIN = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufye", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya"}
    | {"ъ": "", "ь": "", "ё": "e"}
)

_AUXILIARY = (
    r"(?:is|are|was|were|am|does|do|did|can|could|should|would|will|has|have|had|may|might|must"
    r"|isn't|aren't|wasn't|don't|doesn't|didn't|can't)"
)
_YES_NO = re.compile(
    rf"(?:^|[.!?,]\s+)\W*(?:(?:and|but|so|then|or|also|ok|okay|sorry)\W+)*{_AUXILIARY}\b"
    r"|\bли\b|^\W*(?:может|могу|можно|есть)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|что|как\w*|кто|кого|кому|кем|чем|чего"
    r"|когда|где|куда|откуда|почему|зачем|сколько|чей|чья|чьё)\b",
    re.IGNORECASE,
)
_ASKS_WITHIN = 25
"""Characters from the beginning: a question word further on belongs to a clause."""


def is_yes_no(question: str) -> bool:
    """Whether it asks if something is so."""
    asks = _ASKS.search(question[:_ASKS_WITHIN])
    return asks is None and _YES_NO.search(question) is not None


def is_keywords(question: str) -> bool:
    """Whether it is no question by its form: what people type into a search box."""
    return "?" not in question and not (_ASKS.search(question) or _YES_NO.search(question))


def is_code(word: str) -> bool:
    """Whether it names one thing by capitals and digits, such as `QX-655`; not `2nd` or `401k`."""
    return _CODE.match(word) is not None


def names(question: str) -> list[list[str]]:
    """Names, codes and years as the question has them; the words of one name together."""
    tokens = list(_TOKEN.finditer(question))
    capitals = sum(token.group()[0].isupper() for token in tokens)
    shouted = len(tokens) > _BEGINNING and capitals > _SHOUTED * len(tokens)
    found: list[list[str]] = []
    end = -1
    for token in tokens:
        word = token.group()
        if not _is_name(word, question[: token.start()], shouted):
            continue
        code = any(c.isdigit() for c in word)
        if not code and found and question[end : token.start()].isspace() and end > 0:
            found[-1].append(word)
        else:
            found.append([word])
        end = -1 if code else token.end()
    return found


def _is_name(word: str, before: str, shouted: bool) -> bool:
    if any(c.isdigit() for c in word):
        return any(c.isalpha() for c in word) or len(word) >= _PLAIN
    low = word.casefold().replace("’", "'")
    if shouted or not word[0].isupper() or low in _SELF or len(word) < _INITIALS:
        return False
    if low in STOP_WORDS and not word.isupper():  # of a title: "Up in the Air"
        return False
    return not _OPENS.search(before.rstrip(" ")) or (len(word) > 1 and word.isupper())


def missing(
    question: str, texts: Sequence[str], sparse: SparseEncoder, same_language: bool
) -> tuple[str, ...]:
    """The words of names, the codes and the years that none of `texts` has, in order.

    Args:
        same_language: False: names in Cyrillic are not looked for where texts may be Latin only
            and the other way round, unless letter by letter.
    """
    asked = names(question)
    if not asked or not texts:
        return ()
    held = frozenset(term for text in texts for term in sparse.terms(text))
    initials = frozenset(_initials(texts)) if any(map(_acronyms, asked)) else frozenset()
    absent: list[str] = []
    for name in asked:
        if len(name) >= _INITIALS and "".join(w[0] for w in name).casefold() in held:
            continue
        absent += [
            word
            for word in name
            if not (_acronyms([word]) and word.casefold() in initials)
            and not _held(word, held, sparse, same_language)
        ]
    return tuple(dict.fromkeys(absent))


def _held(word: str, held: frozenset[str], sparse: SparseEncoder, same_language: bool) -> bool:
    stems = sparse.terms(word)
    low = word.casefold()
    if any(c.isdigit() for c in low):  # a code is itself or another one; its joints may be left out
        return stems[-1] in held or re.sub(r"[-_./'’]", "", low) in held
    if not held.isdisjoint(stems):
        return True
    if any(_alike(stem, term) for stem in stems for term in held):
        return True
    spelt = low.translate(_LATIN)
    if spelt != low:  # Cyrillic: as it may be written in Latin letters
        return any(_alike(spelt, term) for term in held)
    if same_language:
        return False
    return any(_alike(low, term.translate(_LATIN)) for term in held)


def _alike(one: str, other: str) -> bool:
    """Whether two words begin alike and differ only at the end."""
    shared = max(_BEGINNING, max(len(one), len(other)) - 3)
    return len(one) >= shared and one[:shared] == other[:shared]


def _acronyms(words: Iterable[str]) -> bool:
    return any(len(w) >= _INITIALS and w.isupper() and w.isalpha() for w in words)


def _initials(texts: Iterable[str]) -> Iterable[str]:
    """Of every run of capitalised words of the texts, small words between left out."""
    for text in texts:
        run = ""
        for token in _TOKEN.finditer(text):
            word = token.group()
            if word[0].isupper():
                run += word[0].casefold()
                yield from (run[at:] for at in range(len(run) - 1))
            elif len(word) > 3:
                run = ""
