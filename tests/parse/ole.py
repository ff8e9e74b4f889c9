"""Writes OLE containers ([MS-CFB] version 3) and Outlook mails in them ([MS-OXMSG])."""

import struct
from typing import Any

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI, _CUTOFF = 512, 64, 4096
_UNICODE, _STRING, _BINARY = 0x1F, 0x1E, 0x102


def ole(tree: dict[str, Any]) -> bytes:
    """A container; bytes are streams, dicts are storages."""
    entries: list[dict[str, Any]] = [{"name": "Root Entry", "kind": 5, "child": -1, "right": -1}]
    _add(entries, 0, tree)
    fat: list[int] = []
    sectors: list[bytes] = []
    mini_fat: list[int] = []
    mini = b""

    def put(data: bytes) -> int:
        blocks = [data[at : at + _SECTOR] for at in range(0, len(data), _SECTOR)]
        first = len(fat)
        for number, block in enumerate(blocks, start=1):
            sectors.append(block.ljust(_SECTOR, b"\0"))
            fat.append(_END if number == len(blocks) else first + number)
        return first if blocks else _END

    for entry in entries:
        data = entry.get("data")
        if data is None:
            continue
        if len(data) >= _CUTOFF:
            entry["start"] = put(data)
            continue
        entry["start"] = len(mini_fat) if data else _END
        count = -(-len(data) // _MINI)
        links = range(len(mini_fat) + 1, len(mini_fat) + count)
        mini_fat += [*links, _END] if count else []
        mini += data.ljust(count * _MINI, b"\0")
    entries[0] |= {"start": put(mini), "size": len(mini)}
    mini_start = put(b"".join(struct.pack("<I", number) for number in mini_fat))
    directory = b"".join(map(_entry, entries))
    directory_start = put(directory.ljust(-(-len(directory) // _SECTOR) * _SECTOR, b"\0"))
    fat_sectors = -(-len(fat) // (_SECTOR // 4 - 1))
    places = list(range(len(fat), len(fat) + fat_sectors))
    table = fat + [_FAT] * fat_sectors
    table += [_FREE] * (fat_sectors * _SECTOR // 4 - len(table))
    sectors.append(b"".join(struct.pack("<I", number) for number in table))
    return _head(places, directory_start, mini_start, len(mini_fat)) + b"".join(sectors)


def _head(fat: list[int], directory: int, mini: int, mini_count: int) -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    count = -(-mini_count * 4 // _SECTOR)
    head += struct.pack("<9I", 0, len(fat), directory, 0, _CUTOFF, mini, count, _END, 0)
    return head + b"".join(struct.pack("<I", p) for p in fat + [_FREE] * (109 - len(fat)))


def _add(entries: list[dict[str, Any]], parent: int, tree: dict[str, Any]) -> None:
    before = -1
    for name in sorted(tree, key=lambda name: (len(name), name.upper())):
        value = tree[name]
        number = len(entries)
        entries.append({"name": name, "kind": 1 if isinstance(value, dict) else 2})
        entries[number] |= {"child": -1, "right": -1}
        if before < 0:
            entries[parent]["child"] = number
        else:
            entries[before]["right"] = number
        before = number
        if isinstance(value, dict):
            _add(entries, number, value)
        else:
            entries[number] |= {"data": value, "size": len(value)}


def _entry(entry: dict[str, Any]) -> bytes:
    name = (entry["name"] + "\0").encode("utf-16-le")
    return (
        name.ljust(64, b"\0")
        + struct.pack("<HBB", len(name), entry["kind"], 1)
        + struct.pack("<iii", -1, entry["right"], entry["child"])
        + bytes(36)
        + struct.pack("<IQ", entry.get("start", 0), entry.get("size", 0))
    )


def mail(
    texts: dict[int, str | bytes],
    attachments: list[dict[str, Any]] | None = None,
    *,
    integers: dict[int, int] | None = None,
    head: int = 32,
) -> dict[str, Any]:
    """The storage of a mail: `str` values as Unicode properties, `bytes` as 8-bit text (binary
    for HTML, RTF and contents); attachments are such trees themselves."""
    tree: dict[str, Any] = {"__properties_version1.0": _fixed(integers or {}, head)}
    for tag, value in texts.items():
        binary = tag in (0x1013, 0x1009, 0x3701)
        kind = _UNICODE if isinstance(value, str) else _BINARY if binary else _STRING
        data = value.encode("utf-16-le") if isinstance(value, str) else value
        tree[f"__substg1.0_{tag:04X}{kind:04X}"] = data
    for number, attachment in enumerate(attachments or ()):
        tree[f"__attach_version1.0_#{number:08X}"] = attachment
    return tree


def _fixed(integers: dict[int, int], head: int) -> bytes:
    entries = [struct.pack("<HHIII", 3, tag, 6, value, 0) for tag, value in integers.items()]
    return bytes(head) + b"".join(entries)
