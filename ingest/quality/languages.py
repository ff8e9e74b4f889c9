"""Which part of a text is English, Russian, or neither: by alphabet and by the commonest words.

Knows the function words of eight languages of the Latin alphabet and the letters that tell
Ukrainian, Belarusian, Serbian and Bulgarian from Russian. Code, names and tables of the Latin
alphabet count as English, those of the Cyrillic one as Russian.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_OTHER = re.compile(r"[^\W\d_A-Za-z\u00aa\u00ba\u00c0-\u024f\u0400-\u04ff]")
_SOUTH_SLAVIC = re.compile("[іїєґўјљњћђџѓќѕ]", re.IGNORECASE)
_RUSSIAN_ONLY = re.compile("[ыэ]", re.IGNORECASE)
_ENOUGH = 200
"""Letters from which a text is long enough to tell languages of one alphabet apart."""
_WORD_LISTS = {
    "en": "the of and to in is that for it was on are as with be by this or you",
    "de": "der die und das von zu den mit ist im nicht ein eine auf für sich dem",
    "fr": "le la les de des et du une est que pour dans qui sur par au pas ne",
    "es": "el la los de que y en del las un una por con para es se no al su",
    "it": "il di che la e un una per del della non sono con si le dei gli",
    "pt": "o de que e do da em um uma para com não os as dos por no na se",
    "nl": "de het een van en is dat op te zijn niet voor met die aan er door",
    "la": "et in ut ad sed non est cum quod ex ac sit amet ab nec vel dolor",
}
_FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split()) for language, words in _WORD_LISTS.items()
}
_MUCH = 0.12
"""Share of function words from which a text is running text of their language; XQuAD in English
has 0.36 of the English ones."""


def language_shares(texts: Iterable[str]) -> dict[str, float]:
    """Share of the text by language, 0..1: `en`, `ru`, `` for others; empty without letters."""
    lengths: Counter[str] = Counter()
    for text in texts:
        for language, length in _lengths(text):
            lengths[language] += length
    everything = sum(lengths.values())
    return {language: length / everything for language, length in lengths.most_common() if length}


def _lengths(text: str) -> Iterable[tuple[str, int]]:
    """Letters by language; all of an ASCII text's characters but blanks, which is quicker."""
    if text.isascii():
        words = text.lower().split()
        yield _latin(words), sum(map(len, words)) if _LATIN.search(text) else 0
        return
    latin, cyrillic = len(_LATIN.findall(text)), len(_CYRILLIC.findall(text))
    yield _latin(_WORD.findall(text.lower())) if latin else "", latin
    yield _cyrillic(text, cyrillic) if cyrillic else "", cyrillic
    yield "", len(_OTHER.findall(text))


def _latin(words: Sequence[str]) -> str:
    """`en`, or empty where another language's function words clearly prevail."""
    total = len(words)
    if total < _ENOUGH // 5:
        return "en"
    english = sum(word in _FUNCTION_WORDS["en"] for word in words) / total
    if english > _MUCH:
        return "en"
    most = max(sum(word in known for word in words) / total for known in _FUNCTION_WORDS.values())
    return "" if most > max(_MUCH, 2 * english) else "en"


def _cyrillic(text: str, letters: int) -> str:
    """`ru`, or empty where letters that Russian lacks are common or its own ones are missing."""
    if letters < _ENOUGH:
        return "ru"
    if len(_SOUTH_SLAVIC.findall(text)) > letters / 50:
        return ""
    return "ru" if _RUSSIAN_ONLY.search(text) else ""
