"""`crash.py FOLDER`: replaces one document's content again and again, and is killed at the third.

That is, right after the index was written and before the catalogue switches. Reading and vectors
are stand-ins, because they are not what crashes here.
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
from tests.ingest.killed import SPEC, opened, text

NAME = "rules.txt"


class StandIn:
    """An embedder without meaning that counts."""

    max_tokens = 64

    def __init__(self) -> None:
        self.passages = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) + 2 for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.passages += len(texts)
        vectors = np.ones((len(texts), 8), dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def open_pipeline(folder: Path, store: EdgeStore, embedder: StandIn) -> Pipeline:
    """Over a library in `folder` itself, with the real reader."""
    settings = Settings(data_dir=folder, _env_file=None)
    return Pipeline(Library(folder), store, embedder, settings)


class DyingStore(EdgeStore):
    """Is killed after the third write."""

    writes = 0

    def add(self, document_id: str, version: str, chunks: Sequence[IndexedChunk]) -> None:
        super().add(document_id, version, chunks)
        self.writes += 1
        if self.writes == 3:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    folder = Path(sys.argv[1])
    with opened(folder, DyingStore(folder / "index", SPEC)) as pipeline:
        for number in range(4):
            path = folder / "source.txt"
            path.write_text(text(number))
            pipeline.process(pipeline.accept(path, NAME).id)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
