"""The vector store: one interface, Qdrant Edge embedded (`edge.py`) or a server (`server.py`).

Both hold one point per chunk with a dense and a sparse named vector and the chunk as payload,
and pass the same contract tests (`tests/store/`). Access groups are a filter inside every
query. The catalogue (`rag/library.py`) is the truth about which version of a document may
answer. The store may hold others beside it: one that is being indexed, one indexed ahead of its
time, one that was just superseded or that a crash left; the retriever ignores them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from rag.types import Chunk

SCHEMA = 1
"""Version of the payload and vector layout; part of the IndexSpec."""


CHUNKING = "v2"
"""Name of the method in `ingest/chunk.py`, part of the IndexSpec. Change it with anything that
changes chunks."""


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Term weights of one text: `indices` are term hashes (31 bits, ascending, unique)."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """A chunk with what the index needs: vectors, and who may read it."""

    chunk: Chunk
    dense: Sequence[float]
    """Unit length, `IndexSpec.dimension` numbers."""
    sparse: SparseVector
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoreQuery:
    """One hybrid search. At least one of `dense` and `sparse` is given."""

    groups: frozenset[str]
    """Only chunks readable by any of these; an empty set finds nothing."""
    dense: Sequence[float] | None = None
    sparse: SparseVector | None = None
    language: str = ""
    """The question's, if known. Terms do not match across languages, so the sparse half sees only
    chunks in it, and the dense half votes once more among the chunks in any other."""
    documents: frozenset[str] | None = None
    """If given, only chunks of these document ids."""
    without: frozenset[tuple[str, str]] = frozenset()
    """Document id and version of chunks that are not to be found."""
    limit: int = 10
    candidates: int = 50
    """Depth of each half before fusion."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A found chunk.

    `score` is the distribution-based fusion of both halves (DBSF: each half's scores scaled by
    its own mean and three standard deviations, then added; docs/decisions/0005-answering.md),
    or the single half's own score.
    """

    chunk: Chunk
    score: float
    similarity: float
    """Cosine of query and chunk; 0.0 where the query had no dense half."""


class Store(Protocol):
    """What both stores do. Safe to share between threads."""

    def add(self, document_id: str, version: str, chunks: Sequence[IndexedChunk]) -> None:
        """Make `chunks` the only ones of this version, beside those of other versions.

        Cut short, the version has some of its chunks, until it is added again or dropped.
        """

    def drop(self, document_id: str, versions: Collection[str]) -> int:
        """Remove the chunks of these versions of a document; how many there were."""

    def delete(self, document_id: str) -> int:
        """Remove a document's chunks of every version; how many there were."""

    def search(self, query: StoreQuery) -> list[Hit]:
        """Best first."""

    def chunks(self, document_id: str) -> list[Chunk]:
        """All chunks of a document (of every version held), by ordinal."""

    def get(self, ids: Collection[str]) -> list[Chunk]:
        """The chunks with these ids that there are, in no order. Asks for no access groups."""

    def set_groups(self, document_id: str, groups: Sequence[str], version: str = "") -> None:
        """Change who may read a document, or one version; in effect when this returns."""

    def count(self, document_id: str = "", version: str = "") -> int:
        """How many chunks there are: in all, of one document, of one version of it."""

    def clear(self) -> None:
        """Remove everything and adopt the IndexSpec that the store was opened with."""

    def scrub(self) -> bool:
        """Make deleted chunks unreadable in the store's files too; whether that is certain."""

    def close(self) -> None:
        """Flush and let go of the files or connections."""
