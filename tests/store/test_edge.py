"""What only the embedded store has: a folder, one owner, and crashes to survive."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace as with_changes
from pathlib import Path

import pytest

from rag.store import IndexedChunk, StoreQuery
from rag.store.edge import EdgeStore
from rag.types import EVERYONE
from serving.errors import IndexMismatch, StoreBusy
from tests.store.crash_writer import SIZE
from tests.store.oracle import SPEC, Oracle, indexed, library, question

HERE = Path(__file__).parent
ALL = frozenset({EVERYONE, "hr", "board"})


def writer(folder: Path, argument: str) -> subprocess.Popen[str]:
    """The writer in a process of its own, once it has the store open."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "crash_writer.py"), str(folder), argument],
        env=os.environ | {"PYTHONPATH": f"{HERE.parents[1]}{os.pathsep}{HERE}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "opened\n"
    return process


def kill(process: subprocess.Popen[str]) -> list[int]:
    """Kill -9; the versions that were acknowledged before."""
    process.kill()
    said, _ = process.communicate()
    return [int(line) for line in said.split("\n")[:-1]]


def test_a_reopened_store_finds_the_same(tmp_path: Path) -> None:
    chunks = library()
    store = EdgeStore(tmp_path / "index", SPEC)
    for document in {entry.chunk.document_id for entry in chunks}:
        store.add(document, "v1", [e for e in chunks if e.chunk.document_id == document])
    dense, sparse = question(0)
    query = StoreQuery(ALL, dense=dense, sparse=sparse)
    before = store.search(query)
    store.close()
    store.close()
    again = EdgeStore(tmp_path / "index", SPEC)
    assert again.count() == len(chunks)
    assert [hit.score for hit in again.search(query)] == [hit.score for hit in before]
    again.close()
    with pytest.raises(ValueError, match="closed"):
        again.count()


def test_a_second_process_is_told_who_is_in_the_way(tmp_path: Path) -> None:
    holder = writer(tmp_path / "index", "hold")
    try:
        with pytest.raises(StoreBusy, match=r"Another process has .* open\. Stop it"):
            EdgeStore(tmp_path / "index", SPEC)
        with pytest.raises(StoreBusy):  # not even to rebuild
            EdgeStore(tmp_path / "index", SPEC, rebuild=True)
    finally:
        kill(holder)
    EdgeStore(tmp_path / "index", SPEC).close()  # a dead process owns nothing


@pytest.mark.slow
def test_killed_in_the_middle_of_replacing(tmp_path: Path) -> None:
    """Eight kills at random moments: what was acknowledged is there, what follows works."""
    folder = tmp_path / "index"
    store = EdgeStore(folder, SPEC)
    neighbour = [indexed("neighbour", n) for n in range(5)]
    store.add("neighbour", "v1", neighbour)
    store.close()
    clock = random.Random(7)
    last = 0
    for _ in range(8):
        process = writer(folder, str(last + 1))
        time.sleep(clock.uniform(0.0, 0.6))
        last = max([last, *kill(process)])
        store = EdgeStore(folder, SPEC)
        assert store.chunks("neighbour") == [entry.chunk for entry in neighbour]
        held = [chunk.version for chunk in store.chunks("d")]
        assert set(held) <= {str(last), str(last + 1)}
        if last:  # nobody may see less than one whole version
            assert max(held.count(str(last)), held.count(str(last + 1))) == SIZE
        check_replaces_exactly(store, version=str(last + 1), size=SIZE)
        last += 1
        store.close()
    assert last > 8, "no writer lived long enough to be killed in the middle"


def check_replaces_exactly(store: EdgeStore, version: str, size: int) -> None:
    """Adds a version and drops all others."""
    new = [indexed("d", n, version=version) for n in range(size)]
    store.add("d", version, new)
    store.drop("d", {chunk.version for chunk in store.chunks("d")} - {version})
    assert store.chunks("d") == [entry.chunk for entry in new]


def test_opening_drops_what_was_deleted(tmp_path: Path) -> None:
    """Enough to set the engine's vacuum going; searches stay right after it."""
    store = EdgeStore(tmp_path / "index", SPEC)
    for version in ("v1", "v2"):
        kept = [indexed("d", n, version=version) for n in range(1500)]
        store.add("d", version, kept)
    store.drop("d", ["v1"])
    store.close()
    store = EdgeStore(tmp_path / "index", SPEC)
    assert store.count() == 1500
    check_searches_exactly(store, kept)
    check_replaces_exactly(store, version="v3", size=10)
    store.close()


def test_the_engine_keeps_its_log_where_it_is_synced(tmp_path: Path) -> None:
    """`sync_log` names the engine's files; another release of the engine may move them."""
    store = EdgeStore(tmp_path / "index", SPEC)
    log = tmp_path / "index" / "shard" / "wal"
    secret = "written before the power cut"
    entry = indexed("d", 0)
    store.add("d", "v1", [with_changes(entry, chunk=with_changes(entry.chunk, text=secret))])
    assert any(secret.encode() in file.read_bytes() for file in log.iterdir())
    store.close()


def check_searches_exactly(store: EdgeStore, kept: Sequence[IndexedChunk]) -> None:
    """Each half of a search finds the best of `kept` with their exact scores."""
    dense, sparse = question(0)
    for query in (StoreQuery(ALL, dense=dense, limit=20), StoreQuery(ALL, sparse=sparse, limit=20)):
        best = list(Oracle(kept).scores(query).values())
        found = [hit.score for hit in store.search(query)]
        assert found == pytest.approx(best, rel=1e-4)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda folder: (folder / "index.json").unlink(), "is missing"),
        (lambda folder: (folder / "index.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "index.json").write_text('{"a": 1}'), "cannot be read"),
        (lambda folder: (folder / "shard" / "edge_config.json").write_text("{"), "be opened"),
    ],
    ids=["no spec", "cut spec", "strange spec", "broken shard"],
)
def test_a_damaged_index_is_refused_and_can_be_rebuilt(
    tmp_path: Path, damage: object, says: str
) -> None:
    folder = tmp_path / "index"
    store = EdgeStore(folder, SPEC)
    store.add("d", "v1", [indexed("d", 0)])
    store.close()
    assert callable(damage)
    damage(folder)
    for _ in range(2):  # and the refusal lets go of the folder
        with pytest.raises(IndexMismatch, match=rf"{says}.*python -m ingest rebuild"):
            EdgeStore(folder, SPEC)
    store = EdgeStore(folder, SPEC, rebuild=True)
    assert store.count() == 0
    check_replaces_exactly(store, version="v1", size=3)
    store.close()


def test_what_a_crash_leaves_while_making_the_store_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    EdgeStore(folder, SPEC).close()
    (folder / "shard").rename(folder / "shard.new")  # made, but not yet moved in
    (folder / "shard.old").mkdir()
    store = EdgeStore(folder, SPEC)
    check_replaces_exactly(store, version="v1", size=3)
    store.clear()
    assert store.count() == 0
    store.close()
    assert {path.name for path in folder.iterdir()} == {"lock", "index.json", "shard"}


def test_no_byte_of_a_deleted_chunk_stays_after_scrubbing(tmp_path: Path) -> None:
    folder, secret = tmp_path / "index", "the salary of the director is 100"
    store = EdgeStore(folder, SPEC)
    kept = [indexed("kept", n) for n in range(1200)]  # more than a page
    store.add("kept", "v1", kept)
    entry = indexed("d", 0)
    store.add("d", "v1", [with_changes(entry, chunk=with_changes(entry.chunk, text=secret))])
    store.delete("d")
    assert files_with(folder, secret), "the engine keeps what is deleted"
    assert store.scrub()
    assert not files_with(folder, secret)
    assert store.count() == 1200
    check_searches_exactly(store, kept)
    check_replaces_exactly(store, version="v1", size=10)
    store.close()
    assert {path.name for path in folder.iterdir()} == {"lock", "index.json", "shard"}


def test_a_crash_while_a_copy_is_adopted_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    store = EdgeStore(folder, SPEC)
    store.add("d", "v1", [indexed("d", 0)])
    store.close()
    (folder / "shard").rename(folder / "shard.before")
    (folder / "shard.copy").mkdir()
    store = EdgeStore(folder, SPEC)
    assert store.count("d") == 1
    assert store.scrub()
    store.close()


def files_with(folder: Path, text: str) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if text.encode() in path.read_bytes()]
