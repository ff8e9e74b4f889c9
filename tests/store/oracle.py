"""Chunks to store, and a brute-force search over them to compare the stores with."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.store import SCHEMA, IndexedChunk, SparseVector, StoreQuery
from rag.types import EVERYONE, Box, Chunk, IndexSpec, chunk_id

DIMENSION = 8
SPEC = IndexSpec("test-embedder", DIMENSION, "test-chunking", SCHEMA)


def indexed(
    document: str,
    ordinal: int,
    *,
    version: str = "v1",
    groups: tuple[str, ...] = (EVERYONE,),
    language: str = "en",
) -> IndexedChunk:
    """A chunk with vectors that depend on its id alone; no two scores are equal."""
    name = chunk_id(document, version, ordinal)
    rng = np.random.default_rng(int(name.replace("-", ""), 16))
    dense = rng.normal(size=DIMENSION)
    terms = sorted(rng.choice(30, size=8, replace=False).tolist())
    chunk = Chunk(
        id=name,
        document_id=document,
        version=version,
        ordinal=ordinal,
        text=f"Chunk {ordinal} of {document}, {version}: ёж, 中, “quoted”\nand a line.",
        section=("Part › one", "Раздел 2"),
        page_from=ordinal + 1,
        page_to=ordinal + 2,
        boxes=(Box(ordinal + 1, 72.1, 100.25, 523.3, 1 / 3), Box(ordinal + 2, 0, 0, 1, 1)),
        language=language,
    )
    return IndexedChunk(
        chunk,
        (dense / np.linalg.norm(dense)).tolist(),
        SparseVector(tuple(terms), tuple(rng.uniform(0.5, 2.0, size=8).tolist())),
        groups,
    )


def library(documents: int = 12, size: int = 5) -> list[IndexedChunk]:
    """Documents `d0`, `d1` ... in turn for everyone, hr and both; each third one is Russian."""
    readers = ((EVERYONE,), ("hr",), ("hr", "board"))
    return [
        indexed(f"d{d}", n, groups=readers[d % 3], language="ru" if d % 3 == 2 else "en")
        for d in range(documents)
        for n in range(size)
    ]


def question(seed: int) -> tuple[list[float], SparseVector]:
    """A dense vector of unit length and a sparse one."""
    rng = np.random.default_rng(seed)
    dense = rng.normal(size=DIMENSION)
    terms = tuple(sorted(rng.choice(30, size=4, replace=False).tolist()))
    return (dense / np.linalg.norm(dense)).tolist(), SparseVector(terms, (1.0, 2.0, 1.0, 1.5))


@dataclass
class Oracle:
    """What a search must find, computed from the definition."""

    chunks: Sequence[IndexedChunk]

    def cosine(self, query: Sequence[float], entry: IndexedChunk) -> float:
        return float(np.dot(query, entry.dense))

    def bm25(self, query: SparseVector, entry: IndexedChunk) -> float:
        """Dot product with Lucene's IDF, over all chunks whoever may read them."""
        weights = dict(zip(entry.sparse.indices, entry.sparse.values, strict=True))
        total = 0.0
        for term, asked in zip(query.indices, query.values, strict=True):
            holders = sum(term in chunk.sparse.indices for chunk in self.chunks)
            idf = math.log(1 + (len(self.chunks) - holders + 0.5) / (holders + 0.5))
            total += asked * idf * weights.get(term, 0.0)
        return total

    def scores(self, query: StoreQuery) -> dict[str, float]:
        """Chunk id to score, best first, cut at `limit`."""
        seen = [
            entry
            for entry in self.chunks
            if query.groups.intersection(entry.groups)
            and (query.documents is None or entry.chunk.document_id in query.documents)
            and (entry.chunk.document_id, entry.chunk.version) not in query.without
        ]
        rankings: list[dict[str, float]] = []
        if query.dense is not None:
            rankings.append({e.chunk.id: self.cosine(query.dense, e) for e in seen})
        if query.sparse is not None:
            spoken = (e for e in seen if query.language in ("", e.chunk.language))
            scored = {e.chunk.id: self.bm25(query.sparse, e) for e in spoken}
            rankings.append({name: score for name, score in scored.items() if score > 0})
        if query.dense is not None and query.sparse is not None and query.language:
            others = (e for e in seen if e.chunk.language != query.language)
            rankings.append({e.chunk.id: self.cosine(query.dense, e) for e in others})
        if len(rankings) == 1:
            return _best(rankings[0], query.limit)
        fused: dict[str, float] = {}
        for ranking in rankings:
            for name, score in _scaled(_best(ranking, query.candidates)).items():
                fused[name] = fused.get(name, 0.0) + score
        return fused


def _scaled(scores: dict[str, float]) -> dict[str, float]:
    """From three standard deviations below the mean (0) to three above it (1)."""
    values = np.array(list(scores.values()))
    spread = values.std(ddof=1) if len(values) > 1 else 0.0
    if spread == 0.0:
        return dict.fromkeys(scores, 0.5)
    low = values.mean() - 3 * spread
    return {name: float((score - low) / (6 * spread)) for name, score in scores.items()}


def _best(scores: dict[str, float], limit: int) -> dict[str, float]:
    return dict(sorted(scores.items(), key=lambda item: -item[1])[:limit])
