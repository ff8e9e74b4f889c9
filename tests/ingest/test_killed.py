"""`kill -9` at fifty random moments: every file is whole or waits, none twice, none lost."""

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ingest.jobs import Jobs
from ingest.pipeline import Pipeline
from rag.store import Store
from rag.store.edge import EdgeStore
from rag.types import State, document_id
from tests.ingest.killed import (
    SPEC,
    Journal,
    Zygote,
    change_at_random,
    opened,
    server_store,
    text,
)
from tests.ingest.test_jobs import wait_for
from tests.qdrant_server import QdrantServer
from tests.services import RedisServer, postgres_server

KILLS = 50
WORKER_KILLS = 10
"""In each of two installations."""
SEED = 20261124
"""Of all moments and changes; another one may be given by FOOTNOTE_TEST_SEED."""


def assert_whole_or_waiting(pipeline: Pipeline, store: Store) -> None:
    """What must hold after every start, before anything is read anew."""
    known = 0
    for document in pipeline.library.list():
        chunks = store.chunks(document.id)
        known += len(chunks)
        current = [chunk.ordinal for chunk in chunks if chunk.version == document.version]
        if document.version and not pipeline.library.entry(document.id).stale:
            assert current == list(range(document.chunks)), f"{document.name} is not whole"
        if document.state is State.READY:
            assert len(chunks) == document.chunks, f"{document.name} is there twice"
            assert pipeline.library.original(document.sha256).exists()
        elif document.state is State.FAILED:
            assert "has ended" in document.reason, "it was killed too often at this one"
        else:
            assert document.state in (State.WAITING, State.WORKING), document.reason
    assert store.count() == known, "chunks of a document that is not there"


def assert_as_asked(pipeline: Pipeline, store: Store, journal: Journal) -> None:
    """Each name has the content that was last asked for, whole; a removed one has none."""
    assert_whole_or_waiting(pipeline, store)
    documents = {document.name: document for document in pipeline.library.list()}
    for name, contents in journal.possible().items():
        document = documents.pop(name, None)
        if document is None:
            assert -1 in contents, f"{name} is lost"
            assert store.count(document_id(name)) == 0
            continue
        assert document.state is State.READY
        kept = pipeline.library.original(document.sha256).read_text()
        assert kept in {text(content) for content in contents}, f"{name} is stale"
        said = "\n".join(chunk.text for chunk in store.chunks(document.id))
        assert all(rule in said for rule in kept.split("\n\n")), f"{name} is not whole"
    assert not documents, "documents that nobody added"


@contextmanager
def looked_into(folder: Path) -> Iterator[tuple[Pipeline, EdgeStore]]:
    store = EdgeStore(folder / "index", SPEC)
    with opened(folder, store) as pipeline:
        yield pipeline, store


@pytest.mark.slow
def test_the_app_is_killed_at_fifty_random_moments(tmp_path):
    seed = int(os.environ.get("FOOTNOTE_TEST_SEED", SEED))
    moments = random.Random(seed)
    interrupted = 0
    with Zygote(tmp_path) as zygote:
        for number in range(KILLS):
            child = zygote.start(f"client {seed + number}")
            time.sleep(moments.uniform(0, 1.0))
            zygote.kill(child)
            if number % 2:  # else the next child finds things as they were left
                with looked_into(tmp_path) as (pipeline, store):
                    interrupted += bool(pipeline.library.workers())
                    pipeline.recover()
                    assert_whole_or_waiting(pipeline, store)
        assert zygote.errors == ""
    journal = Journal(tmp_path / "journal")
    with looked_into(tmp_path) as (pipeline, store):
        jobs = Jobs(pipeline, tmp_path, workers=2)
        jobs.start()
        for document in jobs.failures():
            jobs.retry(document.id)
        wait_for(lambda: not pipeline.library.unfinished(), 120)
        jobs.stop()
        assert_as_asked(pipeline, store, journal)
    sys.stdout.write(f"seed {seed}: {journal.asked} changes, {interrupted} seen interrupted\n")
    assert journal.asked > KILLS, "it was killed before it did anything"
    assert interrupted > KILLS // 10, "it was not killed at work"


@pytest.mark.slow
@pytest.mark.parametrize("machines", ["one machine", "several machines"])
def test_workers_are_killed_while_files_change(tmp_path, machines):
    """Two at a time on one Qdrant server; the app only serves. A killed one is replaced."""
    seed = int(os.environ.get("FOOTNOTE_TEST_SEED", SEED))
    moments = random.Random(seed)
    with ExitStack() as stack:
        url = stack.enter_context(QdrantServer()).url
        redis = postgres = ""
        if machines == "several machines":
            redis = stack.enter_context(RedisServer()).url
            postgres = stack.enter_context(postgres_server())
        request = f"worker {url} {redis or '-'} {postgres or '-'}"
        zygote = stack.enter_context(Zygote(tmp_path))
        store = server_store(url)
        pipeline = stack.enter_context(opened(tmp_path, store, postgres))
        jobs = Jobs(pipeline, tmp_path, queue_url=redis, workers=0, alone=False)
        stack.callback(jobs.stop)
        jobs.start()
        workers = [zygote.start(request) for _ in range(2)]
        changes = change_at_random(pipeline, jobs, tmp_path, seed)
        for _ in range(WORKER_KILLS):
            until = time.monotonic() + moments.uniform(0.2, 1.2)
            while time.monotonic() < until:
                next(changes)
            zygote.kill(workers.pop(0))
            workers.append(zygote.start(request))
        for document in jobs.failures():
            jobs.retry(document.id)
        wait_for(lambda: not pipeline.library.unfinished(), 120)
        for worker in workers:
            zygote.kill(worker)
        assert zygote.errors == ""
        pipeline.recover()
        assert_as_asked(pipeline, store, Journal(tmp_path / "journal"))
