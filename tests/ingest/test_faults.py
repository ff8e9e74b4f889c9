"""What becomes of a document when something goes wrong, and when somebody stops or retries it."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ingest.processing import TRIES
from rag.types import State
from serving.errors import ModelUnavailable
from tests.ingest.stopped_clock import StoppedClock

RULE = "Visitors sign in at the reception and wear a badge.\n"


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def accept(pipeline, tmp_path):
    def accept(text=RULE, name="rules.txt", **options):
        path: Path = tmp_path / "source.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return pipeline.accept(path, name, **options)

    return accept


def test_a_fault_of_the_moment_is_tried_again_ever_later_but_not_for_ever(
    accept, pipeline, counting, clock, library
):
    document = accept()
    waits = []
    for attempt in range(1, TRIES + 1):
        counting.failure = ModelUnavailable("The embeddings server does not answer.")
        failed = pipeline.process(document.id)
        assert (failed.state, failed.attempts) == (State.FAILED, attempt)
        if attempt < TRIES:
            due = datetime.fromisoformat(failed.retry_at)
            waits.append((due - clock.time).total_seconds())
            assert list(library.retry_due()) == []
            clock.time = due
            assert list(library.retry_due()) == [document.id]
    assert failed.retry_at == ""
    assert all(7.5 * 2**n <= wait <= 15 * 2**n for n, wait in enumerate(waits))
    again = pipeline.retry(document.id)
    assert (again.state, again.attempts, again.reason) == (State.WAITING, 0, "")
    done = pipeline.process(document.id)
    assert (done.state, done.attempts, done.retry_at) == (State.READY, 0, "")


def test_a_bad_file_is_not_tried_again_by_itself(accept, pipeline, library, clock):
    document = accept(b"%PDF-1.7 torn", "rules.pdf")
    assert pipeline.process(document.id).state is State.REJECTED
    clock.time += timedelta(days=365)
    assert list(library.retry_due()) == []
    assert pipeline.retry(document.id).state is State.WAITING


def test_new_content_forgets_the_failures(accept, pipeline, counting):
    document = accept()
    counting.failure = OSError(28, "No space left on device")
    assert pipeline.process(document.id).attempts == 1
    renewed = accept(RULE + "More.\n")
    assert (renewed.state, renewed.attempts, renewed.retry_at) == (State.WAITING, 0, "")


@pytest.fixture
def held(counting, pipeline):
    """Processes a document in a thread, and holds it up while it is embedded."""
    threads: list[threading.Thread] = []

    def hold(document) -> threading.Thread:
        counting.reached.clear()
        counting.hold.clear()
        thread = threading.Thread(target=pipeline.process, args=(document.id,))
        thread.start()
        threads.append(thread)
        assert counting.reached.wait(60)
        return thread

    yield hold
    counting.hold.set()
    for thread in threads:
        thread.join()


def test_cancelling_a_first_version(accept, pipeline, counting, store, held):
    document = accept()
    thread = held(document)
    assert pipeline.cancel(document.id).state is State.CANCELLED
    counting.hold.set()
    thread.join()
    assert pipeline.library.get(document.id).state is State.CANCELLED
    assert store.count() == 0
    assert not pipeline.library.unfinished()
    assert pipeline.process(document.id).state is State.CANCELLED
    pipeline.retry(document.id)
    assert pipeline.process(document.id).state is State.READY


def test_cancelling_a_later_version_leaves_the_one_that_answers(
    accept, pipeline, counting, store, held
):
    old = pipeline.process(accept().id)
    thread = held(accept(RULE + "More.\n"))
    assert pipeline.cancel(old.id) == old
    counting.hold.set()
    thread.join()
    assert pipeline.library.get(old.id) == old
    assert {chunk.version for chunk in store.chunks(old.id)} == {old.version}


def test_a_lease_keeps_others_away_until_it_runs_out(library, clock, accept):
    document = accept()
    entry = library.begin(document.id, "one", 60)
    assert library.begin(document.id, "two", 60) is None
    assert not library.heartbeat(document.id, "two", "embed", 1, 2)
    clock.time += timedelta(seconds=50)
    assert library.heartbeat(document.id, "one", "embed", 1, 2, seconds=60)
    assert library.progress(document.id) == ("embed", 1, 2)
    clock.time += timedelta(seconds=50)
    assert library.begin(document.id, "two", 60) is None
    clock.time += timedelta(seconds=11)
    assert library.begin(document.id, "two", 60)
    assert not library.give_up(entry, State.FAILED, "late", answers=False)
    assert not library.heartbeat(document.id, "one", "embed", 2, 2)
    library.release("two")
    assert library.get(document.id).state is State.WAITING
