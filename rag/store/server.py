"""The store on a Qdrant server, for more than one machine or process.

The collection is `<name>-<n>` behind the alias `<name>`, so that a rebuild is a new collection and
one atomic switch. The IndexSpec is the collection's metadata (Qdrant 1.16 or later).

Only in this process is a replacement seen whole or not at all; the retriever drops what the
catalogue does not name.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from rag.store import Hit, IndexedChunk, SparseVector, StoreQuery
from rag.store.payload import (
    BATCH,
    DENSE,
    KEYWORDS,
    REBUILD,
    SPARSE,
    Half,
    describe_mismatch,
    halves,
    similarities,
    to_chunk,
    to_payload,
)
from rag.store.rwlock import ReadWriteLock
from rag.types import Chunk, IndexSpec
from serving.errors import ConfigError, IndexMismatch, ModelUnavailable

_PAGE = 1000
"""Points in one read of a document's chunks."""
_METADATA = "footnote"
"""Key of the IndexSpec in the collection's metadata."""
_PARAMS = models.SearchParams(
    # Scores of int8 vectors only choose; the originals rank.
    quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0)
)


class ServerStore:
    """`rag.store.Store` on a Qdrant server. Threads and processes share it."""

    def __init__(
        self, client: QdrantClient, collection: str, spec: IndexSpec, *, rebuild: bool = False
    ) -> None:
        """Open the collection, or make an empty one.

        Args:
            client: Closed by `close`.
            collection: Name of the alias.
            spec: What the vectors to be stored are made with.
            rebuild: Start from an empty collection, whatever the present one was built with.

        Raises:
            ConfigError: no server answers, it refuses the key, or the name is taken.
            IndexMismatch: built with another spec; the message names the remedy.
        """
        self._client = client
        self._name = collection
        self._spec = spec
        self._lock = ReadWriteLock()
        try:
            with _reaching():
                self._adopt(rebuild)
        except ModelUnavailable as error:
            raise ConfigError(f"{error} Or correct FOOTNOTE_QDRANT_URL.") from error

    def replace(self, document_id: str, chunks: Sequence[IndexedChunk]) -> None:
        """Make `chunks` the document's only chunks."""
        points = [_point(chunk) for chunk in chunks]
        stale = models.Filter(
            must=[_match("document_id", [document_id])],
            must_not=[models.HasIdCondition(has_id=[point.id for point in points])],
        )
        steps: list[models.UpdateOperation] = [
            models.UpsertOperation(upsert=models.PointsList(points=points[start : start + BATCH]))
            for start in range(0, len(points), BATCH)
        ]
        steps.append(models.DeleteOperation(delete=models.FilterSelector(filter=stale)))
        with self._lock.write(), _reaching():
            for step in steps:  # one request each: a big document exceeds the server's 32 MiB
                self._client.batch_update_points(self._name, [step], wait=True)

    def delete(self, document_id: str) -> int:
        """Remove a document's chunks; how many there were."""
        whole = _document(document_id)
        with self._lock.write(), _reaching():
            found = self._client.count(self._name, count_filter=whole, exact=True).count
            if found:
                self._client.delete(self._name, models.FilterSelector(filter=whole), wait=True)
            return found

    def search(self, query: StoreQuery) -> list[Hit]:
        """Best first."""
        asked = halves(query)
        if not asked:
            return []
        with self._lock.read(), _reaching():
            points = self._query(asked, query)
        cosines = similarities(query.dense, [point.vector for point in points])
        return [
            Hit(to_chunk(str(point.id), point.payload or {}), point.score, cosine)
            for point, cosine in zip(points, cosines, strict=True)
        ]

    def chunks(self, document_id: str) -> list[Chunk]:
        """All chunks of a document (of every version held), by ordinal."""
        whole = _document(document_id)
        found: list[Chunk] = []
        offset: models.ExtendedPointId | None = None
        with self._lock.read(), _reaching():
            while True:
                records, offset = self._client.scroll(
                    self._name, scroll_filter=whole, limit=_PAGE, offset=offset
                )
                found += [to_chunk(str(record.id), record.payload or {}) for record in records]
                if offset is None:
                    return sorted(found, key=lambda chunk: (chunk.ordinal, chunk.version))

    def set_groups(self, document_id: str, groups: tuple[str, ...]) -> None:
        """Change who may read a document; in effect when this returns."""
        with self._lock.write(), _reaching():
            self._client.set_payload(
                self._name, {"groups": list(groups)}, points=_document(document_id), wait=True
            )

    def count(self, document_id: str | None = None) -> int:
        """How many chunks there are, of one document or in all."""
        chosen = None if document_id is None else _document(document_id)
        with self._lock.read(), _reaching():
            return self._client.count(self._name, count_filter=chosen, exact=True).count

    def clear(self) -> None:
        """Switch to a new, empty collection and remove the old one."""
        with self._lock.write(), _reaching():
            self._adopt(rebuild=True)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _adopt(self, rebuild: bool) -> None:
        """Check the collection behind the alias, or put a new one there."""
        old = self._behind_alias()
        if old is None and self._client.collection_exists(self._name):
            raise ConfigError(
                f"{self._name!r} is a collection on the Qdrant server that Footnote did not make. "
                "Choose another name with FOOTNOTE_COLLECTION."
            )
        if old is not None and not rebuild:
            self._check(old)
            return
        new = f"{self._name}-{self._last_number() + 1}"
        self._create(new)
        switch: list[models.AliasOperations] = []
        if old is not None:
            gone = models.DeleteAlias(alias_name=self._name)
            switch.append(models.DeleteAliasOperation(delete_alias=gone))
        alias = models.CreateAlias(collection_name=new, alias_name=self._name)
        switch.append(models.CreateAliasOperation(create_alias=alias))
        self._client.update_collection_aliases(switch)
        if old is not None and self._number(old):  # the alias may have been put on another's
            self._client.delete_collection(old)

    def _behind_alias(self) -> str | None:
        aliases = self._client.get_aliases().aliases
        return next((a.collection_name for a in aliases if a.alias_name == self._name), None)

    def _last_number(self) -> int:
        collections = self._client.get_collections().collections
        return max((self._number(collection.name) for collection in collections), default=0)

    def _number(self, collection: str) -> int:
        """Of a collection that this store made, from 1; 0 for any other."""
        match = re.fullmatch(re.escape(self._name) + r"-(\d+)", collection)
        return int(match[1]) if match else 0

    def _check(self, collection: str) -> None:
        metadata = self._client.get_collection(collection).config.metadata or {}
        try:
            found = IndexSpec(**metadata[_METADATA])
        except (KeyError, TypeError):
            raise IndexMismatch(
                f"{collection} on the Qdrant server does not say what it was built with. "
                f"Run `{REBUILD}`."
            ) from None
        if found != self._spec:
            raise IndexMismatch(describe_mismatch(found, self._spec))

    def _create(self, collection: str) -> None:
        """Indexes come before the points, so that the HNSW graph knows the filters."""
        self._client.create_collection(
            collection,
            vectors_config={
                DENSE: models.VectorParams(
                    size=self._spec.dimension,
                    distance=models.Distance.COSINE,
                    on_disk=True,
                    hnsw_config=models.HnswConfigDiff(m=16, ef_construct=128),
                    quantization_config=models.ScalarQuantization(
                        scalar=models.ScalarQuantizationConfig(
                            type=models.ScalarType.INT8, quantile=0.99, always_ram=True
                        )
                    ),
                )
            },
            sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            metadata={_METADATA: asdict(self._spec)},
        )
        for field in KEYWORDS:
            index = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
            self._client.create_payload_index(collection, field, index, wait=True)

    def _query(self, asked: list[Half], query: StoreQuery) -> list[models.ScoredPoint]:
        if len(asked) == 1:
            return self._client.query_points(
                self._name,
                query=_vector(asked[0]),
                using=_using(asked[0]),
                query_filter=_filter(asked[0]),
                search_params=None if _using(asked[0]) == SPARSE else _PARAMS,
                limit=query.limit,
                with_vectors=[DENSE],
            ).points
        return self._client.query_points(
            self._name,
            query=models.FusionQuery(fusion=models.Fusion.DBSF),
            prefetch=[
                models.Prefetch(
                    query=_vector(half),
                    using=_using(half),
                    filter=_filter(half),
                    params=None if _using(half) == SPARSE else _PARAMS,
                    limit=query.candidates,
                )
                for half in asked
            ],
            limit=query.limit,
            with_vectors=[DENSE],
        ).points


@contextmanager
def _reaching() -> Iterator[None]:
    """Turn the client's errors into what the caller can do about them."""
    try:
        yield
    except ResponseHandlingException as error:
        raise ModelUnavailable("The Qdrant server does not answer. Try again shortly.") from error
    except UnexpectedResponse as error:
        if error.status_code in (401, 403):
            raise ConfigError(
                "The Qdrant server refuses the API key. Correct FOOTNOTE_QDRANT_KEY."
            ) from error
        raise ModelUnavailable(
            f"The Qdrant server answers with error {error.status_code}. Try again shortly."
        ) from error


def _point(indexed: IndexedChunk) -> models.PointStruct:
    return models.PointStruct(
        id=indexed.chunk.id,
        vector={DENSE: list(indexed.dense), SPARSE: _sparse(indexed.sparse)},
        payload=to_payload(indexed),
    )


def _sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def _vector(half: Half) -> list[float] | models.SparseVector:
    return _sparse(half.vector) if isinstance(half.vector, SparseVector) else half.vector


def _using(half: Half) -> str:
    return SPARSE if isinstance(half.vector, SparseVector) else DENSE


def _match(field: str, values: list[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=values))


def _document(document_id: str) -> models.Filter:
    return models.Filter(must=[_match("document_id", [document_id])])


def _filter(half: Half) -> models.Filter:
    return models.Filter(
        must=[_match(field, values) for field, values in half.filters.items()],
        must_not=[_match("language", [half.other_than])] if half.other_than else None,
    )
