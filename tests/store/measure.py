"""Times the stores on made-up chunks; not a test.

PYTHONPATH=. python tests/store/measure.py edge 10000     (or: memory)
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import numpy as np
from qdrant_client import QdrantClient

from rag.store import SCHEMA, IndexedChunk, SparseVector, Store, StoreQuery
from rag.store.edge import EdgeStore
from rag.store.server import ServerStore
from rag.types import EVERYONE, Chunk, IndexSpec

SPEC = IndexSpec("made-up", 384, "made-up", SCHEMA)
PER_DOCUMENT = 20
TERMS = 80


def made_up(size: int) -> Iterator[tuple[str, list[IndexedChunk]]]:
    """Documents of 20 chunks of 800 characters; one in three is only for hr."""
    rng = np.random.default_rng(0)
    for start in range(0, size, PER_DOCUMENT):
        name = f"d{start // PER_DOCUMENT}"
        readers = ("hr",) if start // PER_DOCUMENT % 3 == 0 else (EVERYONE,)
        members = []
        for ordinal in range(PER_DOCUMENT):
            key = str(UUID(int=start + ordinal))
            chunk = Chunk(key, name, "v1", ordinal, "x" * 800, ("Section",), 1, 1, (), "en")
            members.append(IndexedChunk(chunk, dense(rng), sparse(rng, TERMS), readers))
        yield name, members


def dense(rng: np.random.Generator) -> list[float]:
    vector = rng.normal(size=SPEC.dimension)
    return (vector / np.linalg.norm(vector)).tolist()  # type: ignore[no-any-return]


def sparse(rng: np.random.Generator, terms: int) -> SparseVector:
    """Word frequencies as in a language: Zipf's."""
    found = np.unique(rng.zipf(1.2, size=terms) % 50_000)
    return SparseVector(tuple(found.tolist()), tuple(rng.uniform(0.5, 1.9, len(found)).tolist()))


def timed(name: str, call: Callable[[], object], times: int) -> None:
    call()
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spent.append((time.perf_counter() - start) * 1000)
    p50, p99 = np.percentile(spent, [50, 99])
    sys.stdout.write(f"{name:24} p50 {p50:8.2f} ms   p99 {p99:8.2f} ms\n")


def main() -> None:
    kind, size = sys.argv[1], int(sys.argv[2])
    folder = Path(tempfile.mkdtemp())
    store: Store
    if kind == "edge":
        store = EdgeStore(folder, SPEC)
    else:
        store = ServerStore(QdrantClient(":memory:"), "made-up", SPEC)
    filled = list(made_up(size))
    start = time.perf_counter()
    for name, members in filled:
        store.add(name, "v1", members)
    sys.stdout.write(f"filled with {size / (time.perf_counter() - start):.0f} chunks/s\n")
    rng = np.random.default_rng(1)
    reader = frozenset({EVERYONE})
    ask: dict[str, Callable[[], StoreQuery]] = {
        "dense": lambda: StoreQuery(reader, dense(rng)),
        "sparse": lambda: StoreQuery(reader, sparse=sparse(rng, 8)),
        "hybrid": lambda: StoreQuery(reader, dense(rng), sparse(rng, 8)),
        "hybrid, 50 hits": lambda: StoreQuery(reader, dense(rng), sparse(rng, 8), limit=50),
        "hybrid, one document": lambda: StoreQuery(
            reader, dense(rng), sparse(rng, 8), documents=frozenset({"d7"})
        ),
    }
    for title, query in ask.items():
        timed(title, lambda query=query: store.search(query()), 200)
    timed("add 20 chunks again", lambda: store.add(filled[1][0], "v1", filled[1][1]), 20)
    store.close()
    if kind == "edge":
        start = time.perf_counter()
        EdgeStore(folder, SPEC).close()
        sys.stdout.write(f"opened and closed in {time.perf_counter() - start:.2f} s\n")


if __name__ == "__main__":
    main()
