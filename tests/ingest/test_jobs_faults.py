"""What jobs do when something fails, is cancelled, or ends: over a real store and catalogue.

The embedder is a stand-in that can be held up or made to fail; the clock is the test's own.
"""

import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.jobs import Jobs
from ingest.limits import limits_of
from ingest.pipeline import Pipeline
from ingest.queue import Queue
from rag.library import Library
from rag.moments import utc_now
from rag.settings import Settings
from rag.store.edge import EdgeStore
from rag.types import Document, State
from rag.work import ENDS
from serving.errors import ModelUnavailable
from tests.ingest.counting import Counting
from tests.ingest.killed import SPEC, Embedder, Reader, text
from tests.ingest.test_jobs import wait_for


class Clock:
    """The computer's clock, and what the test adds to it."""

    ahead = timedelta()

    def __call__(self):
        return utc_now() + self.ahead


@dataclass
class Place:
    """A data folder, its store and clock, and processes on it (all of them in this one)."""

    folder: Path
    store: EdgeStore
    clock: Clock
    stack: ExitStack

    def process(self) -> tuple[Pipeline, Counting]:
        """Another process's pipeline, with an embedder of its own."""
        settings = Settings(data_dir=self.folder, _env_file=None)
        library = Library(self.folder / "library", self.clock)
        self.stack.callback(library.close)
        embedder = Counting(Embedder())
        pipeline = Pipeline(
            library, self.store, embedder, settings, parser=Reader(limits_of(settings))
        )
        self.stack.callback(pipeline.close)
        return pipeline, embedder

    def jobs(self, pipeline: Pipeline, embedder: Counting, *, alone: bool = True) -> Jobs:
        """Started, and stopped at the end if they are not before."""
        jobs = Jobs(pipeline, self.folder, workers=1, alone=alone)
        self.stack.callback(jobs.stop)
        self.stack.callback(embedder.hold.set)
        jobs.start()
        return jobs


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        store = EdgeStore(tmp_path / "index", SPEC)
        stack.callback(store.close)
        yield Place(tmp_path, store, Clock(), stack)


def accept(pipeline: Pipeline, number: int = 1) -> Document:
    path = pipeline.library.files.path("0" * 64).parents[2] / f"{number}.txt"
    path.write_text(text(number))
    return pipeline.accept(path, path.name)


def state(pipeline: Pipeline, document: Document) -> Callable[[], State]:
    return lambda: pipeline.library.get(document.id).state


def after_failure(place: Place, failure: Exception) -> tuple[Pipeline, Jobs, Document]:
    """A process in which a document has just failed, and will not fail again."""
    pipeline, embedder = place.process()
    jobs = place.jobs(pipeline, embedder)
    embedder.failure = failure
    document = accept(pipeline)
    jobs.submit(document.id)
    wait_for(lambda: state(pipeline, document)() is State.FAILED)
    return pipeline, jobs, document


def test_a_fault_of_the_moment_is_tried_again_by_itself(place):
    pipeline, jobs, document = after_failure(place, ModelUnavailable("The server does not answer."))
    failed = pipeline.library.get(document.id)
    assert failed.retry_at > pipeline.library.now()
    assert jobs.failures() == []
    jobs.submit(document.id)  # asked too early, by a doubled id: it waits all the same
    time.sleep(0.3)
    assert pipeline.library.get(document.id) == failed
    place.clock.ahead = timedelta(minutes=1)
    wait_for(lambda: state(pipeline, document)() is State.READY)


def test_the_next_process_tries_again_what_failed_in_the_last(place):
    pipeline, jobs, document = after_failure(place, ModelUnavailable("The server does not answer."))
    jobs.stop()
    place.clock.ahead = timedelta(minutes=1)
    place.jobs(*place.process())
    wait_for(lambda: state(pipeline, document)() is State.READY)


def test_a_permanent_failure_is_listed_until_it_is_tried_again(place):
    pipeline, jobs, document = after_failure(place, ZeroDivisionError())
    place.clock.ahead = timedelta(days=9)
    assert [(d.id, "ZeroDivisionError" in d.reason) for d in jobs.failures()] == [
        (document.id, True)
    ]
    assert jobs.failures(frozenset({"hr"})) == []
    assert jobs.retry(document.id).state is State.WAITING
    wait_for(lambda: state(pipeline, document)() is State.READY)
    assert jobs.failures() == []
    assert jobs.retry("00000000-0000-0000-0000-000000000000") is None


def test_a_running_document_is_cancelled_and_can_be_tried_again(place):
    pipeline, embedder = place.process()
    jobs = place.jobs(pipeline, embedder)
    embedder.hold.clear()
    document = accept(pipeline)
    jobs.submit(document.id)
    assert embedder.reached.wait(60)
    assert jobs.cancel(document.id).state is State.CANCELLED
    embedder.hold.set()
    wait_for(lambda: jobs.progress(document.id) is None)
    assert state(pipeline, document)() is State.CANCELLED
    assert place.store.count() == 0
    jobs.retry(document.id)
    wait_for(lambda: state(pipeline, document)() is State.READY)


def test_a_waiting_document_that_was_cancelled_is_not_done(place):
    pipeline, embedder = place.process()
    jobs = place.jobs(pipeline, embedder)
    embedder.hold.clear()
    first, second = accept(pipeline, 1), accept(pipeline, 2)
    for document in (first, second):
        jobs.submit(document.id)
    assert embedder.reached.wait(60)
    jobs.cancel(second.id)
    embedder.hold.set()
    wait_for(lambda: state(pipeline, first)() is State.READY)
    assert state(pipeline, second)() is State.CANCELLED
    assert place.store.count(second.id) == 0


def test_progress_and_cancel_reach_another_process(place):
    worker, embedder = place.process()
    app, idle = place.process()
    place.jobs(worker, embedder, alone=False)
    jobs = Jobs(app, place.folder, workers=0, alone=False)
    place.stack.callback(jobs.stop)
    jobs.start()
    embedder.hold.clear()
    document = accept(app)
    jobs.submit(document.id)
    assert embedder.reached.wait(60)
    time.sleep(1.1)  # the catalogue is told once a second
    embedder.hold.set()
    embedder.reached.clear()
    wait_for(lambda: state(app, document)() is State.READY)
    assert idle.passages == 0, "this process only serves"
    embedder.hold.clear()
    later = accept(app, 2)
    jobs.submit(later.id)
    assert embedder.reached.wait(60)
    assert jobs.cancel(later.id).state is State.CANCELLED
    time.sleep(1.1)
    embedder.hold.set()
    embedder.reached.clear()
    jobs.submit(accept(app, 3).id)
    wait_for(lambda: not app.library.unfinished())
    assert state(app, later)() is State.CANCELLED
    assert place.store.count(later.id) == 0


def test_a_removed_document_is_not_done(place):
    pipeline, embedder = place.process()
    document = accept(pipeline)
    queue = Queue(place.folder / "jobs.db", "", "footnote", lambda _: None)
    queue.put(document.id)
    queue.close()
    pipeline.remove(document.id)
    jobs = place.jobs(pipeline, embedder)
    jobs.submit(accept(pipeline, 2).id)
    wait_for(lambda: jobs.finished == 1)
    assert pipeline.library.get(document.id) is None


def test_what_came_inside_a_container_is_done_too(place):
    pipeline, embedder = place.process()
    jobs = place.jobs(pipeline, embedder)
    path = place.folder / "shelf.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3):
            archive.writestr(f"{number}.txt", text(number))
    container = pipeline.accept(path, path.name)
    jobs.submit(container.id)
    wait_for(lambda: state(pipeline, container)() is State.READY)
    wait_for(lambda: not pipeline.library.unfinished())
    inside = pipeline.library.children(container.id)
    assert [(d.name, d.state) for d in inside] == [
        (f"shelf.zip/{number}.txt", State.READY) for number in range(3)
    ]


def test_a_lost_queue_loses_nothing(place):
    pipeline, embedder = place.process()
    documents = [accept(pipeline, number) for number in range(4)]
    place.jobs(pipeline, embedder)  # nobody submitted them
    wait_for(lambda: not pipeline.library.unfinished())
    assert {pipeline.library.get(d.id).state for d in documents} == {State.READY}


def test_a_dead_workers_document_is_taken_over_after_its_lease(place):
    pipeline, embedder = place.process()
    document = accept(pipeline)
    assert pipeline.library.begin(document.id, "elsewhere/1/a/b", 300)
    place.jobs(pipeline, embedder, alone=False)
    time.sleep(0.5)
    assert state(pipeline, document)() is State.WORKING
    place.clock.ahead = timedelta(minutes=6)
    wait_for(lambda: state(pipeline, document)() is State.READY)


def test_the_owner_of_the_store_waits_for_no_lease(place):
    pipeline, embedder = place.process()
    document = accept(pipeline)
    assert pipeline.library.begin(document.id, "elsewhere/1/a/b", 300)
    place.jobs(pipeline, embedder)
    wait_for(lambda: state(pipeline, document)() is State.READY)


def test_closing_lets_go_of_the_document_at_hand_and_of_all_threads(place):
    before = set(threading.enumerate())
    pipeline, embedder = place.process()
    jobs = place.jobs(pipeline, embedder)
    embedder.hold.clear()
    document = accept(pipeline)
    jobs.submit(document.id)
    assert embedder.reached.wait(60)
    threading.Timer(0.2, embedder.hold.set).start()
    jobs.close()
    assert state(pipeline, document)() is State.WAITING
    assert {t for t in threading.enumerate() if t not in before} == set()
    place.jobs(*place.process())
    wait_for(lambda: state(pipeline, document)() is State.READY)


def test_a_document_that_ends_every_worker_is_left_alone_until_somebody_asks(place):
    pipeline, embedder = place.process()
    poison, good = accept(pipeline, 1), accept(pipeline, 2)
    for start in range(ENDS):
        assert pipeline.library.get(poison.id).state is State.WAITING
        pipeline.library.begin(poison.id, f"elsewhere/{start}/a/b", 300)
        if start % 2:
            pipeline.library.release(f"elsewhere/{start}/a/b")
        else:
            place.clock.ahead += timedelta(minutes=6)
            pipeline.library.release_expired()
    jobs = place.jobs(pipeline, embedder)
    wait_for(lambda: state(pipeline, good)() is State.READY)
    (failed,) = jobs.failures()
    assert failed.id == poison.id
    assert failed.reason.startswith("1.txt: the program has ended 5 times")
    jobs.retry(poison.id)
    wait_for(lambda: state(pipeline, poison)() is State.READY)
