"""The embedded store's folder: who owns it, and what its index was built with.

<folder>/lock        held while open (flock: gone with the process, however it ends)
<folder>/index.json  the IndexSpec, written before the shard
<folder>/shard/      the engine's files, of which this module knows only the name
"""

import fcntl
import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path

from rag.store.payload import REBUILD, describe_mismatch
from rag.types import IndexSpec
from serving.errors import IndexMismatch, StoreBusy


def own(folder: Path) -> TextIOWrapper:
    """The open lock file; closing it gives the folder up."""
    handle = (folder / "lock").open("a")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise StoreBusy(
            f"Another process has the index in {folder} open. Stop it, "
            "or use a Qdrant server (FOOTNOTE_QDRANT_URL)."
        ) from None
    return handle


def check_spec(folder: Path, spec: IndexSpec) -> None:
    """Compare with what is recorded; record it where nothing is."""
    file = folder / "index.json"
    if not file.exists():
        if (folder / "shard").exists():
            raise IndexMismatch(f"{file} is missing. Run `{REBUILD}`.")
        _record(folder, spec)
        return
    try:
        found = IndexSpec(**json.loads(file.read_text()))
    except (ValueError, TypeError):
        raise IndexMismatch(f"{file} cannot be read. Run `{REBUILD}`.") from None
    if found != spec:
        raise IndexMismatch(describe_mismatch(found, spec))


def _record(folder: Path, spec: IndexSpec) -> None:
    draft = folder / "index.json.new"
    with draft.open("w") as handle:
        json.dump(asdict(spec), handle, indent=2)
        handle.flush()
        os.fsync(handle.fileno())
    draft.rename(folder / "index.json")
    _sync(folder)


def wipe(folder: Path, spec: IndexSpec) -> None:
    """Vectors go, at once, before the new spec comes: a crash leaves no false description."""
    gone = folder / "shard.old"
    if gone.exists():
        shutil.rmtree(gone)
    if (folder / "shard").exists():
        (folder / "shard").rename(gone)
    _record(folder, spec)
    if gone.exists():
        shutil.rmtree(gone)


def sync_log(folder: Path) -> None:
    """Force the engine's write-ahead log to the disk, without holding the GIL as it would."""
    log = folder / "shard" / "wal"
    for path in [*log.glob("*"), log]:
        with suppress(FileNotFoundError):  # flushed or cleared by another thread meanwhile
            _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
