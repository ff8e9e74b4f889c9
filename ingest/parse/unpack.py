"""Files that came inside another file, written into a folder of the caller's.

On disk a member is called by its number, so no name from a container ever becomes a path: `..`,
absolute names, links and names that collide can do nothing. The name goes along as data.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ingest.limits import Budget, Limits
from ingest.names import clean_name
from serving.errors import RejectedFile

_BLOCK = 1 << 20
_CLUTTER = re.compile(
    r"(?:.*/)?(?:__MACOSX/.*|\.(?!\.?(?:/|$))[^/]*(?:/.*)?|Thumbs\.db|desktop\.ini|~\$[^/]*)", re.I
)
"""What file managers and editors leave behind: resource forks, thumbnails, locks, dot files."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file that came inside another: an attachment, a file of an archive."""

    name: str
    """Its path inside, with `/`; relative, without `..`, no other member's."""
    path: Path
    """Where it was unpacked to."""


class Unpacker:
    """Takes the members of one container (a file called `name`) into `folder`.

    `folder` None: nothing is written, every member counts as skipped.
    """

    def __init__(self, name: str, folder: Path | None, limits: Limits) -> None:
        self._folder = folder
        self._name, self._limits = name, limits
        self._budget = Budget(name, limits)
        self._names: set[str] = set()
        self.members: list[Member] = []
        self.skipped: dict[str, str] = {}

    @property
    def dry(self) -> bool:
        """Whether members are only named, not written."""
        return self._folder is None

    def take(self, name: str, content: BinaryIO | bytes) -> str:
        """Write one member; the name that it got, empty where it was skipped or is clutter.

        Raises:
            RejectedFile: more members, or more bytes, than the limits allow.
        """
        shown = self._free_name(name)
        if not shown:
            return ""
        if self._folder is None:
            self.skip(shown, "not taken out")
            return shown
        self._budget.take(0, 1)
        path = self._folder / f"{len(self.members):05d}"
        with path.open("xb") as file:
            for block in _blocks(content):
                self._budget.take(len(block))
                file.write(block)
        self.members.append(Member(shown, path))
        return shown

    def skip(self, name: str, reason: str) -> None:
        """Remember that a member was left where it is, and why."""
        if not is_clutter(name):
            self._budget.take(0, 1)
            self.skipped[_shown(name)] = reason

    def check(self, members: int, size: int) -> None:
        """What the container says it holds, before anything is unpacked.

        Raises:
            RejectedFile: more than the limits allow.
        """
        Budget(self._name, self._limits).take(size, members)

    def _free_name(self, name: str) -> str:
        """A clean name that no member has yet: `a.txt`, then `a (2).txt`."""
        if is_clutter(name):
            return ""
        try:
            wanted = clean_name(name)
        except RejectedFile as error:
            self.skip(name, str(error).rsplit(": ", 1)[-1])
            return ""
        path, number, free = PurePosixPath(wanted), 2, wanted
        while free in self._names:
            free = str(path.with_name(f"{path.stem} ({number}){path.suffix}"))
            number += 1
        self._names.add(free)
        return free


def is_clutter(name: str) -> bool:
    """Whether it is one of the files that nobody put there on purpose."""
    return _CLUTTER.fullmatch(name.replace("\\", "/")) is not None


def _shown(name: str) -> str:
    """A name that may hold anything, fit for one line of text."""
    return "".join(c if c.isprintable() else "?" for c in name)[:200] or "?"


def _blocks(content: BinaryIO | bytes) -> Iterable[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    while block := content.read(_BLOCK):
        yield block
