"""What the command line shows: a progress bar and a table."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from ingest.progress import Progress
from rag.types import Document


class ProgressBar:
    """Counts documents; shows the stage of the current one. Silent where no terminal is."""

    def __init__(self, bar: "tqdm[Any]") -> None:
        self._bar = bar
        self._current = ""

    @property
    def total(self) -> int:
        return int(self._bar.total or 0)

    @total.setter
    def total(self, value: int) -> None:
        self._bar.total = value
        self._bar.refresh()

    def say(self, text: str) -> None:
        self._bar.set_postfix_str(text[-40:])

    def step(self) -> None:
        self._bar.update()

    def report(self, progress: Progress) -> None:
        """A `Report`."""
        self.say(f"{progress.stage} {progress.done}/{progress.total}")


@contextmanager
def progress_bar() -> Iterator[ProgressBar]:
    with tqdm(unit="doc", leave=False, disable=None, file=sys.stderr) as bar:
        yield ProgressBar(bar)


def table(documents: Sequence[Document]) -> list[str]:
    """Lines: state, chunks, pages, groups, name, reason."""
    if not documents:
        return ["No documents. Add some with `python -m ingest add PATH`."]
    rows = [("STATE", "CHUNKS", "PAGES", "GROUPS", "NAME", "REASON")]
    rows += [
        (d.state, str(d.chunks), str(d.pages), ",".join(d.groups), d.name, d.reason)
        for d in documents
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return ["  ".join(map(str.ljust, row, [*widths, 0])).rstrip() for row in rows]
