"""Files kept by content: the originals, and what was read from each of them.

`originals/ab/abcd…` holds the bytes whose SHA-256 is `abcd…`; `read/abcd….json.gz` what a parser
made of them. A file is written under another name, synced and then renamed, so it is whole or
absent. Which document a content belongs to, and who may see it, this module does not know
(`rag/library.py` does). A crash before the rename leaves a file in `partial/`, emptied by age.
"""

import gzip
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from rag.report import QualityReport

Word = tuple[str, float, float, float, float]
"""Text, left, bottom, right, top, in the page's user space."""

_BLOCK = 1 << 20
_STALE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one original."""

    media_type: str
    pages: int
    chunks: int
    """How many chunks it makes: an index that holds fewer was interrupted."""
    elements: Sequence[dict[str, Any]]
    """In reading order: `type`, `text`, `page` (from 1, 0: none), `depth`, `html` (tables)."""
    report: QualityReport = field(default_factory=QualityReport)
    words: Mapping[int, Sequence[Word]] = field(default_factory=dict)
    """Of pages whose text was recognised: each word with left, bottom, right, top."""
    members: int = 0
    """How many files inside it were taken in as documents of their own."""


class Originals:
    """The files of a library. Safe to share between threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._originals = folder / "originals"
        self._readings = folder / "read"
        self._partial = folder / "partial"
        for path in (self._originals, self._readings, self._partial):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._drop_stale()

    def keep(self, source: BinaryIO) -> str:
        """Copy a stream; the SHA-256 of its bytes in hex. OSError: disk full, for example."""
        digest = hashlib.sha256()
        partial = self._partial / uuid4().hex
        try:
            with partial.open("xb") as file:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    file.write(block)
                _sync(file)
            self._publish(partial, self.path(digest.hexdigest()))
        finally:
            partial.unlink(missing_ok=True)
        return digest.hexdigest()

    def path(self, sha256: str) -> Path:
        """Where the bytes are, if they were kept."""
        return self._originals / sha256[:2] / sha256

    def keep_reading(self, sha256: str, reading: Reading) -> None:
        """Store what was read; replaces an earlier reading of the same content."""
        value = {
            "media_type": reading.media_type,
            "pages": reading.pages,
            "chunks": reading.chunks,
            "elements": list(reading.elements),
            "report": reading.report.to_dict(),
            "words": {str(page): list(words) for page, words in reading.words.items()},
            "members": reading.members,
        }
        partial = self._partial / uuid4().hex
        try:
            with partial.open("xb") as file:
                text = json.dumps(value, ensure_ascii=False)
                file.write(gzip.compress(text.encode(errors="replace"), compresslevel=4, mtime=0))
                _sync(file)
            self._publish(partial, self._reading(sha256))
        finally:
            partial.unlink(missing_ok=True)

    def reading(self, sha256: str) -> Reading | None:
        """What was read from this content; None if nothing was yet."""
        try:
            packed = self._reading(sha256).read_bytes()
        except FileNotFoundError:
            return None
        value = json.loads(gzip.decompress(packed))
        return Reading(
            value["media_type"],
            value["pages"],
            value["chunks"],
            value["elements"],
            QualityReport.from_dict(value.get("report", {})),
            {int(page): words for page, words in value.get("words", {}).items()},
            value.get("members", 0),
        )

    def has_reading(self, sha256: str) -> bool:
        """Whether it is kept what was read from this content."""
        return self._reading(sha256).exists()

    def discard(self, sha256: str) -> None:
        """Delete the bytes and what was read from them."""
        self.path(sha256).unlink(missing_ok=True)
        self._reading(sha256).unlink(missing_ok=True)

    def _reading(self, sha256: str) -> Path:
        return self._readings / f"{sha256}.json.gz"

    def _publish(self, partial: Path, target: Path) -> None:
        target.parent.mkdir(exist_ok=True, mode=0o700)
        partial.replace(target)
        descriptor = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _drop_stale(self) -> None:
        """Only old ones: another process may be writing right now."""
        oldest = time.time() - _STALE_SECONDS
        for path in self._partial.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
