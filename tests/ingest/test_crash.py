"""`kill -9` while a document is being replaced: afterwards there is one whole version of it."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.jobs import Jobs
from rag.store.edge import EdgeStore
from rag.types import State, document_id
from tests.ingest.crash import NAME, SPEC, StandIn, open_pipeline

ROOT = Path(__file__).parents[2]


def start(folder: Path, moment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, Path(__file__).with_name("crash.py"), folder, moment],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def restart(folder: Path) -> tuple[int, int]:
    """Start as the app does and wait; passages embedded by that, and chunks in the index."""
    embedder, store = StandIn(), EdgeStore(folder / "index", SPEC)
    pipeline = open_pipeline(folder, store, embedder)
    jobs = Jobs(pipeline, folder)
    jobs.start()
    end = time.monotonic() + 60
    while pipeline.library.unfinished() and time.monotonic() < end:
        time.sleep(0.02)
    jobs.stop()
    document = pipeline.library.get(document_id(NAME))
    assert document is not None
    assert document.state is State.READY, document.reason
    chunks = store.chunks(document.id)
    assert {chunk.version for chunk in chunks} == {document.version}
    assert [chunk.ordinal for chunk in chunks] == list(range(document.chunks))
    assert store.count() == document.chunks
    assert pipeline.library.original(document.sha256).exists()
    pipeline.library.close()
    store.close()
    return embedder.passages, len(chunks)


def test_killed_between_index_and_catalogue(tmp_path):
    process = start(tmp_path, "replaced")
    out, _ = process.communicate(timeout=120)
    assert process.returncode == -9
    assert out.split() == ["0", "1"]
    embedded, chunks = restart(tmp_path)
    assert embedded == 0, "the index had all of it already"
    assert chunks > 0


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path):
    moments = random.Random(7)
    for _ in range(4):
        process = start(tmp_path, "random")
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        time.sleep(moments.uniform(0, 1.5))
        process.kill()
        process.communicate()
        restart(tmp_path)
