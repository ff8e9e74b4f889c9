"""`kill -9` in the middle of a sync: the next one leaves exactly what the folder holds."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.sources.sync import sync
from rag.store.edge import EdgeStore
from rag.types import State
from tests.ingest.crash import SPEC, StandIn, open_pipeline
from tests.ingest.source_files import Folder

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path):
    moments = random.Random(11)
    data, root = tmp_path / "data", tmp_path / "root"
    root.mkdir()
    for _ in range(5):
        process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("crash_sync.py"), data, root],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        time.sleep(moments.uniform(0, 1.5))
        process.kill()
        process.communicate()
        check(data, root)


def check(data: Path, root: Path) -> None:
    store = EdgeStore(data / "index", SPEC)
    pipeline = open_pipeline(data, store, StandIn())
    pipeline.recover()
    waiting: list[str] = []
    source = Folder(root)
    sync(source, pipeline, waiting.append)
    for _document in pipeline.process_all(waiting + list(pipeline.library.unfinished())):
        pass
    documents = pipeline.library.list()
    assert {d.name for d in documents} == {f"shelf/{path.name}" for path in root.iterdir()}
    for document in documents:
        assert document.state is State.READY, document.reason
        text = (root / document.name.partition("/")[2]).read_text().strip()
        chunks = store.chunks(document.id)
        assert [chunk.text for chunk in chunks] == [text]
        assert {chunk.version for chunk in chunks} == {document.version}
    assert store.count() == len(documents)
    source.fetched.clear()
    again = sync(source, pipeline, waiting.append)
    assert (again.unchanged, source.fetched) == (len(documents), [])
    pipeline.close()
    pipeline.library.close()
    store.close()
