"""The engine's files of the embedded store: made, opened, and copied without what was deleted.

<folder>/shard/         the engine's, in use
<folder>/shard.new/     one being made; <folder>/shard.copy/ one being copied
<folder>/shard.before/  the one that a copy is taking the place of; it comes back after a crash
"""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import qdrant_edge as engine

from rag.store.payload import DENSE, KEYWORDS, REBUILD, SPARSE
from serving.errors import IndexMismatch

_BEFORE, _COPY = "shard.before", "shard.copy"
_NEVER = 2**40
"""Kilobytes of vectors before the optimizer would build HNSW."""


def open_shard(folder: Path, dimension: int) -> engine.EdgeShard:
    """Load the shard. A new one is made beside and moved in, so that it is whole or absent."""
    home = folder / "shard"
    before = folder / _BEFORE
    if not home.exists() and before.exists():  # a crash came while a copy was adopted
        before.rename(home)
    if before.exists():
        shutil.rmtree(before)
    if not home.exists():
        draft = folder / "shard.new"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir()
        _create_shard(draft, dimension).close()
        draft.rename(home)
    try:
        shard = engine.EdgeShard.load(str(home))
        # Drops what was deleted once it is a fifth of the shard. Here because it holds the GIL.
        shard.optimize()
        return shard
    except Exception as error:  # the engine raises nothing narrower
        reason = str(error).splitlines()[0]
        raise IndexMismatch(f"{home} cannot be opened ({reason}). Run `{REBUILD}`.") from error


def _create_shard(home: Path, dimension: int) -> engine.EdgeShard:
    shard = engine.EdgeShard.create(
        str(home),
        engine.EdgeConfig(
            vectors={DENSE: engine.EdgeVectorParams(dimension, engine.Distance.Cosine)},
            sparse_vectors={SPARSE: engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf)},
            optimizers=engine.EdgeOptimizersConfig(indexing_threshold=_NEVER),
            wal_enabled=True,  # without: nothing is durable before flush, and no lock
        ),
    )
    for field in KEYWORDS:
        index = engine.KeywordIndexParams(enable_hnsw=True)
        shard.update(engine.UpdateOperation.create_field_index(field, index))
    return shard


def copy_shard(pages: Iterable[list[engine.Record]], folder: Path, dimension: int) -> None:
    """Write points with payload and vectors into a new shard, whole and on the disk."""
    copy = folder / _COPY
    if copy.exists():
        shutil.rmtree(copy)
    copy.mkdir()
    target = _create_shard(copy, dimension)
    for records in pages:
        points = [
            engine.Point(record.id, cast("engine.Vector", record.vector), record.payload)
            for record in records
        ]
        target.update(engine.UpdateOperation.upsert_points(points))
    target.flush()
    target.close()


def adopt_copy(folder: Path) -> None:
    """Put the copy in the place of the shard, which nobody has open; the old files go."""
    home, before = folder / "shard", folder / _BEFORE
    home.rename(before)
    (folder / _COPY).rename(home)
    shutil.rmtree(before)
