"""How much of a text is no text: broken encodings, lost character maps, swapped alphabets.

Works on words: a word is garbled if it holds characters that no text has, or has the form that one
of the usual wrong decodings gives, or letters of two alphabets that look alike, or no vowels. Only
English and Russian are known; a well-formed word that means nothing is not noticed, nor is a font
whose character map swaps letters for letters of the same alphabet.
"""

import re
import unicodedata

_NO_TEXT = re.compile(
    r"[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]"
)
"""Characters that no text holds: replacement, private use, controls."""

# The second bytes 0x80-0xbf of UTF-8 as cp1252 (or Latin-1) and as cp1251 show them.
_SECOND = bytes(range(0x80, 0xC0))
_CP1252 = re.escape(_SECOND.decode("cp1252", "ignore")) + "\x80-\xbf"
_CP1251 = re.escape(_SECOND.decode("cp1251", "ignore"))
_CYR = "\u0400-\u04ff"
_FOREIGN = "\u0402\u0403\u0409\u040a\u040c\u040b\u040f\u0490\u0408"
_VOWELS = "аеёиоуыэюяАЕЁИОУЫЭЮЯ"

_GLYPHS = re.compile(r"\(cid:\d+\)")
"""What extractors write for a glyph without a ToUnicode entry."""
_LATIN_FAULTS = tuple(
    re.compile(pattern)
    for pattern in (
        f"(?:[\xd0\xd1][{_CP1252}]){{2}}",  # UTF-8 Cyrillic as cp1252
        f"[\xc2\xc3][{_CP1252}]|\xe2\u20ac[{_CP1252}]",  # UTF-8 accents and quotes as cp1252
        "[\xc0-\xff]{4}",  # cp1251 or KOI8-R as Latin-1: nothing but accented letters
    )
)
_CYRILLIC_FAULTS = tuple(
    re.compile(pattern)
    for pattern in (
        f"(?:[РС][{_CP1251}]){{2}}",  # UTF-8 Cyrillic as cp1251
        "[А-ЯЁ]{2}(?<=[а-яё]..)",  # KOI8-R as cp1251 and back: capitals inside words
        f"[\u2500-\u259f](?:(?=[{_CYR}])|(?<=[{_CYR}].))",  # cp1251 as cp866: rules for letters
        f"[{_FOREIGN}](?=[а-я])",  # cp866 as cp1251
        f"[{_FOREIGN}\u040e\xa4\xa6](?<=[а-я].)",
        # What no Russian word has.
        f"[ьъЬЪ](?:(?<=[{_VOWELS}].)|(?<![{_CYR}'’].)|(?=[ьъыЬЪЫ]))",
        "[йЙ][йъьыэЙЪЬЫЭ]|[щЩ][жшчцЖШЧЦ]",
    )
)
_FAULTS = (_GLYPHS, *_LATIN_FAULTS, *_CYRILLIC_FAULTS)
"""What garbled words hold. Each begins with characters that are rare in good text, so that a page
is searched once a pattern at memory speed."""

_CONSONANTS = "bcdfghjklmnpqrstvwxzбвгджзйклмнпрстфхцчшщБВГДЖЗЙКЛМНПРСТФХЦЧШЩ".encode("cp1251")
"""Latin capitals are left out: they make abbreviations and keys."""
_CLASSES = bytes(1 if byte in _CONSONANTS else 0 for byte in range(256))
_RUN = re.compile(b"\x01" * 7 + b"\x01*")
"""Seven consonants in a row, which no word of English or Russian has."""

# Letters that look alike in both alphabets.
_TWINS_LATIN = "aceopxyABCEHKMOPTXY"
_TWINS_CYRILLIC = "асеорхуАВСЕНКМОРТХУ"
_MIXED = re.compile(f"[A-Za-z](?:(?=[{_CYR}])|(?<=[{_CYR}].))")
_CYRILLIC = re.compile(f"[{_CYR}]")
_LATIN = re.compile("[A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")
_BLANK = re.compile(r"\s")


def garbled_share(text: str) -> float:
    """Share of the characters, blanks apart, that stand in garbled words, 0..1; 0 for no text."""
    composed = unicodedata.normalize("NFC", text)
    everything = sum(map(len, composed.split()))
    faults: tuple[re.Pattern[str], ...] = (_GLYPHS,)
    if not composed.isascii():
        faults += _LATIN_FAULTS
    if _CYRILLIC.search(composed):
        faults += (_MIXED, *_CYRILLIC_FAULTS)
    hits = {hit.start() for pattern in (_NO_TEXT, *faults) for hit in pattern.finditer(composed)}
    hits.update(run.start() for run in _RUN.finditer(_classes(composed)))
    bad = end = 0
    for place in sorted(hits):
        if place < end:
            continue  # in a token that was counted already
        start, end = _token_around(composed, place)
        token = composed[start:end]
        bad += len(token) if is_garbled(token) else len(_NO_TEXT.findall(token))
    return bad / everything if everything else 0.0


def _classes(text: str) -> bytes:
    """1 for a consonant, a byte a character: searched many times faster than letters."""
    return text.encode("cp1251", "replace").translate(_CLASSES)


def _token_around(text: str, place: int) -> tuple[int, int]:
    """Start and end of the run without blanks that the character at `place` stands in."""
    start = place
    while start and not text[start - 1].isspace():
        start -= 1
    blank = _BLANK.search(text, place)
    return start, blank.start() if blank else len(text)


def is_garbled(token: str) -> bool:
    """Whether a run of characters without blanks, composed (NFC), is garbled as a whole."""
    if 2 * len(_NO_TEXT.findall(token)) > len(token):
        return True
    if _RUN.search(_classes(token)) or any(pattern.search(token) for pattern in _FAULTS):
        return True
    return any(_twins(word) for word in _WORD.findall(token))


def _twins(word: str) -> bool:
    """Whether the fewer letters, of the other alphabet, all look like letters of the word's own."""
    cyrillic, latin = len(_CYRILLIC.findall(word)), len(_LATIN.findall(word))
    if len(word) < 3 or not cyrillic or not latin:
        return False
    few, twins = (_LATIN, _TWINS_LATIN) if latin <= cyrillic else (_CYRILLIC, _TWINS_CYRILLIC)
    return all(letter in twins for letter in few.findall(word))
