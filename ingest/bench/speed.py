"""`python -m ingest.bench.speed`: how fast documents go in, and how fast questions are answered.

Ingest is measured on real files through the product's pipeline, smallest first, until the time
given is spent. Questions are measured at several index sizes without a language model. Every
part runs in a process of its own, so that its memory is its own.

An index of 100,000 chunks is mostly synthetic; `ingest/bench/questions.py` says how it is made.
What this does not know: whether the answers are right (`rag.evaluate` does).
"""

import argparse
import os
import pickle
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ingest.bench.process import Figures, apart, own_settings, print_figures, run_bench
from ingest.bench.questions import SYNTHETIC, ask, build, memory
from ingest.pipeline import Pipeline
from ingest.progress import Progress
from rag.runtime import open_runtime
from rag.settings import Settings
from rag.store import IndexedChunk, Store
from rag.types import Document, State
from serving.errors import ConfigError

TAKEN = "taken.pickle"
"""What was indexed, handed from one process to the next."""


def main(arguments: Sequence[str] | None = None) -> int:
    """As `run_bench`."""
    return run_bench(bench, _parser(), arguments)


def bench(settings: Settings, options: argparse.Namespace) -> Figures:
    """Ingest, then questions at each size, in temporary folders."""
    files = sorted(
        (file for root in options.files for file in root.rglob("*") if file.is_file()),
        key=lambda file: file.stat().st_size,
    )
    if not files:
        raise ConfigError("There are no files to ingest; name folders with --files.")
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as name:
        folder = Path(name)
        own = own_settings(settings, folder / "ingest")
        found: Figures = {"cores": os.cpu_count()}
        found["ingest"] = apart(_ingest, own, files, options.seconds, folder / TAKEN)
        print_figures("ingest", found["ingest"])
        found["questions"] = {"index": SYNTHETIC}
        print_figures("questions", found["questions"])
        for size in options.sizes:
            own = own_settings(settings, folder / str(size))
            made = apart(build, own, folder / TAKEN, size)
            asked = apart(ask, own, options.questions)
            found["questions"][str(size)] = {**made, **asked}
            print_figures(f"{size:,} chunks", found["questions"][str(size)])
        return found


@dataclass
class _Clock:
    """Sums the time from one report of the pipeline to the next, by stage."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _last: float = 0.0
    _stage: str = "other"

    def start(self) -> None:
        self._last, self._stage = time.perf_counter(), "other"

    def report(self, progress: Progress) -> None:
        ended = progress.done == progress.total
        self.enter(progress.stage)
        if ended:  # after parsing comes chunking, after embedding what is kept in files
            self._stage = "chunk" if progress.stage == "parse" else "other"

    def enter(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[self._stage] += now - self._last
        self._last, self._stage = now, stage


class _Taking:
    """A store that keeps what is indexed, and how long that took; all else passes through."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.seconds = 0.0
        self.taken: list[IndexedChunk] = []

    def add(self, document_id: str, version: str, chunks: Sequence[IndexedChunk]) -> None:
        started = time.perf_counter()
        self._store.add(document_id, version, chunks)
        self.seconds += time.perf_counter() - started
        self.taken.extend(chunks)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def _ingest(settings: Settings, files: Sequence[Path], seconds: float, taken: Path) -> Figures:
    clock, documents = _Clock(), list[Document]()
    with open_runtime(settings) as runtime:
        runtime.embedder.embed_passages(["The first call of a model is slow."])
        store = _Taking(runtime.store)
        pipeline = Pipeline(runtime.library, cast(Store, store), runtime.embedder, settings)
        begun = time.perf_counter()
        for number, file in enumerate(files, 1):
            if time.perf_counter() - begun > seconds:
                break
            sys.stderr.write(f"\r{number} of {len(files)}: {file.name:40}")
            clock.start()
            accepted = pipeline.accept(file, f"{number:04}/{file.name}")
            processed = pipeline.process(accepted.id, clock.report)
            clock.enter("other")
            if processed is not None:
                documents.append(processed)
        elapsed = time.perf_counter() - begun
        held = memory()
    sys.stderr.write("\n")
    taken.write_bytes(pickle.dumps(store.taken))
    return {
        "files_given": len(files),
        **_ingest_figures(documents, elapsed, clock, store.seconds),
        **held,
    }


def _ingest_figures(
    documents: Sequence[Document], elapsed: float, clock: _Clock, upsert: float
) -> Figures:
    ready = [document for document in documents if document.state is State.READY]
    pages = sum(document.pages for document in ready)
    chunks = sum(document.chunks for document in ready)
    parts = {stage: clock.seconds[stage] for stage in ("parse", "chunk", "embed")}
    parts["upsert"] = upsert
    parts["other"] = elapsed - sum(parts.values())
    return {
        "files": len(documents),
        "ready": len(ready),
        "pages": pages,
        "chunks": chunks,
        "seconds": round(elapsed, 1),
        "pages_per_s": round(pages / elapsed, 2),
        "chunks_per_s": round(chunks / elapsed, 2),
        "share": {stage: round(part / elapsed, 4) for stage, part in parts.items()},
    }


def _sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    root = Path(__file__).parents[2]
    usual = [root / "data" / "organisation", root.parent / "shared" / "docs"]
    parser = argparse.ArgumentParser(prog="python -m ingest.bench.speed")
    add = parser.add_argument
    add("--sizes", type=_sizes, default=[1_000, 10_000, 100_000], help="index sizes, in chunks")
    add("--files", type=Path, nargs="+", default=usual, help="folders of files to ingest")
    add("--seconds", type=float, default=240.0, help="start no further file after this time")
    add("--questions", type=int, default=100, help="questions asked at each size")
    return parser


if __name__ == "__main__":
    sys.exit(main())
