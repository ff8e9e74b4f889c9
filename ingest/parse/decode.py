"""Bytes of a text file → text, whatever the encoding.

A byte order mark, then UTF-16 without a mark, then UTF-8, then the Russian single-byte encodings
by their letters, then charset-normalizer. Short single-byte texts can be misread: there
is too little to tell by.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from serving.errors import RejectedFile

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SINGLE = ["cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic", "cp1252", "latin_1"]
_RUSSIAN = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")
_FREQUENT = frozenset("оеаинтсрвл")
_MARKS_IN_TEXT = frozenset("«»—–№…“”„’\u00a0•°§")
_ASCII = bytes(range(128))
_SAMPLE = 1 << 16
"""Bytes that are enough to tell an encoding by."""
_SIGN_IN_WORD = re.compile("[^\\s\\w\x00-\x7f«][а-яё]{2}")


def decode(path: Path, name: str) -> str:
    """The file's text, line ends as `\\n`.

    Raises:
        RejectedFile: no encoding fits.
    """
    text = decode_bytes(path.read_bytes())
    if text is None:
        raise RejectedFile(f"{name}: its encoding cannot be told. Save it as UTF-8.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_bytes(data: bytes) -> str | None:
    """The text of `data`, or nothing where no encoding fits."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _try(data, encoding)
    # UTF-16 first: a Russian text in it is valid UTF-8 too, of control characters.
    return _wide(data) or _try(data, "utf-8") or _russian(data) or _detected(data)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def wide_encoding(sample: bytes) -> str:
    """`utf-16-le` or `utf-16-be` where every other byte is 0 or 4, as in Latin and Cyrillic texts
    without a byte order mark; else empty."""
    high = [sum(1 for b in sample[i::2] if b in (0, 4)) for i in (0, 1)]
    if max(high) <= 0.8 * (len(sample) // 2) or min(high) > 0.2 * (len(sample) // 2):
        return ""
    return "utf-16-be" if high[0] > high[1] else "utf-16-le"


def _wide(data: bytes) -> str | None:
    encoding = wide_encoding(data[:4096])
    return _try(data, encoding) if encoding else None


def _russian(data: bytes) -> str | None:
    """The text in the Russian encoding under which it looks most like Russian."""
    if len(data.translate(None, _ASCII)) < 0.1 * len(data):
        return None
    encoding = russian_encoding(data)
    return _try(data, encoding) if encoding else None


def russian_encoding(data: bytes, encodings: Sequence[str] = _RUSSIAN) -> str:
    """That of `encodings` under which `data` looks most like Russian; empty: under none."""
    sample = data[:_SAMPLE]
    high = len(sample.translate(None, _ASCII))
    best = (0.4, "")
    for encoding in encodings:
        # The end of the sample may cut nothing: all of these have one byte a character.
        text = _try(sample, encoding)
        if text is None or not high or _try(data, encoding) is None:
            continue
        score = sum(_russian_weight(c) for c in text if c > "\x7f") / high
        # In the encoding of old Macs the capitals of Windows are signs: "—то" for "Что".
        score -= len(_SIGN_IN_WORD.findall(text)) / high
        if score > best[0]:
            best = (score, encoding)
    return best[1]


def _russian_weight(char: str) -> float:
    """Frequent letters count most, small letters more than capitals, foreign signs against."""
    if char in _FREQUENT:
        return 1.0
    if "а" <= char <= "я" or char == "ё":
        return 0.6
    if "А" <= char <= "Я" or char in _MARKS_IN_TEXT or char == "Ё":
        return 0.3
    return -1.0


def _detected(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=_SINGLE).best()
    return str(best) if best is not None else None
