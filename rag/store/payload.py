"""A chunk as a point's payload and back; what both stores share about points and queries.

Knows nothing of an engine: plain dictionaries and numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rag.store import IndexedChunk, SparseVector, StoreQuery
from rag.types import Box, Chunk, IndexSpec

DENSE = "dense"
"""Name of the dense vector: cosine."""
SPARSE = "sparse"
"""Name of the sparse vector: dot product, with the engine's IDF."""
KEYWORDS = ("document_id", "groups", "language", "version")
"""Payload fields that are filtered by; each has an index (without: 246 ms against 0.9 ms)."""
BATCH = 256
"""Points in one write."""
REBUILD = "python -m ingest rebuild"


def to_payload(indexed: IndexedChunk) -> dict[str, Any]:
    """JSON-ready payload of a chunk; the chunk's id is the point's."""
    chunk = indexed.chunk
    return {
        "document_id": chunk.document_id,
        "version": chunk.version,
        "groups": list(indexed.groups),
        "language": chunk.language,
        "ordinal": chunk.ordinal,
        "text": chunk.text,
        "section": list(chunk.section),
        "pages": [chunk.page_from, chunk.page_to],
        "boxes": [[b.page, b.left, b.bottom, b.right, b.top] for b in chunk.boxes],
    }


def to_chunk(point_id: str, payload: Mapping[str, Any]) -> Chunk:
    """The chunk that `to_payload` stored under this point id."""
    page_from, page_to = payload["pages"]
    return Chunk(
        id=point_id,
        document_id=payload["document_id"],
        version=payload["version"],
        ordinal=payload["ordinal"],
        text=payload["text"],
        section=tuple(payload["section"]),
        page_from=page_from,
        page_to=page_to,
        boxes=tuple(Box(int(page), *edges) for page, *edges in payload["boxes"]),
        language=payload["language"],
    )


@dataclass(frozen=True, slots=True)
class Half:
    """One ranking of a hybrid search, with the only chunks that it may see.

    Usually there are two; a third where the question's language is known.
    """

    vector: list[float] | SparseVector
    filters: dict[str, list[str]]
    """Payload field to the values of which it must have one; all fields must match."""
    other_than: str = ""
    """A language that the chunks must not be in."""
    without: dict[str, list[str]] = field(default_factory=dict)
    """Document ids with versions of theirs that the chunks must not be of."""


def halves(query: StoreQuery) -> list[Half]:
    """What to ask the engine: one ranking, two to fuse, or none where nothing can be found.

    The access groups are in every half: what the asker may not read must not even take part in
    the fusion, where it would push readable chunks out of the candidates.
    """
    if not query.groups or query.documents == frozenset():
        return []
    filters = {"groups": sorted(query.groups)}
    if query.documents is not None:
        filters["document_id"] = sorted(query.documents)
    without: dict[str, list[str]] = {}
    for document_id, version in sorted(query.without):
        without.setdefault(document_id, []).append(version)
    found: list[Half] = []
    if query.dense is not None:
        found.append(Half(list(query.dense), filters, without=without))
    if query.sparse is not None and query.sparse.indices:
        spoken = {"language": [query.language]} if query.language else {}
        found.append(Half(query.sparse, filters | spoken, without=without))
        if query.dense is not None and query.language:
            found.append(Half(list(query.dense), filters, query.language, without))
    return found


def similarities(query: Sequence[float] | None, vectors: Sequence[object]) -> list[float]:
    """Cosine of the query and each stored point's named vectors; zeros without a query.

    The engine keeps dense vectors at unit length, so only the query's length matters. To fetch
    the found points' vectors costs less than a second, scored query (docs/decisions/0003).
    """
    if query is None or not vectors:
        return [0.0] * len(vectors)
    stored = np.asarray([v[DENSE] for v in vectors if isinstance(v, dict)], dtype=np.float32)
    asked = np.asarray(query, dtype=np.float32)
    length = float(np.linalg.norm(asked))
    return [float(dot) / length if length else 0.0 for dot in stored @ asked]


def describe_mismatch(found: IndexSpec, wanted: IndexSpec) -> str:
    """One line that names each difference and the command that rebuilds."""
    changes = [
        f"{name} {getattr(found, name)!r} instead of {getattr(wanted, name)!r}"
        for name in ("embedder", "dimension", "chunking", "schema")
        if getattr(found, name) != getattr(wanted, name)
    ]
    return f"The index was built with {', '.join(changes)}. Run `{REBUILD}`."
