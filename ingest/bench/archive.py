"""`python -m ingest.bench.archive`: an archive of thousands of pages through the real queue.

Four parts, each in a process of its own: the whole corpus by one worker; the same slice of it by
one worker and by two; text files by one worker in turn with the embedding model alone on the same
chunks; many short documents one after another, for the memory. Ratios come from one run; seconds
are those of the machine it ran on.

What this does not know: how workers on several machines share a Qdrant server, and whether what
was read is right (`ingest.bench.pdf` and the tests do).
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from ingest.bench.corpus import Piece, passages, real_files
from ingest.bench.process import (
    Figures,
    apart,
    cpu_seconds,
    own_settings,
    print_figures,
    resident,
    run_bench,
)
from ingest.jobs import Jobs, open_jobs
from ingest.pipeline import Pipeline
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings
from rag.types import Document, State
from serving.embedding import Embedder
from serving.errors import ConfigError

_ROUND = 45
"""Text files between two turns of worker and model."""
_WARM = 0.1
"""Part of the documents after which memory is first looked at: caches are filled by then."""
_WINDOW = 0.05
"""Part of the documents over which memory is averaged at the beginning and the end."""
_LOOK = 0.05
"""Seconds between two looks at the queue."""


class _Timed:
    """Passes everything on; sums the seconds spent in some methods, over all threads."""

    def __init__(self, inner: Any, stage: str, methods: Sequence[str]) -> None:
        self._inner, self.stage, self._methods = inner, stage, methods
        self.seconds = 0.0
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._timed(found) if name in self._methods else found

    def _timed(self, method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                with self._lock:
                    self.seconds += time.perf_counter() - started

        return call


def archive(settings: Settings, pieces: Sequence[Piece], workers: int) -> Figures:
    """All pieces through the queue: pages/s, where the workers' time goes, memory."""
    with _opened(settings, workers) as (runtime, pipeline, jobs, timed):
        by_name = {piece.name: piece for piece in pieces}
        begun, cpu = time.perf_counter(), cpu_seconds()
        for piece in pieces:
            jobs.submit(pipeline.accept(piece.path, piece.name).id)
        documents = _drain(runtime)
        elapsed, cpu = time.perf_counter() - begun, cpu_seconds() - cpu
    ready = [d for d in documents if d.state is State.READY]
    pages = sum(by_name[d.name].pages(d.pages) for d in ready if d.name in by_name)
    stages = {part.stage: part.seconds for part in timed}
    stages["other"] = elapsed * workers - sum(stages.values())
    return {
        "workers": workers,
        "files": len(pieces),
        "states": dict(Counter(str(d.state) for d in documents)),
        "pages": pages,
        "chunks": sum(d.chunks for d in ready),
        "seconds": round(elapsed, 1),
        "pages_per_s": round(pages / elapsed, 2),
        "cpu_seconds": round(cpu, 1),
        "share": {name: round(part / elapsed / workers, 3) for name, part in stages.items()},
        "rss_mb": round(resident() / 1e6),
    }


def against_model(settings: Settings, files: Sequence[Piece], workers: int) -> Figures:
    """Text files by `workers` threads, in turn with the model alone on the chunks they made."""
    worker = alone = 0.0
    chunks = 0
    with _opened(settings, workers) as (runtime, pipeline, jobs, _timed):
        # The model's first call is slow, and so is the first file: it starts the reading process.
        jobs.submit(pipeline.accept(files[0].path, files[0].name).id)
        _drain(runtime)
        for start in range(1, len(files), _ROUND):
            begun = time.perf_counter()
            for piece in files[start : start + _ROUND]:
                jobs.submit(pipeline.accept(piece.path, piece.name).id)
            documents = _drain(runtime)
            worker += time.perf_counter() - begun
            names = {f.name for f in files[start : start + _ROUND]}
            made = {d.id for d in documents if d.name in names}
            texts = [c.embedded_text for d in made for c in runtime.store.chunks(d)]
            begun = time.perf_counter()
            runtime.embedder.embed_passages(texts)
            alone += time.perf_counter() - begun
            chunks += len(texts)
    return {
        "threads": workers,
        "files": len(files),
        "chunks": chunks,
        "worker_chunks_per_s": round(chunks / worker, 2),
        "model_chunks_per_s": round(chunks / alone, 2),
        "ratio": round(alone / worker, 3),
    }


def memory_over(settings: Settings, pieces: Sequence[Piece]) -> Figures:
    """Resident memory while documents go in one after another, in MB."""
    samples = []
    with _opened(settings, 1) as (runtime, pipeline, jobs, _timed):
        for piece in pieces:
            jobs.submit(pipeline.accept(piece.path, piece.name).id)
            _drain(runtime)
            samples.append(resident() / 1e6)
    window = max(1, int(len(samples) * _WINDOW))
    first = int(len(samples) * _WARM)
    early = sum(samples[first : first + window]) / window
    late = sum(samples[-window:]) / window
    steps = range(0, len(samples), max(1, len(samples) // 10))
    return {
        "documents": len(samples),
        "early_mb": round(early, 1),
        "late_mb": round(late, 1),
        "ratio": round(late / early, 4),
        "over_time_mb": {str(at): round(samples[at]) for at in steps},
    }


@contextmanager
def _opened(
    settings: Settings, workers: int
) -> Iterator[tuple[Runtime, Pipeline, Jobs, list[_Timed]]]:
    settings = settings.model_copy(update={"workers": workers})
    with open_runtime(settings) as runtime:
        embed = _Timed(runtime.embedder, "embed", ["embed_passages"])
        count = _Timed(embed, "count tokens", ["count_tokens"])
        store = _Timed(runtime.store, "index", ["add", "keep_only"])
        pipeline = Pipeline(
            runtime.library, cast(Any, store), cast(Embedder, count), runtime.settings
        )
        jobs = open_jobs(pipeline, settings)
        jobs.start()
        try:
            yield runtime, pipeline, jobs, [embed, count, store]
        finally:
            jobs.stop()


def _drain(runtime: Runtime) -> list[Document]:
    """Wait until nothing is to be done; all documents."""
    while runtime.library.unfinished():
        time.sleep(_LOOK)
    return runtime.library.list()


def bench(settings: Settings, options: argparse.Namespace) -> Figures:
    """The parts that `options.parts` names."""
    if not options.documents.is_dir() or not options.sets.is_dir():
        raise ConfigError("There is no corpus: give folders with --documents and --sets.")
    found: Figures = {"cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="footnote-bench-") as name:
        folder = Path(name)
        (folder / "files").mkdir()
        notes = passages(options.sets, folder / "files", options.passages)
        real = real_files(options.documents)
        text = real_files(options.sets / "handbook-18f" / "docs")[: options.text]
        parts: dict[str, Any] = {
            "archive": lambda own: apart(archive, own, [*real, *text, *notes], 1),
            "one worker": lambda own: apart(archive, own, _slice(real, text, notes), 1),
            "two workers": lambda own: apart(archive, own, _slice(real, text, notes), 2),
            "text files": lambda own: apart(against_model, own, text, settings.workers),
            "text files, one thread": lambda own: apart(against_model, own, text, 1),
            "memory": lambda own: apart(memory_over, own, notes[: options.short]),
        }
        for part in options.parts or parts:
            own = own_settings(settings, folder / part.replace(" ", "-"))
            found[part] = parts[part](own)
            print_figures(part, found[part])
    if {"one worker", "two workers"} <= found.keys():
        rates = [found[f"{n} worker{s}"]["pages_per_s"] for n, s in (("one", ""), ("two", "s"))]
        found["two_against_one"] = round(rates[1] / rates[0], 3)
    return found


def _slice(real: Sequence[Piece], text: Sequence[Piece], notes: Sequence[Piece]) -> list[Piece]:
    """A tenth of the corpus, of each kind."""
    return [*real[::10], *text[::10], *notes[::10]]


def main(arguments: Sequence[str] | None = None) -> int:
    """As `run_bench`."""
    return run_bench(bench, _parser(), arguments)


def _parser() -> argparse.ArgumentParser:
    shared = Path(__file__).parents[3] / "shared"
    parser = argparse.ArgumentParser(prog="python -m ingest.bench.archive")
    add = parser.add_argument
    add("--documents", type=Path, default=shared / "docs", help="a folder of real files")
    add("--sets", type=Path, default=shared / "eval", help="the folder of evaluation sets")
    add("--passages", type=int, default=4000, help="passages of the sets, each made a file")
    add("--text", type=int, default=225, help="text files of the handbook")
    add("--short", type=int, default=2000, help="short documents for the memory part")
    add("--parts", nargs="*", help="only these parts, by their names in the output")
    return parser


if __name__ == "__main__":
    sys.exit(main())
