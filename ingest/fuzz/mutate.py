"""Damage to files: of bytes, of numbers and tags in text, and of what lies inside a ZIP.

`mutate` depends on nothing but its arguments, so that a file can be made again from its number.
"""

import io
import lzma
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

_NUMBER = re.compile(rb"\d+(?:\.\d+)?")
_TAG = re.compile(rb"<[A-Za-z/][^<>]{0,200}>")
_OPENING = re.compile(rb"<([A-Za-z][\w:.-]*)(?:\s[^<>]*)?>")
_VALUE = re.compile(rb"=\s*\"([^\"<>]*)\"")
_EXTREMES = (
    b"0", b"-1", b"1", b"255", b"65536", b"2147483647", b"-2147483648", b"4294967296",
    b"99999999999999999999", b"1e308", b"0.0000001", b"NaN",
)  # fmt: skip
_DEEP = 3000
"""How often a tag is repeated to nest."""

_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, ValueError, OSError, NotImplementedError,
    RuntimeError, EOFError, KeyError,
)  # fmt: skip
Mutation = Callable[[random.Random, bytes], bytes]


def mutate(rng: random.Random, data: bytes) -> bytes:
    """`data` with one to four kinds of damage."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        inside = data.startswith(b"PK") and rng.random() < 0.75
        data = _in_zip(rng, data) if inside else _plain(rng, data)
    return data


def _plain(rng: random.Random, data: bytes) -> bytes:
    if not data:
        return data
    if data.startswith((b"<", b"\xef\xbb\xbf<")) and rng.random() < 0.8:
        return rng.choice(_MARKUP)(rng, data)
    return rng.choice(_BYTES + _TEXTS)(rng, data)


def _span(rng: random.Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, min(len(data), start + rng.choice((1, 4, 16, 64, 512, 4096)))


def _flip(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def _swap(rng: random.Random, data: bytes) -> bytes:
    a, b = sorted(rng.randrange(len(data)) for _ in range(2))
    size = min(b - a, len(data) - b, rng.choice((4, 64, 1024)))
    return (
        data[:a] + data[b : b + size] + data[a + size : b] + data[a : a + size] + data[b + size :]
    )


def _double(rng: random.Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + data[start:end] * rng.choice((2, 3, 50)) + data[end:]


def _drop(rng: random.Random, data: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + data[end:]


def _insert(rng: random.Random, data: bytes) -> bytes:
    start, _ = _span(rng, data)
    piece = rng.choice((rng.randbytes(16), bytes(64), b"\xff" * 16, "\u0000Яю\U0001f600".encode()))
    return data[:start] + piece + data[start:]


def _number(rng: random.Random, data: bytes) -> bytes:
    """Numbers of a text (lengths, offsets, spans, indexes) made extreme."""
    for _ in range(rng.choice((1, 1, 3, 10))):
        found = _near(rng, _NUMBER, data)
        if found is None:
            return data
        data = data[: found.start()] + rng.choice(_EXTREMES) + data[found.end() :]
    return data


def _tag(rng: random.Random, data: bytes) -> bytes:
    """A tag left out, doubled, nested deep, or moved."""
    found = _near(rng, _TAG, data)
    if found is None:
        return _flip(rng, data)
    before, tag, after = data[: found.start()], found.group(), data[found.end() :]
    other = _near(rng, _TAG, data) or found
    many = tag * rng.choice((2, 20, _DEEP))
    return before + rng.choice((b"", many, other.group(), tag + other.group())) + after


def _element(rng: random.Random, data: bytes) -> bytes:
    """A whole element left out, repeated or moved: XML stays well-formed, so its reader sees it."""
    found = _near(rng, _OPENING, data)
    if found is None:
        return _number(rng, data)
    end = data.find(b"</%s>" % found.group(1), found.end())
    if found.group().endswith(b"/>") or end < 0:
        piece = found.group()
    else:
        piece = data[found.start() : end + len(found.group(1)) + 3]
    rest = data[: found.start()] + data[found.start() + len(piece) :]
    place = _near(rng, _OPENING, rest)
    at = place.start() if place and rng.random() < 0.5 else found.start()
    return rest[:at] + piece * rng.choice((0, 1, 2, 50)) + rest[at:]


def _attribute(rng: random.Random, data: bytes) -> bytes:
    """The value of an attribute made extreme, or that of another."""
    for _ in range(rng.choice((1, 1, 3, 10))):
        found, other = (_near(rng, _VALUE, data) for _ in range(2))
        if found is None or other is None:
            return _number(rng, data)
        value = rng.choice((*_EXTREMES, other.group(1), other.group(1), b""))
        data = data[: found.start(1)] + value + data[found.end(1) :]
    return data


def _near(rng: random.Random, pattern: re.Pattern[bytes], data: bytes) -> re.Match[bytes] | None:
    """A match somewhere at random."""
    return pattern.search(data, rng.randrange(max(1, len(data)))) or pattern.search(data)


def _in_zip(rng: random.Random, data: bytes) -> bytes:
    """Damage below the container: its checksums hold, so the reader gets to see it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
    except _UNREADABLE:
        return _plain(rng, data)
    if not members:
        return _plain(rng, data)
    index = rng.randrange(len(members))
    name, content = members[index]
    how = rng.random()
    if how < 0.7:
        members[index] = (name, _plain(rng, content))
    elif how < 0.8:
        del members[index]
    elif how < 0.9:
        members.append((rng.choice((name, "../" + name, "/" + name, name.upper())), content))
    else:
        members[index] = (rng.choice(members)[0], content)
    return _lying(rng, _zip(members))


def _zip(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Straight into the archive: twice the same name is wanted, the warning is not.
            archive.NameToInfo.pop(name, None)
            archive.writestr(entry, content)
    return out.getvalue()


def _lying(rng: random.Random, data: bytes) -> bytes:
    """Now and then a size in the table of contents that is not true."""
    at = data.rfind(b"PK\x01\x02")
    if at < 0 or rng.random() > 0.1:
        return data
    field = at + rng.choice((20, 24, 42))  # packed size, unpacked size, place of the member
    value = rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFE))
    return data[:field] + struct.pack("<I", value) + data[field + 4 :]


_BYTES: tuple[Mutation, ...] = (_flip, _flip, _truncate, _swap, _double, _drop, _insert)
_TEXTS: tuple[Mutation, ...] = (_number, _number, _tag, _element, _attribute)
_MARKUP: tuple[Mutation, ...] = (_element, _element, _attribute, _attribute, _number, _tag, _flip)
