"""Bytes of a text file → text, whatever the encoding.

A byte order mark, then UTF-8, then UTF-16 without a mark, then charset-normalizer among the
single-byte encodings of Western and Russian texts. Short single-byte texts can be misread: there
is too little to tell by.
"""

from pathlib import Path

from serving.errors import RejectedFile

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SINGLE = ["cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic", "cp1252", "latin_1"]
_RUSSIAN = ["cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic"]
_FREQUENT = frozenset("оеаинтсрвл")


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
    return _try(data, "utf-8") or _wide(data) or _russian(data) or _detected(data)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of a Latin or Cyrillic text is 0 or 4."""
    sample = data[:4096]
    high = [sum(1 for b in sample[i::2] if b in (0, 4)) for i in (0, 1)]
    least = 0.8 * (len(sample) // 2)
    if b"\x00" in sample and max(high) > least:
        return _try(data, "utf-16-be" if high[0] > high[1] else "utf-16-le")
    return None


def _russian(data: bytes) -> str | None:
    """The Russian encoding under which most letters are frequent ones, in lower case."""
    high = sum(1 for byte in data if byte > 127)
    if high < 0.2 * len(data):
        return None
    best: tuple[float, str] | None = None
    for encoding in _RUSSIAN:
        text = _try(data, encoding)
        if text is not None:
            score = sum(1 for c in text if c in _FREQUENT) / high
            best = max(best or (0.0, ""), (score, text))
    return best[1] if best and best[0] > 0.4 else None


def _detected(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=_SINGLE).best()
    return str(best) if best is not None else None
