"""`killed.py FOLDER`: starts, on request, a child that works and waits to be killed.

This process imports everything once and forks a child per request, so that a start costs
milliseconds. Requests are lines on stdin:

`client SEED`: the app: a queue with two workers on an embedded store, and somebody who adds,
replaces and removes files at random, each noted in the journal before and after it.
`worker QDRANT REDIS POSTGRES`: a worker process on these servers; `-`: SQLite instead.
`reap NUMBER`: answered with `gone` once this child has ended.

The first two are answered with the child's process id, once its queue is started. Reading and
embedding are stand-ins, because they are not what crashes here.
"""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ingest.guard.parser import Parser
from ingest.jobs import Jobs
from ingest.limits import limits_of
from ingest.parse import Parsed, parse
from ingest.pipeline import Pipeline
from rag.library import Library
from rag.settings import Settings
from rag.store import Store
from rag.store.edge import EdgeStore
from rag.types import IndexSpec, document_id

SPEC = IndexSpec("stand-in", 8, "v1", 1)
NAMES = [f"shelf/{letter}.txt" for letter in "abcdefghijkl"]


class Embedder:
    """Vectors of no meaning, slow enough to be killed at."""

    max_tokens = 64

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        time.sleep(0.002 * len(texts))
        vectors = np.ones((len(texts), 8), dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Reader(Parser):
    """The real readers, in this process: a process of their own takes seconds to start."""

    def parse(self, path: Path, name: str, folder: Path) -> Parsed:
        return parse(path, name, folder, self.limits)


def text(number: int) -> str:
    """A content whose number of chunks changes with its number."""
    count = 3 + number * 7 % 40
    return "\n\n".join(f"Rule {n} of edition {number} says what to do." for n in range(count))


class Journal:
    """What the client asked for: lines `NUMBER OPERATION NAME CONTENT`, then `NUMBER done`.

    A killed process loses no line that it wrote: the system has it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def write(self, line: str) -> None:
        with self._file.open("a") as file:
            file.write(line + "\n")

    def possible(self) -> dict[str, set[int]]:
        """By name, the contents (-1: none) that it may have: the last that was done, or a later
        one that was asked for."""
        asked: list[tuple[str, int]] = []
        done: set[int] = set()
        for line in self._file.read_text().splitlines():
            number, operation, *rest = line.split()
            if operation == "done":
                done.add(int(number))
            else:
                assert int(number) == len(asked)
                asked.append((rest[0], int(rest[1])))
        found = {name: {-1} for name in NAMES}
        for number, (name, content) in enumerate(asked):
            found[name] = {content} if number in done else found[name] | {content}
        return found

    @property
    def asked(self) -> int:
        if not self._file.exists():
            return 0
        return sum(not line.endswith("done") for line in self._file.read_text().splitlines())


@contextmanager
def opened(folder: Path, store: Store, catalogue: str = "") -> Iterator[Pipeline]:
    """A pipeline over `store` and the library in `folder`; all closed at the end."""
    settings = Settings(data_dir=folder, _env_file=None)
    library = Library(folder / "library", url=catalogue)
    pipeline = Pipeline(library, store, Embedder(), settings, parser=Reader(limits_of(settings)))
    yield pipeline
    pipeline.close()
    library.close()
    store.close()


def change_at_random(pipeline: Pipeline, jobs: Jobs, folder: Path, seed: int) -> Iterator[int]:
    """Add, replace and remove for ever; the number of each change, once it was made."""
    chance, journal = random.Random(seed), Journal(folder / "journal")
    for number in itertools.count(journal.asked):
        name = chance.choice(NAMES)
        content = chance.randrange(1000) if chance.random() < 0.8 else -1
        journal.write(f"{number} {'remove' if content < 0 else 'add'} {name} {content}")
        if content < 0:
            pipeline.remove(document_id(name))
        else:
            path = folder / f"{chance.randrange(1000)}.tmp"
            path.write_text(text(content))
            jobs.submit(pipeline.accept(path, name).id)
            path.unlink()
        journal.write(f"{number} done")
        yield number
        time.sleep(chance.uniform(0, 0.08))


def client(folder: Path, seed: int) -> None:
    """The app on its embedded store."""
    with opened(folder, EdgeStore(folder / "index", SPEC)) as pipeline:
        jobs = Jobs(pipeline, folder, workers=2)
        jobs.start()
        say(str(os.getpid()))
        for _ in change_at_random(pipeline, jobs, folder, seed):
            pass


def worker(folder: Path, qdrant: str, redis: str, postgres: str) -> None:
    """A worker process on a shared store."""
    with opened(folder, server_store(qdrant), postgres) as pipeline:
        jobs = Jobs(pipeline, folder, queue_url=redis, alone=False)
        jobs.start()
        say(str(os.getpid()))
        time.sleep(600)


def server_store(url: str) -> Store:
    from qdrant_client import QdrantClient

    from rag.store.server import ServerStore

    return ServerStore(QdrantClient(url=url, check_compatibility=False), "footnote", SPEC)


class Zygote:
    """This program in a process of its own; `start` and `wait` are its requests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        with (self._folder / "errors").open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.ingest.killed", self._folder],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    @property
    def errors(self) -> str:
        """What all of them printed."""
        return (self._folder / "errors").read_text()

    def start(self, request: str) -> int:
        """The process id of a child that works."""
        return int(self._ask(request))

    def kill(self, child: int) -> None:
        """At once, with SIGKILL; it is gone when this returns."""
        os.kill(child, signal.SIGKILL)
        assert self._ask(f"reap {child}") == "gone"

    def _ask(self, request: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(request + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    folder = Path(sys.argv[1])
    import qdrant_client  # noqa: F401 - so that the children need not, as with the reader

    first = folder / "first.txt"
    first.write_text(text(0))
    parse(first, first.name, folder, limits_of(Settings(_env_file=None)))
    for line in sys.stdin:
        kind, *arguments = line.replace(" -", " ").split(" ")
        if kind == "reap":
            os.waitpid(int(arguments[0]), 0)
            say("gone")
        elif os.fork() == 0:
            if kind == "client":
                client(folder, int(arguments[0]))
            else:
                worker(folder, *(argument.strip() for argument in arguments))


if __name__ == "__main__":
    main()
