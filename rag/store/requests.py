"""Chunks, vectors and filters as the Qdrant client's models. Asks no server anything."""

from collections.abc import Collection, Sequence

from qdrant_client import models

from rag.store import IndexedChunk, SparseVector
from rag.store.payload import DENSE, SPARSE, Half, to_payload


def point(indexed: IndexedChunk) -> models.PointStruct:
    return models.PointStruct(
        id=indexed.chunk.id,
        vector={DENSE: list(indexed.dense), SPARSE: sparse_vector(indexed.sparse)},
        payload=to_payload(indexed),
    )


def sparse_vector(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def vector(half: Half) -> list[float] | models.SparseVector:
    return sparse_vector(half.vector) if isinstance(half.vector, SparseVector) else half.vector


def using(half: Half) -> str:
    return SPARSE if isinstance(half.vector, SparseVector) else DENSE


def match(field: str, values: list[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=values))


def chosen(
    document_id: str,
    versions: Collection[str] | None = None,
    besides: Sequence[models.ExtendedPointId] = (),
) -> models.Filter:
    """The chunks of a document, of these versions of it, besides some."""
    conditions: list[models.Condition] = [match("document_id", [document_id])]
    if versions is not None:
        conditions.append(match("version", sorted(versions)))
    without: list[models.Condition] = []
    if besides:
        without.append(models.HasIdCondition(has_id=list(besides)))
    return models.Filter(must=conditions, must_not=without or None)


def filter_of(half: Half) -> models.Filter:
    without: list[models.Condition] = [
        chosen(document_id, versions) for document_id, versions in half.without.items()
    ]
    if half.other_than:
        without.append(match("language", [half.other_than]))
    return models.Filter(
        must=[match(field, values) for field, values in half.filters.items()],
        must_not=without or None,
    )
