"""MinHash sketches of texts, to find documents that say nearly the same (Broder 1997).

A sketch estimates the Jaccard similarity of two texts' sets of word shingles. Sketches are found
again through bands of equal values (locality-sensitive hashing, Indyk and Motwani 1998), one row
a band in the catalogue's database. Only sketches of versions that answer are found, because the
catalogue's row decides; so they may be kept before the switch. Order, meaning and pictures are
unknown here: two texts are similar if they share runs of words.
"""

import re
import unicodedata
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    delete,
    insert,
    select,
)
from sqlalchemy.exc import IntegrityError

from rag.catalogue import DOCUMENTS, writing

Sketch = NDArray[np.uint32]
"""Shape (`VALUES`,): the least hash of all shingles under each hash function."""

WORDS = 5
"""Words of a shingle: short enough to survive edits, long enough not to occur by chance."""
_BANDS = 21
_ROWS = 6
VALUES = _BANDS * _ROWS
"""Standard error of an estimated similarity s: sqrt(s (1 - s) / 126), 0.036 at 0.8. Texts of
similarity 0.8 share a band with probability 0.998, of 0.5 with 0.28, of 0.3 with 0.02."""
_BLOCK = 1 << 11
"""Shingles hashed at a time: 1 MB, which stays in the cache."""

_WORD = re.compile(r"\w+")
_GENERATOR = np.random.default_rng(20261124)  # the same in every process, for ever
_MULTIPLIERS = _GENERATOR.integers(1, 2**31, VALUES, np.uint32) * np.uint32(2) + np.uint32(1)
_ADDENDS = _GENERATOR.integers(0, 2**32, VALUES, np.uint32)
_PLACES = _GENERATOR.integers(1, 2**63, WORDS, np.uint64) * np.uint64(2) + np.uint64(1)

_METADATA = MetaData()
_SKETCHES = Table(
    "sketches",
    _METADATA,
    Column("document_id", String(36), primary_key=True),
    Column("version", String, primary_key=True),
    Column("packed", LargeBinary, nullable=False),
)
_SKETCH_BANDS = Table(
    "sketch_bands",
    _METADATA,
    Column("band", BigInteger, primary_key=True, autoincrement=False),
    Column("document_id", String(36), primary_key=True, index=True),
    Column("version", String, primary_key=True),
)


class Sketches:
    """The sketches of a library, on its engine. Safe to share between threads and processes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)
        with self._writer.begin() as connection:
            _METADATA.create_all(connection)

    def find(self, sketch: Sketch, document_id: str) -> list[tuple[str, float]]:
        """Other documents that may be alike, with the estimated similarity, 0..1, highest first.

        Only where the sketched version is the one that answers.
        """
        bands = _bands(sketch)
        alike = (
            select(_SKETCH_BANDS.c.document_id)
            .where(_SKETCH_BANDS.c.band.in_(bands), _SKETCH_BANDS.c.document_id != document_id)
            .distinct()
        )
        query = select(_SKETCHES.c.document_id, _SKETCHES.c.packed).where(
            _SKETCHES.c.document_id.in_(alike),
            and_(
                DOCUMENTS.c.id == _SKETCHES.c.document_id,
                DOCUMENTS.c.version == _SKETCHES.c.version,
            ),
        )
        with self._engine.begin() as connection:
            rows = connection.execute(query).all()
        found = [(row.document_id, similarity(sketch, _unpack(row.packed))) for row in rows]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def keep(self, document_id: str, version: str, sketch: Sketch) -> None:
        """Store the sketch of one version; again: nothing changes, as the text is the same."""
        own = {"document_id": document_id, "version": version}
        bands = [{"band": band, **own} for band in set(_bands(sketch))]
        packed = sketch.astype("<u4").tobytes()
        try:
            with self._writer.begin() as connection:
                for table in (_SKETCHES, _SKETCH_BANDS):
                    connection.execute(delete(table).filter_by(**own))
                connection.execute(insert(_SKETCHES).values(packed=packed, **own))
                connection.execute(insert(_SKETCH_BANDS), bands)
        except IntegrityError:  # another process keeps the same text's sketch at this moment
            return

    def drop(self, document_id: str, version: str = "") -> None:
        """Forget the sketch of a version, or of all versions of a document."""
        with self._writer.begin() as connection:
            for table in (_SKETCHES, _SKETCH_BANDS):
                query = delete(table).where(table.c.document_id == document_id)
                if version:
                    query = query.where(table.c.version == version)
                connection.execute(query)

    def count(self, document_id: str) -> int:
        """How many sketches there are of a document: 0 once it is forgotten."""
        query = select(_SKETCHES.c.version).where(_SKETCHES.c.document_id == document_id)
        with self._engine.begin() as connection:
            return len(connection.execute(query).all())


def sketch(text: str) -> Sketch | None:
    """The sketch of a text; None for one of fewer than `WORDS` words, too short to compare.

    Letters and digits only, case and ё/е folded.
    """
    hashes = _shingles(text)
    if not hashes.size:
        return None
    least = np.full(VALUES, np.iinfo(np.uint32).max, np.uint32)
    for start in range(0, hashes.size, _BLOCK):
        # An odd multiplier and an addend permute the numbers below 2^32.
        block = hashes[None, start : start + _BLOCK] * _MULTIPLIERS[:, None] + _ADDENDS[:, None]
        np.minimum(least, block.min(axis=1), out=least)
    return least


def similarity(one: Sketch, other: Sketch) -> float:
    """Estimated Jaccard similarity of the two texts' shingles, 0..1."""
    return float(np.mean(one == other))


def words_of(text: str) -> list[str]:
    """The words that are compared."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return _WORD.findall(folded)


def _shingles(text: str) -> NDArray[np.uint32]:
    """A 32-bit hash of each different shingle."""
    words = words_of(text)
    if len(words) < WORDS:
        return np.empty(0, np.uint32)
    known = {word: _hash(word) for word in set(words)}
    row = np.fromiter((known[word] for word in words), np.uint64, len(words))
    count = len(words) - WORDS + 1
    parts = (row[i : i + count] * _PLACES[i] for i in range(WORDS))
    mixed = _mixed(np.sum(list(parts), axis=0, dtype=np.uint64))
    return np.unique((mixed >> np.uint64(32)).astype(np.uint32))


def _hash(word: str) -> int:
    """64 bits. Python's own hash differs from process to process."""
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=8).digest())


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of MurmurHash3, so that every bit depends on every other."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        values = (values ^ (values >> np.uint64(33))) * np.uint64(factor)
    return values ^ (values >> np.uint64(33))


def _bands(sketch: Sketch) -> list[int]:
    """One signed 64-bit number a band."""
    rows = sketch.astype(np.uint64).reshape(_BANDS, _ROWS)
    value = np.arange(1, _BANDS + 1, dtype=np.uint64)
    for column in range(_ROWS):
        value = _mixed(value * np.uint64(0x9E3779B97F4A7C15) + rows[:, column])
    return [int(number) for number in value.view(np.int64)]


def _unpack(packed: bytes) -> Sketch:
    return np.frombuffer(packed, "<u4").astype(np.uint32)
