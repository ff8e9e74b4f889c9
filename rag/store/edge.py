"""The embedded store: Qdrant Edge, one shard in one folder, owned by one process.

An acknowledged write is in the engine's write-ahead log, on the disk; one that `kill -9` cuts
short is there as far as it came. Search is exact: no HNSW graph is built, which holds to about
200,000 chunks (docs/decisions/0003-store.md). The engine raises nothing narrower than
`Exception`; only opening translates it.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import cast

import qdrant_edge as engine

from rag.store import Hit, IndexedChunk, SparseVector, StoreQuery
from rag.store.folder import check_spec, own, sync_log, wipe
from rag.store.payload import (
    BATCH,
    DENSE,
    SPARSE,
    Half,
    halves,
    similarities,
    to_chunk,
    to_payload,
)
from rag.store.rwlock import ReadWriteLock
from rag.store.shard import adopt_copy, copy_shard, open_shard
from rag.types import Chunk, IndexSpec

_PAGE = 1000
"""Points in one read of a document's chunks."""
_FLUSH_AFTER = 10_000
"""Points written before the engine's files are flushed and its log cut: this bounds the log (3 KB
a point) and how long opening after a crash takes. A flush holds the GIL, for 0.1 s on a quiet disk
but as long as a busy one needs, so that it is not done at every write.
"""
_LIVE = engine.SearchParams(idf=engine.IdfParams(engine.Filter()))
"""Counts document frequencies over the chunks that there are; the default counts deleted ones."""


class EdgeStore:
    """`rag.store.Store` in a folder. Threads share it; a second process is refused."""

    def __init__(self, folder: Path, spec: IndexSpec, *, rebuild: bool = False) -> None:
        """Open the store, or make an empty one.

        Args:
            folder: Created if missing.
            spec: What the vectors to be stored are made with.
            rebuild: Remove what is there, whatever it was built with, and adopt `spec`.

        Raises:
            StoreBusy: another process holds the folder.
            IndexMismatch: built with another spec, or unreadable; the message names the remedy.
        """
        self._folder = folder
        self._spec = spec
        self._lock = ReadWriteLock()
        self._unflushed = 0
        self._writes = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._owner = own(folder)
        try:
            if rebuild:
                wipe(folder, spec)
            check_spec(folder, spec)
            self._shard: engine.EdgeShard | None = open_shard(folder, spec.dimension)
        except BaseException:
            self._owner.close()
            raise

    def add(self, document_id: str, version: str, chunks: Sequence[IndexedChunk]) -> None:
        """Make `chunks` the only ones of this version, beside those of other versions.

        Searches of this process see all of it or nothing. Killed half-way, the version has some
        of its chunks, until it is added again or dropped.
        """
        points = [_point(chunk) for chunk in chunks]
        surplus = _chosen(document_id, [version], besides={point.id for point in points})
        with self._lock.write():
            self._writes += 1
            shard = self._open()
            for start in range(0, len(points), BATCH):
                shard.update(engine.UpdateOperation.upsert_points(points[start : start + BATCH]))
            self._unflushed += len(points)
            if shard.count(engine.CountRequest(filter=surplus)):
                shard.update(engine.UpdateOperation.delete_points_by_filter(surplus))
        self._settle()

    def drop(self, document_id: str, versions: Collection[str]) -> int:
        """Remove the chunks of these versions of a document; how many there were."""
        return self._delete(_chosen(document_id, versions)) if versions else 0

    def delete(self, document_id: str) -> int:
        """Remove a document's chunks of every version; how many there were."""
        return self._delete(_chosen(document_id))

    def search(self, query: StoreQuery) -> list[Hit]:
        """Best first."""
        if not (asked := halves(query)):
            return []
        request = _request(asked, query)
        with self._lock.read():
            points = self._open().query(request)
        cosines = similarities(query.dense, [point.vector for point in points])
        return [
            Hit(to_chunk(str(point.id), point.payload or {}), point.score, cosine)
            for point, cosine in zip(points, cosines, strict=True)
        ]

    def chunks(self, document_id: str) -> list[Chunk]:
        """All chunks of a document (of every version held), by ordinal."""
        whole = _chosen(document_id)
        found: list[Chunk] = []
        offset: engine.PointId | None = None
        with self._lock.read():
            shard = self._open()
            while True:
                page = engine.ScrollRequest(
                    filter=whole, limit=_PAGE, offset=offset, with_payload=True
                )
                records, offset = shard.scroll(page)
                found += [to_chunk(str(record.id), record.payload or {}) for record in records]
                if offset is None:
                    return sorted(found, key=lambda chunk: (chunk.ordinal, chunk.version))

    def get(self, ids: Collection[str]) -> list[Chunk]:
        """The chunks with these ids that there are, in no order."""
        with self._lock.read():
            records = self._open().retrieve(list(ids), True, False)
        return [to_chunk(str(record.id), record.payload or {}) for record in records]

    def set_groups(self, document_id: str, groups: Sequence[str], version: str = "") -> None:
        """Change who may read a document, or one version; in effect when this returns."""
        change = engine.UpdateOperation.set_payload_by_filter(
            _chosen(document_id, [version] if version else None), {"groups": list(groups)}
        )
        with self._lock.write():
            self._writes += 1
            self._open().update(change)
        self._settle()

    def count(self, document_id: str = "", version: str = "") -> int:
        """How many chunks there are: in all, of one document, of one version of it."""
        chosen = _chosen(document_id, [version] if version else None) if document_id else None
        with self._lock.read():
            return self._open().count(engine.CountRequest(filter=chosen))

    def clear(self) -> None:
        """Remove everything."""
        with self._lock.write():
            self._writes += 1
            self._open().close()
            self._shard = None
            wipe(self._folder, self._spec)
            self._shard = open_shard(self._folder, self._spec.dimension)

    def scrub(self) -> bool:
        """Make deleted chunks unreadable in the store's files too; whether that is certain.

        The engine only marks what is deleted, in its segments and in its log. So all that is
        alive is copied into new files, a page at a time beside searches, and the old files go. If
        somebody writes meanwhile, nothing has changed and it is to be tried again.
        """
        writes = self._writes
        copy_shard(self._pages(writes), self._folder, self._spec.dimension)
        with self._lock.write():
            if writes != self._writes:
                return False
            self._open().close()
            self._shard = None
            adopt_copy(self._folder)
            self._shard = open_shard(self._folder, self._spec.dimension)
            self._unflushed = 0
        return True

    def _pages(self, writes: int) -> Iterator[list[engine.Record]]:
        """All points with their vectors, as long as nobody writes."""
        offset: engine.PointId | None = None
        while True:
            with self._lock.read():
                if writes != self._writes:
                    return
                page = engine.ScrollRequest(
                    limit=_PAGE, offset=offset, with_payload=True, with_vector=True
                )
                records, offset = self._open().scroll(page)
            yield records
            if offset is None:
                return

    def close(self) -> None:
        """Flush and let go of the folder. Closing twice is harmless."""
        with self._lock.write():
            if self._shard is not None:
                self._shard.flush()
                self._shard.close()
                self._shard = None
            self._owner.close()

    def _delete(self, chosen: engine.Filter) -> int:
        with self._lock.write():
            self._writes += 1
            shard = self._open()
            found = shard.count(engine.CountRequest(filter=chosen))
            if found:
                shard.update(engine.UpdateOperation.delete_points_by_filter(chosen))
        self._settle()
        return found

    def _settle(self) -> None:
        """Make what was written outlive a power cut; it outlives the process already."""
        sync_log(self._folder)  # without the lock: a slow disk must not hold searches up
        if self._unflushed >= _FLUSH_AFTER:
            with self._lock.read():
                self._open().flush()
                self._unflushed = 0

    def _open(self) -> engine.EdgeShard:
        if self._shard is None:
            raise ValueError("The store is closed.")
        return self._shard


def _point(indexed: IndexedChunk) -> engine.Point:
    vectors: dict[str, engine.NamedVector] = {
        DENSE: list(indexed.dense),
        SPARSE: _sparse(indexed.sparse),
    }
    return engine.Point(indexed.chunk.id, vectors, to_payload(indexed))


def _sparse(vector: SparseVector) -> engine.SparseVector:
    return engine.SparseVector(list(vector.indices), list(vector.values))


def _match(field: str, values: list[str]) -> engine.FieldCondition:
    return engine.FieldCondition(field, match=engine.MatchAny(values))


def _chosen(
    document_id: str,
    versions: Collection[str] | None = None,
    besides: "set[engine.PointId] | None" = None,
) -> engine.Filter:
    """The chunks of a document, of these versions of it, besides some."""
    conditions: list[engine.ConditionType] = [_match("document_id", [document_id])]
    if versions is not None:
        conditions.append(_match("version", list(versions)))
    return engine.Filter(
        must=conditions, must_not=[engine.HasIdCondition(besides)] if besides else None
    )


def _filter(half: Half) -> engine.Filter:
    without: list[engine.ConditionType] = [
        _chosen(document_id, versions) for document_id, versions in half.without.items()
    ]
    if half.other_than:
        without.append(_match("language", [half.other_than]))
    return engine.Filter(
        must=[_match(field, values) for field, values in half.filters.items()],
        must_not=without or None,
    )


def _nearest(half: Half) -> engine.Query:
    if isinstance(half.vector, SparseVector):
        return engine.Query.Nearest(_sparse(half.vector), using=SPARSE)
    return engine.Query.Nearest(half.vector, using=DENSE)


def _params(half: Half) -> engine.SearchParams | None:
    return _LIVE if isinstance(half.vector, SparseVector) else None


def _request(asked: list[Half], query: StoreQuery) -> engine.QueryRequest:
    if len(asked) == 1:
        return engine.QueryRequest(
            query.limit,
            query=_nearest(asked[0]),
            filter=_filter(asked[0]),
            params=_params(asked[0]),
            with_payload=True,
            with_vector=[DENSE],
        )
    return engine.QueryRequest(
        query.limit,
        # The stubs do not say that the variants of Fusion are Fusions.
        query=cast(engine.Fusion, engine.Fusion.Dbsf()),
        prefetches=[
            engine.Prefetch(
                query.candidates, _nearest(half), filter=_filter(half), params=_params(half)
            )
            for half in asked
        ],
        with_payload=True,
        with_vector=[DENSE],
    )
