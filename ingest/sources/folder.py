"""A folder as a source. Its files are copied out before anyone reads them, and never written.

Links are followed only to files that lie in the folder itself. Hidden files, locks of office
programs and unfinished downloads are left out. What a network file system reports too late is
found by the next look.
"""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from ingest.sources import Gone, Item, TooLarge, Unsettled
from serving.errors import SourceUnavailable

SETTLE_SECONDS = 2.0
"""A file that was written to more recently may still be written to."""
_UNFINISHED = (".part", ".partial", ".crdownload", ".download")


class FolderSource:
    """A `Source`: all files under `root`."""

    def __init__(
        self,
        name: str,
        root: Path,
        groups: tuple[str, ...] | None,
        max_bytes: int,
        settle: float = SETTLE_SECONDS,
    ) -> None:
        self.name = name
        self.groups = groups
        self.root = root
        self._max_bytes = max_bytes
        self._settle = settle

    def items(self) -> Iterator[Item]:
        if not self.root.is_dir():
            raise SourceUnavailable(f"{self.name}: there is no folder {self.root}.")
        root = self.root.resolve()
        for folder, subfolders, files in os.walk(root, onerror=self._unlistable):
            subfolders[:] = sorted(s for s in subfolders if not s.startswith("."))
            for file in sorted(filter(_wanted, files)):
                found = Path(folder) / file
                if item := self._item(root, found):
                    yield item

    def fetch(self, item: Item, path: Path, known: str) -> str | None:
        root = self.root.resolve()
        try:
            # A pipe in its place would block an ordinary opening for ever.
            number = os.open(root / item.key, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Gone(f"{self.name}/{item.key}: is gone.") from error
        except OSError as error:
            raise self._unreadable(item, error) from error
        with os.fdopen(number, "rb") as file:
            # The path may lead elsewhere since it was listed; an open file does not.
            opened = Path(os.path.realpath(f"/proc/self/fd/{number}"))
            before = os.fstat(number)
            if not opened.is_relative_to(root) or not stat.S_ISREG(before.st_mode):
                raise Gone(f"{self.name}/{item.key}: is no longer a file of this folder.")
            if before.st_size > self._max_bytes:
                raise TooLarge(f"{self.name}/{item.key}: is too large.", before.st_size)
            if _fingerprint(before) == known:
                return None
            try:
                with path.open("wb") as copy:
                    shutil.copyfileobj(file, copy, 1 << 20)
            except OSError as error:
                raise self._unreadable(item, error) from error
            after = _fingerprint(os.fstat(number))
        if after != _fingerprint(before):
            raise Unsettled(f"{self.name}/{item.key}: is still being written.")
        return after

    def problems(self) -> list[str]:
        return []

    def close(self) -> None:
        """Nothing is held open."""

    def _item(self, root: Path, found: Path) -> Item | None:
        key = found.relative_to(root).as_posix()
        try:
            if found.is_symlink() and not found.resolve().is_relative_to(root):
                return None
            status = found.stat()
        except OSError:  # gone since, or a link to nothing or to itself
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        now = time.time()
        written = max(t for t in (status.st_mtime, status.st_ctime, 0.0) if t <= now + 1)
        settled = now - written >= self._settle
        return Item(key, _fingerprint(status), status.st_size, settled)

    def _unreadable(self, item: Item, error: OSError) -> SourceUnavailable:
        return SourceUnavailable(f"{self.name}/{item.key}: cannot be read ({error.strerror}).")

    def _unlistable(self, error: OSError) -> NoReturn:
        raise SourceUnavailable(
            f"{self.name}: {error.filename} cannot be listed ({error.strerror})."
        ) from error


def _wanted(file: str) -> bool:
    return not file.startswith((".", "~$")) and not file.lower().endswith(_UNFINISHED)


def _fingerprint(status: os.stat_result) -> str:
    # The time of change too: a copy that keeps the time of its original may replace it.
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"
