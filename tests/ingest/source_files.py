"""A folder source whose fetches are counted, and files whose times never repeat."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from ingest.sources import Item
from ingest.sources.folder import FolderSource
from serving.errors import SourceUnavailable

_times = itertools.count(1_600_000_000)


def put(root: Path, key: str, text: str) -> Path:
    """Write a file; the clock's grain must not hide that it was written twice."""
    path = root / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    moment = next(_times)
    os.utime(path, (moment, moment))
    return path


class Folder(FolderSource):
    """Does not wait for files to settle, unless told to."""

    def __init__(
        self,
        root: Path,
        name: str = "shelf",
        groups: tuple[str, ...] | None = None,
        settle: float = 0.0,
    ) -> None:
        super().__init__(name, root, groups, 1 << 20, settle)
        self.fetched: list[str] = []
        self.break_after: int | None = None
        """Items that a listing gives before it fails."""

    def items(self) -> Iterator[Item]:
        for number, item in enumerate(super().items()):
            if number == self.break_after:
                raise SourceUnavailable(f"{self.name}: the share went away.")
            yield item

    def fetch(self, item: Item, path: Path, known: str) -> str | None:
        self.fetched.append(item.key)
        return super().fetch(item, path, known)
