"""The command `add`: which files, under which names, and what became of each."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.desk import Desk
from ingest.show import ProgressBar, progress_bar
from rag.types import Document, State
from serving.errors import RejectedFile


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the files."""

    counts: Counter[str] = field(default_factory=Counter)
    """By word: added, unchanged, rejected, failed, removed."""
    problems: list[str] = field(default_factory=list)
    """One line for each file that was not taken in."""

    @property
    def summary(self) -> str:
        words = ["added", "unchanged", "rejected"]
        words += [word for word in ("failed", "removed") if self.counts[word]]
        return ", ".join(f"{self.counts[word]} {word}" for word in words) + "."

    def fail(self, word: str, problem: str) -> None:
        self.counts[word] += 1
        self.problems.append(problem)

    def record(self, document: Document | None) -> None:
        if document is None:
            self.counts["removed"] += 1
        elif document.state is State.READY:
            self.counts["added"] += 1
        else:
            self.fail(str(document.state), document.reason)


def add(desk: Desk, paths: Sequence[Path], groups: Sequence[str] | None) -> Outcome:
    """Take all files in, then process them; what is wrong with one does not stop the others."""
    outcome = Outcome()
    with progress_bar() as bar:
        submitted = list(_submit(desk, paths, groups, bar, outcome))
        bar.total = len(submitted)
        for document in desk.finish(submitted, bar.report):
            outcome.record(document)
            bar.step()
    return outcome


def _submit(
    desk: Desk,
    paths: Sequence[Path],
    groups: Sequence[str] | None,
    bar: ProgressBar,
    outcome: Outcome,
) -> Iterator[Document]:
    """The documents that remain to be processed."""
    names: dict[str, Path] = {}
    for path, name in _files(paths):
        bar.say(name)
        try:
            if (first := names.setdefault(name, path)) != path:
                raise RejectedFile(f"{path}: {first} already has the name {name}. Rename one.")
            document = desk.submit(path, name, groups)
        except RejectedFile as error:
            outcome.fail("rejected", str(error))
        except OSError as error:
            outcome.fail("failed", f"{name}: {error.strerror}. Try again.")
        else:
            if document.state is State.READY:
                outcome.counts["unchanged"] += 1
            elif document.state is State.REJECTED:
                outcome.record(document)
            else:
                yield document


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each file with its name: relative to the folder given, or a single file's own.

    Hidden files are left out of folders, and links to other folders are not followed. A path
    that does not exist is passed on, for the desk to reject.
    """
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        for folder, subfolders, files in os.walk(path):
            subfolders[:] = sorted(s for s in subfolders if not s.startswith("."))
            for file in sorted(f for f in files if not f.startswith(".")):
                found = Path(folder) / file
                yield found, found.relative_to(path).as_posix()
