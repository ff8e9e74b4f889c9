"""The store on a Qdrant server, for more than one machine or process.

The collection is `<name>-<n>` behind the alias `<name>`, so that a rebuild is a new collection and
one atomic switch. The IndexSpec is the collection's metadata (Qdrant 1.16 or later).

Another process may see a version while it is being added; the retriever ignores it until the
catalogue names it.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from rag.store import Hit, IndexedChunk, StoreQuery
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
)
from rag.store.requests import chosen, filter_of, point, using, vector
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

    def add(self, document_id: str, version: str, chunks: Sequence[IndexedChunk]) -> None:
        """Make `chunks` the only ones of this version, beside those of other versions."""
        points = [point(chunk) for chunk in chunks]
        surplus = chosen(document_id, [version], besides=[each.id for each in points])
        steps: list[models.UpdateOperation] = [
            models.UpsertOperation(upsert=models.PointsList(points=points[start : start + BATCH]))
            for start in range(0, len(points), BATCH)
        ]
        steps.append(models.DeleteOperation(delete=models.FilterSelector(filter=surplus)))
        with self._lock.write(), _reaching():
            for step in steps:  # one request each: a big document exceeds the server's 32 MiB
                self._client.batch_update_points(self._name, [step], wait=True)

    def drop(self, document_id: str, versions: Collection[str]) -> int:
        """Remove the chunks of these versions of a document; how many there were."""
        return self._delete(chosen(document_id, versions)) if versions else 0

    def delete(self, document_id: str) -> int:
        """Remove a document's chunks of every version; how many there were."""
        return self._delete(chosen(document_id))

    def search(self, query: StoreQuery) -> list[Hit]:
        """Best first."""
        asked = halves(query)
        if not asked:
            return []
        with self._lock.read(), _reaching():
            points = self._query(asked, query)
        cosines = similarities(query.dense, [found.vector for found in points])
        return [
            Hit(to_chunk(str(found.id), found.payload or {}), found.score, cosine)
            for found, cosine in zip(points, cosines, strict=True)
        ]

    def chunks(self, document_id: str) -> list[Chunk]:
        """All chunks of a document (of every version held), by ordinal."""
        whole = chosen(document_id)
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

    def get(self, ids: Collection[str]) -> list[Chunk]:
        """The chunks with these ids that there are, in no order."""
        with self._lock.read(), _reaching():
            records = self._client.retrieve(self._name, list(ids)) if ids else []
        return [to_chunk(str(record.id), record.payload or {}) for record in records]

    def set_groups(self, document_id: str, groups: Sequence[str], version: str = "") -> None:
        """Change who may read a document, or one version; in effect when this returns."""
        wanted = chosen(document_id, [version] if version else None)
        with self._lock.write(), _reaching():
            self._client.set_payload(self._name, {"groups": list(groups)}, points=wanted, wait=True)

    def count(self, document_id: str = "", version: str = "") -> int:
        """How many chunks there are: in all, of one document, of one version of it."""
        wanted = chosen(document_id, [version] if version else None) if document_id else None
        with self._lock.read(), _reaching():
            return self._client.count(self._name, count_filter=wanted, exact=True).count

    def clear(self) -> None:
        """Switch to a new, empty collection and remove the old one."""
        with self._lock.write(), _reaching():
            self._adopt(rebuild=True)

    def scrub(self) -> bool:
        """False: the server rewrites its files when it sees fit, and nobody can look."""
        return False

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _delete(self, wanted: models.Filter) -> int:
        with self._lock.write(), _reaching():
            found = self._client.count(self._name, count_filter=wanted, exact=True).count
            if found:
                self._client.delete(self._name, models.FilterSelector(filter=wanted), wait=True)
            return found

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
                query=vector(asked[0]),
                using=using(asked[0]),
                query_filter=filter_of(asked[0]),
                search_params=None if using(asked[0]) == SPARSE else _PARAMS,
                limit=query.limit,
                with_vectors=[DENSE],
            ).points
        return self._client.query_points(
            self._name,
            query=models.FusionQuery(fusion=models.Fusion.DBSF),
            prefetch=[
                models.Prefetch(
                    query=vector(half),
                    using=using(half),
                    filter=filter_of(half),
                    params=None if using(half) == SPARSE else _PARAMS,
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
