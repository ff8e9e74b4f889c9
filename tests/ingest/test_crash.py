"""`kill -9` between index and catalogue: the start makes the switch, and embeds nothing.

At random moments: `test_killed.py`.
"""

import subprocess
import sys
from pathlib import Path

from ingest.jobs import Jobs
from ingest.limits import limits_of
from ingest.pipeline import Pipeline
from rag.library import Library
from rag.settings import Settings
from rag.store.edge import EdgeStore
from rag.types import State, document_id
from tests.ingest.counting import Counting
from tests.ingest.crash import NAME
from tests.ingest.killed import SPEC, Embedder, Reader, text
from tests.ingest.test_jobs import wait_for


def test_killed_between_index_and_catalogue(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.ingest.crash", tmp_path],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == -9, done.stderr
    assert done.stdout.split() == ["0", "1"]
    settings = Settings(data_dir=tmp_path, _env_file=None)
    embedder, store = Counting(Embedder()), EdgeStore(tmp_path / "index", SPEC)
    library = Library(tmp_path / "library")
    pipeline = Pipeline(library, store, embedder, settings, parser=Reader(limits_of(settings)))
    jobs = Jobs(pipeline, tmp_path)
    jobs.start()
    wait_for(lambda: not library.unfinished())
    jobs.close()
    document = library.get(document_id(NAME))
    assert document.state is State.READY, document.reason
    assert embedder.passages == 0, "the index had all of it already"
    chunks = store.chunks(document.id)
    assert {chunk.version for chunk in chunks} == {document.version}
    assert [chunk.ordinal for chunk in chunks] == list(range(document.chunks))
    assert store.count() == document.chunks > 0
    assert library.original(document.sha256).read_text() == text(2)
    library.close()
    store.close()
