"""What may stand in a trace: plain JSON values, without embedding vectors.

A vector is recognised by type (numpy array, SparseVector), by the name of its field, or as a
sequence of more than `LONGEST_NUMBERS` numbers; in its place stands how many numbers it had.
What this does not know: a vector that the caller has already turned into a string.
"""

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence, Set
from typing import TypeAlias

import numpy as np

from rag.store import SparseVector

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

LONGEST_NUMBERS = 16
"""A longer sequence of numbers counts as a vector."""

VECTOR_NAMES = frozenset(
    {"dense", "sparse", "embedding", "embeddings", "vector", "vectors", "query_embedding"}
)


def plain(value: object) -> Json:
    """`value` as JSON values: dataclasses become objects, sets sorted lists, vectors counts.

    Anything else that JSON has no word for becomes its type's name, never its `repr`, which
    might carry a secret.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return _scalar(value)
    if isinstance(value, SparseVector):
        return {"terms": len(value.indices)}
    if isinstance(value, np.ndarray):
        return {"shape": [int(size) for size in value.shape]}
    if isinstance(value, np.generic):
        return plain(value.item())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return _fields({str(key): item for key, item in value.items()})
    if isinstance(value, Set):
        return [plain(item) for item in sorted(value, key=str)]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return _vector(value) if _is_vector(value) else [plain(item) for item in value]
    return f"<{type(value).__name__}>"


def _scalar(value: str | int | float | None) -> Json:
    if isinstance(value, str):  # also StrEnum; half a surrogate pair cannot be written anywhere
        return str(value).encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no NaN
    return value


def _fields(fields: Mapping[str, object]) -> Json:
    return {
        name: _vector(value) if name.lower() in VECTOR_NAMES else plain(value)
        for name, value in fields.items()
    }


def _is_vector(value: Sequence[object]) -> bool:
    return len(value) > LONGEST_NUMBERS and all(
        isinstance(item, int | float | np.number) for item in value
    )


def _vector(value: object) -> Json:
    """A stand-in for a vector, or for a list of vectors."""
    if value is None or isinstance(value, SparseVector | np.ndarray | bool | str):
        return plain(value)
    if isinstance(value, Sequence) and value and isinstance(value[0], int | float | np.number):
        return {"numbers": len(value)}
    if isinstance(value, Sequence):
        return {"vectors": len(value)}
    return plain(value)


def dumps(value: Json) -> str:
    """Compact JSON, Cyrillic kept readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
