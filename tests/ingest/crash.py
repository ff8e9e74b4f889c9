"""`crash.py FOLDER MOMENT`: replaces one document's content again and again, until it is killed.

MOMENT `replaced` kills it right after the index was written, `random` leaves that to the caller.
The vectors are a stand-in, because the model is not what crashes here.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.pipeline import Pipeline
from rag.library import Library
from rag.settings import Settings
from rag.store import IndexedChunk
from rag.store.edge import EdgeStore
from rag.types import IndexSpec

SPEC = IndexSpec("stand-in", 8, "v1", 1)
NAME = "rules.txt"


class StandIn:
    max_tokens = 64

    def __init__(self) -> None:
        self.passages = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.passages += len(texts)
        vectors = np.ones((len(texts), 8), dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class DyingStore(EdgeStore):
    """Is killed after the third write."""

    writes = 0

    def replace(self, document_id: str, chunks: Sequence[IndexedChunk]) -> None:
        super().replace(document_id, chunks)
        self.writes += 1
        if self.writes == 3:
            os.kill(os.getpid(), signal.SIGKILL)


def open_pipeline(folder: Path, store: EdgeStore, embedder: StandIn) -> Pipeline:
    settings = Settings(data_dir=folder, _env_file=None)
    return Pipeline(Library(folder), store, embedder, settings)


def write(folder: Path, number: int) -> Path:
    """A file whose number of chunks changes with its content."""
    path = folder / f"{number % 3}.txt"
    lines = [f"Rule {n} of edition {number} says what to do." for n in range(20 * (1 + number % 3))]
    path.write_text("\n\n".join(lines))
    return path


def main() -> None:
    folder = Path(sys.argv[1])
    kind = DyingStore if sys.argv[2] == "replaced" else EdgeStore
    pipeline = open_pipeline(folder, kind(folder / "index", SPEC), StandIn())
    for number in range(1000):
        document = pipeline.accept(write(folder, number), NAME)
        pipeline.process(document.id)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
