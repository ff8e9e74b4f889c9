"""Document names and group names as people and file systems give them, made safe to keep.

A name is a relative path with `/`. Nothing here touches the disk.
"""

import re
import unicodedata
from collections.abc import Sequence

from serving.errors import RejectedFile

MAX_NAME_BYTES = 255
_UNSAFE = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode categories: control characters, bytes that are no UTF-8, line separators."""
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""They make `exe.pdf` out of `fdp.exe` on the screen."""


def clean_name(name: str) -> str:
    """The name in NFC, with `/`, without empty and `.` parts.

    Raises:
        RejectedFile: absolute, leaving its folder, with control characters, empty or too long.
    """
    shown = ascii(name[:80])
    if any(unicodedata.category(c) in _UNSAFE for c in name) or _DIRECTION.search(name):
        raise RejectedFile(f"{shown}: the name has control characters. Rename the file.")
    path = unicodedata.normalize("NFC", name).replace("\\", "/")
    if path.startswith("/") or re.match("[A-Za-z]:/", path):
        raise RejectedFile(f"{name}: the name is an absolute path. Give a relative one.")
    parts = [part for part in path.split("/") if part.strip() not in ("", ".")]
    if ".." in parts:
        raise RejectedFile(f"{name}: the name leaves its folder with `..`. Rename the file.")
    if not parts:
        raise RejectedFile("A file without a name. Give it one.")
    cleaned = "/".join(parts)
    if len(cleaned.encode()) > MAX_NAME_BYTES:
        raise RejectedFile(
            f"{cleaned[:60]}…: the name is longer than {MAX_NAME_BYTES} bytes. Shorten it."
        )
    return cleaned


def clean_groups(groups: Sequence[str]) -> tuple[str, ...]:
    """The group names, stripped, each once, sorted.

    Raises:
        RejectedFile: none is left, so that nobody could read the document.
    """
    cleaned = tuple(sorted({group.strip() for group in groups if group.strip()}))
    if not cleaned:
        raise RejectedFile("No access group given: nobody could read it. Name one, like everyone.")
    return cleaned
