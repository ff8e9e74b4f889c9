"""How much of a text is no text: broken encodings, lost character maps, swapped alphabets.

Works on words: a word is garbled if it holds characters that no text has, or has the form that one
of the usual wrong decodings gives, or letters of two alphabets that look alike, or no vowels. Only
English and Russian are known; a well-formed word that means nothing is not noticed, nor is a font
whose character map swaps letters for letters of the same alphabet.
"""

import re
import unicodedata

_TOKEN = re.compile(r"\S+")
_SUSPECT = re.compile(
    r"[^\x20-\x7e\t\n\r\u0410-\u044f\u0401\u0451]|[\u0410-\u044f]|cid|[b-df-hj-np-tv-z]{7}"
)
"""What a token must hold to be looked at: most tokens of English are plain."""

# Characters that no text holds: replacement, private use, controls, unassigned.
_NO_TEXT = re.compile(
    r"[\ufffd\ue000-\uf8ff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]"
)
_CID = re.compile(r"\(cid:\d+\)")
"""What extractors write for a glyph without a ToUnicode entry."""

# The second bytes 0x80-0xbf as cp1252 (or Latin-1) and as cp1251 show them.
_SECOND = bytes(range(0x80, 0xC0))
_CP1252 = re.escape(_SECOND.decode("cp1252", "ignore")) + "\x80-\xbf"
_CP1251 = re.escape(_SECOND.decode("cp1251", "ignore"))
_MOJIBAKE = re.compile(
    "|".join(
        (
            f"(?:[\xd0\xd1][{_CP1252}]){{2}}",  # UTF-8 Cyrillic as cp1252
            f"[\xc2\xc3][{_CP1252}]|\xe2\u20ac[{_CP1252}]",  # UTF-8 accents and quotes as cp1252
            f"(?:[\u0420\u0421][{_CP1251}]){{2}}",  # UTF-8 Cyrillic as cp1251
            "[\xc0-\xff]{4}",  # cp1251 or KOI8-R as Latin-1: nothing but accented letters
            "[\u0430-\u044f\u0451][\u0410-\u042f\u0401]{2}",  # KOI8-R as cp1251 and back
            r"[\u2500-\u259f][\u0400-\u04ff]|[\u0400-\u04ff][\u2500-\u259f]",  # cp1251 as cp866
            "[\u0402\u0403\u0409\u040a\u040c\u040b\u040f\u0490\u0408][\u0430-\u044f]"
            "|[\u0430-\u044f][\u0402\u0403\u0409\u040a\u040c\u040b\u040f\u040e\u0490\xa4\xa6]",
            # cp866 as cp1251
        )
    )
)

# A Latin letter among Cyrillic ones (or the reverse) that looks like one of theirs.
_TWINS_LATIN = "aceopxyABCEHKMOPTXY"
_TWINS_CYRILLIC = "асеорхуАВСЕНКМОРТХУ"
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")

# Never in Russian words: a sign after a vowel or at the start, й before a sign or a second й.
_IMPOSSIBLE = re.compile("[аеёиоуыэюя][ьъ]|й[йьъыэ]|[ьъ][ьъы]|ы[ыэ]|щ[жшчц]|^[ьъ]", re.IGNORECASE)
_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxz]{7}|[бвгджзйклмнпрстфхцчшщ]{7}", re.IGNORECASE)


def garbled_share(text: str) -> float:
    """Share of the characters, blanks apart, that stand in garbled words, 0..1; 0 for no text."""
    everything = bad = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        everything += len(token)
        if not _SUSPECT.search(token):
            continue
        bad += len(token) if is_garbled(token) else len(_NO_TEXT.findall(token))
    return bad / everything if everything else 0.0


def is_garbled(token: str) -> bool:
    """Whether a run of characters without blanks is garbled as a whole."""
    strange = len(_NO_TEXT.findall(token))
    if 2 * strange > len(token) or _CID.search(token) or _MOJIBAKE.search(token):
        return True
    composed = unicodedata.normalize("NFC", token)
    return any(_garbled_word(word) for word in _WORD.findall(composed))


def _garbled_word(word: str) -> bool:
    cyrillic, latin = len(_CYRILLIC.findall(word)), len(_LATIN.findall(word))
    if cyrillic and latin:
        return _twins(word, cyrillic, latin)
    return bool(_CONSONANTS.search(word) or (cyrillic and _IMPOSSIBLE.search(word)))


def _twins(word: str, cyrillic: int, latin: int) -> bool:
    """Whether the fewer letters are all ones that look like letters of the other alphabet."""
    if len(word) < 3:
        return False
    few, twins = (_LATIN, _TWINS_LATIN) if latin <= cyrillic else (_CYRILLIC, _TWINS_CYRILLIC)
    return all(letter in twins for letter in few.findall(word))
