"""Where documents come from by themselves: folders, S3 buckets, web sites.

A source lists what it has and hands over one item at a time; `ingest/sources/sync.py` makes the
library follow it. A source knows nothing of documents, versions or the index.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from serving.errors import SourceUnavailable


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a source has."""

    key: str
    """Relative path with `/`, unique in its source; the document's name ends in it."""
    fingerprint: str = ""
    """Another one as soon as the content may be another; empty where only fetching tells."""
    size: int = 0
    """Bytes; 0 where only fetching tells."""
    settled: bool = True
    """False while it is still being written: look again later."""


class Gone(SourceUnavailable):
    """The item is no longer there, whatever the listing said."""


class Unsettled(SourceUnavailable):
    """The item changed since it was listed: look again later."""


class TooLarge(SourceUnavailable):
    """The item is larger than any file that is accepted."""

    def __init__(self, message: str, size: int) -> None:
        super().__init__(message)
        self.size = size
        """Bytes, as far as known; more than the limit."""


class Source(Protocol):
    """A place that documents are kept in step with. For use by one thread at a time."""

    @property
    def name(self) -> str:
        """Names its documents: `<name>/<key>`."""

    @property
    def groups(self) -> tuple[str, ...] | None:
        """Who may read its documents; None leaves that to each document (everyone at first)."""

    def items(self) -> Iterator[Item]:
        """All that there is.

        Raises:
            SourceUnavailable: also half-way; what was not listed may be there all the same.
        """

    def fetch(self, item: Item, path: Path, known: str) -> str | None:
        """Write the item's content to `path`; its fingerprint, or None if it is still `known`.

        Raises:
            Gone, Unsettled, TooLarge, SourceUnavailable: `path` may hold anything then.
        """

    def problems(self) -> list[str]:
        """One line for each thing that the last listing left out on purpose."""

    def close(self) -> None:
        """Give connections back."""
