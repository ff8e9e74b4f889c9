"""RTF as Outlook keeps it in a mail: LZFu, or stored as it is ([MS-OXRTFCP])."""

import struct

_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_FIRST = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the dictionary holds before the first byte."""
_WINDOW = 4096


def unpack_rtf(data: bytes, most: int) -> bytes:
    """The RTF, at most `most` bytes of it; empty where the data is damaged."""
    if len(data) < 16:
        return b""
    _, size, kind, _ = struct.unpack("<4I", data[:16])
    if kind == _STORED:
        return data[16 : 16 + min(size, most)]
    return _expand(data[16:], min(size, most)) if kind == _COMPRESSED else b""


def _expand(data: bytes, most: int) -> bytes:
    window = bytearray(_FIRST.ljust(_WINDOW, b"\0"))
    write = len(_FIRST)
    found = bytearray()
    at = 0
    while at < len(data) and len(found) < most:
        flags = data[at]
        at += 1
        for bit in range(8):
            size = 2 if flags >> bit & 1 else 1
            if at + size > len(data):
                return bytes(found)
            if size == 1:
                run = data[at : at + 1]
            else:
                pair = data[at] << 8 | data[at + 1]
                start, length = pair >> 4, (pair & 15) + 2
                if start == write:
                    return bytes(found[:most])
                run = _copied(window, start, length, write)
            at += size
            for byte in run:
                window[write] = byte
                write = (write + 1) % _WINDOW
            found += run
    return bytes(found[:most])


def _copied(window: bytearray, start: int, length: int, write: int) -> bytes:
    """A run of the window; it may reach into what it writes itself."""
    run = bytearray()
    for step in range(length):
        source = (start + step) % _WINDOW
        ahead = (source - write) % _WINDOW
        run.append(run[ahead] if ahead < len(run) else window[source])
    return bytes(run)
