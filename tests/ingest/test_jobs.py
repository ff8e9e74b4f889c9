"""The queue and its worker, over the real store and the real embedding model."""

import time
from pathlib import Path

import pytest

from ingest.jobs import Jobs
from rag.types import State

TEXT = "Security\n\nLock the screen. Report a lost badge within an hour.\n"


def write(folder: Path, text: str = TEXT) -> Path:
    path = folder / "source.txt"
    path.write_text(text)
    return path


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


@pytest.fixture
def jobs(pipeline, settings, counting):
    jobs = Jobs(pipeline, settings.data_dir)
    yield jobs
    counting.hold.set()
    jobs.stop()


def test_a_submitted_document_becomes_ready(jobs, pipeline, tmp_path):
    jobs.start()
    document = pipeline.accept(write(tmp_path), "security.txt")
    jobs.submit(document.id)
    wait_for(lambda: pipeline.library.get(document.id).state is State.READY)
    wait_for(lambda: jobs.progress(document.id) is None)


def test_progress_is_seen_while_it_works(jobs, pipeline, counting, tmp_path):
    jobs.start()
    counting.hold.clear()
    document = pipeline.accept(write(tmp_path), "security.txt")
    jobs.submit(document.id)
    assert counting.reached.wait(60)
    progress = jobs.progress(document.id)
    assert (progress.stage, progress.done, progress.total) == ("embed", 0, 1)
    assert pipeline.library.get(document.id).state is State.WORKING


def test_a_start_submits_what_is_unfinished(jobs, pipeline, counting, tmp_path):
    forgotten = pipeline.accept(write(tmp_path), "forgotten.txt")
    queued = pipeline.accept(write(tmp_path, TEXT + "More.\n"), "queued.txt")
    jobs.submit(queued.id)
    jobs.start()
    wait_for(lambda: not pipeline.library.unfinished())
    assert pipeline.library.get(forgotten.id).state is State.READY
    assert counting.passages == 2


def test_stopping_leaves_the_rest_for_the_next_start(pipeline, settings, counting, tmp_path, store):
    first = Jobs(pipeline, settings.data_dir)
    first.start()
    counting.hold.clear()
    document = pipeline.accept(write(tmp_path), "security.txt")
    first.submit(document.id)
    assert counting.reached.wait(60)
    counting.hold.set()
    first.stop()
    assert pipeline.library.get(document.id).state in (State.WAITING, State.READY)
    second = Jobs(pipeline, settings.data_dir)
    second.start()
    wait_for(lambda: not pipeline.library.unfinished())
    second.stop()
    assert store.count() == 1


def test_submitting_a_ready_document_indexes_it_anew(jobs, pipeline, counting, tmp_path):
    document = pipeline.process(pipeline.accept(write(tmp_path), "security.txt").id)
    jobs.start()
    jobs.submit(document.id)
    wait_for(lambda: counting.passages == 2 and not pipeline.library.unfinished())
    assert pipeline.library.get(document.id) == document


def test_a_bad_file_does_not_stop_the_worker(jobs, pipeline, counting, tmp_path):
    jobs.start()
    counting.failure = ZeroDivisionError()
    bad = pipeline.accept(write(tmp_path), "bad.txt")
    good = pipeline.accept(write(tmp_path, TEXT + "More.\n"), "good.txt")
    jobs.submit(bad.id)
    jobs.submit(good.id)
    wait_for(lambda: pipeline.library.get(good.id).state is State.READY)
    assert pipeline.library.get(bad.id).state is State.FAILED


def test_a_queue_that_never_started_can_be_stopped(pipeline, settings):
    Jobs(pipeline, settings.data_dir).stop()
