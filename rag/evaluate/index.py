"""A question set's corpus, put into the product's own store and library.

One document per passage, its title as the section path; a passage longer than the embedder
takes becomes several chunks. The index is made anew for every run, so that it always follows
the code; only vectors are kept between runs (`Vectors`), because embedding is what takes long.
Parsing is not part of this: the passages are text already.
"""

import hashlib
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.evaluate.dataset import Dataset, Row
from rag.library import Library, version_of
from rag.originals import Reading
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings
from rag.store import IndexedChunk, Store
from rag.store.sparse import SparseEncoder
from rag.text import language_of, split_to_tokens
from rag.types import Chunk, Document, chunk_id, document_id
from serving.embedding import Embedder

BATCH = 64
"""Texts per call of the embedder; what an interruption may lose."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, of how many."""


class Vectors:
    """Passage vectors by embedder and text, in one SQLite file."""

    def __init__(self, path: Path, embedder: Embedder) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._embedder = embedder
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=60, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"
        )

    def of(self, texts: Sequence[str], progress: Progress) -> NDArray[np.float32]:
        """Shape (n, dimension), unit length; embeds what is not known yet."""
        keys = [self._key(text) for text in texts]
        with self._lock:
            known = {key: vector for key in set(keys) if (vector := self._find(key)) is not None}
            missing = [at for at, key in enumerate(keys) if key not in known]
            missing.sort(key=lambda at: -len(texts[at]))  # a batch is padded to its longest
            for start in range(0, len(missing), BATCH):
                batch = missing[start : start + BATCH]
                made = self._embedder.embed_passages([texts[at] for at in batch])
                rows = [
                    (keys[at], vector.tobytes()) for at, vector in zip(batch, made, strict=True)
                ]
                with self._db:
                    self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
                known.update(rows)
                progress("embed", start + len(batch), len(missing))
        if not texts:
            return np.zeros((0, self._embedder.dimension), np.float32)
        return np.stack([np.frombuffer(known[key], np.float32) for key in keys])

    def close(self) -> None:
        self._db.close()

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._embedder.fingerprint}\0{text}".encode()).digest()

    def _find(self, key: bytes) -> bytes | None:
        row = self._db.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None


def chunks_of(row: Row, embedder: Embedder) -> list[Chunk]:
    """The passage as chunks that the embedder takes whole, title included."""
    section = (row.title,) if row.title else ()
    prefix = f"{row.title}\n" if row.title else ""

    def count(texts: Sequence[str]) -> list[int]:
        return embedder.count_tokens([prefix + text for text in texts])

    document = document_id(row.id)
    version = version_of(_sha256(row))
    return [
        Chunk(
            id=chunk_id(document, version, ordinal),
            document_id=document,
            version=version,
            ordinal=ordinal,
            text=row.text[start:end],
            section=section,
            language=language_of(row.text[start:end]),
        )
        for ordinal, (start, end) in enumerate(
            split_to_tokens(row.text, embedder.max_tokens, count)
        )
    ]


@contextmanager
def indexed(
    dataset: Dataset, settings: Settings, cache: Path, progress: Progress
) -> Iterator[tuple[Runtime, int, float]]:
    """A runtime over the set's corpus, its number of chunks, and the seconds that filling took.

    Folder and, on a server, collection are its own, never the product's; the folder goes away.
    Vectors are kept in `cache`. Nothing is sent to Langfuse.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=cache) as name:
        folder = Path(name)
        own = {"data_dir": folder, "collection": f"{folder.name}-eval", "langfuse_url": ""}
        with (
            open_runtime(settings.model_copy(update=own)) as runtime,
            closing(Vectors(cache / "vectors.sqlite", runtime.embedder)) as vectors,
        ):
            started = time.perf_counter()
            chunks = fill(
                dataset.corpus,
                runtime.store,
                runtime.library,
                runtime.embedder,
                vectors,
                progress,
            )
            yield runtime, chunks, time.perf_counter() - started


def fill(
    rows: Sequence[Row],
    store: Store,
    library: Library,
    embedder: Embedder,
    vectors: Vectors,
    progress: Progress,
) -> int:
    """Put the passages into an empty store and library; how many chunks they made."""
    made = [(row, chunks_of(row, embedder)) for row in rows]
    texts = [chunk.embedded_text for _, chunks in made for chunk in chunks]
    dense = iter(vectors.of(texts, progress))
    sparse = SparseEncoder()
    for at, (row, chunks) in enumerate(made, 1):
        _enter(row, len(chunks), library)
        items = list(_indexed(row, chunks, dense, sparse))
        store.add(document_id(row.id), version_of(_sha256(row)), items)
        if at % 100 == 0 or at == len(made):
            progress("index", at, len(made))
    return len(texts)


def _indexed(
    row: Row, chunks: Sequence[Chunk], dense: Iterator[NDArray[np.float32]], sparse: SparseEncoder
) -> Iterator[IndexedChunk]:
    for chunk in chunks:
        terms = sparse.document(chunk.embedded_text)
        yield IndexedChunk(chunk, next(dense).tolist(), terms, row.groups)


def _enter(row: Row, chunks: int, library: Library) -> None:
    """Let the passage answer, as the pipeline would; its file is not kept."""
    size = len(row.text.encode())
    library.add(Document(document_id(row.id), row.id, _sha256(row), "", "", row.groups, size=size))
    entry = library.begin(document_id(row.id))
    assert entry is not None
    library.switch(entry, Reading("text/plain", 0, chunks, ()))


def _sha256(row: Row) -> str:
    return hashlib.sha256(f"{row.title}\0{row.text}".encode()).hexdigest()
