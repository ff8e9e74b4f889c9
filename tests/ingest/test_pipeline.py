"""Taking documents in, over the real store and the real embedding model."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.progress import Cancelled
from rag.store import StoreQuery
from rag.types import EVERYONE, State, document_id
from serving.errors import ModelUnavailable, RejectedFile

LEAVE = "Annual leave\n\nEvery employee has 28 days of annual leave. Ask two weeks ahead.\n"
TRAVEL = "Командировки\n\nСуточные по России составляют 2500 рублей в день.\n"


def write(folder: Path, text: str | bytes, name: str = "source.txt") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def add(pipeline, tmp_path, text, name="leave.txt", groups=None):
    accepted = pipeline.accept(write(tmp_path, text), name, groups)
    return pipeline.process(accepted.id) if accepted.state is State.WAITING else accepted


def found(store, counting, question: str, *groups: str) -> set[str]:
    vector = counting.embed_queries([question])[0].tolist()
    query = StoreQuery(groups=frozenset(groups or {EVERYONE}), dense=vector)
    return {hit.chunk.text for hit in store.search(query)}


def assert_consistent(pipeline, store, document) -> None:
    """Exactly the chunks of the version that answers are in the index."""
    chunks = store.chunks(document.id)
    assert {chunk.version for chunk in chunks} == {document.version}
    assert len(chunks) == document.chunks > 0


def test_a_file_becomes_searchable(pipeline, store, counting, tmp_path):
    document = add(pipeline, tmp_path, LEAVE)
    assert (document.state, document.reason) == (State.READY, "")
    assert (document.media_type, document.size) == ("text/plain", len(LEAVE))
    assert_consistent(pipeline, store, document)
    assert any("28 days" in text for text in found(store, counting, "How many days of leave?"))
    assert pipeline.library.original(document.sha256).read_text() == LEAVE
    read = pipeline.library.elements(document)
    assert "28 days" in " ".join(element["text"] for element in read)


def test_a_second_run_embeds_nothing(pipeline, store, counting, tmp_path):
    first = add(pipeline, tmp_path, LEAVE)
    embedded = counting.passages
    assert embedded == first.chunks
    assert pipeline.accept(write(tmp_path, LEAVE), "leave.txt") == first
    assert pipeline.process(first.id) == first
    assert counting.passages == embedded


def test_other_groups_alone_embed_nothing(pipeline, store, counting, tmp_path):
    add(pipeline, tmp_path, LEAVE)
    embedded = counting.passages
    changed = pipeline.accept(write(tmp_path, LEAVE), "leave.txt", ["hr"])
    assert (changed.state, changed.groups, counting.passages) == (State.READY, ("hr",), embedded)
    assert found(store, counting, "leave") == set()
    assert found(store, counting, "leave", "hr")


def test_adding_again_without_groups_does_not_widen_access(pipeline, tmp_path):
    add(pipeline, tmp_path, LEAVE, groups=["hr"])
    assert add(pipeline, tmp_path, LEAVE + "More.\n").groups == ("hr",)


def test_changed_content_replaces(pipeline, store, counting, tmp_path):
    old = add(pipeline, tmp_path, LEAVE)
    new = add(pipeline, tmp_path, LEAVE.replace("28", "30"))
    assert (new.id, new.state) == (old.id, State.READY)
    assert new.version != old.version
    assert_consistent(pipeline, store, new)
    texts = " ".join(found(store, counting, "How many days of leave?"))
    assert "30 days" in texts
    assert "28 days" not in texts


def test_the_old_version_answers_while_the_new_one_waits(pipeline, store, tmp_path):
    old = add(pipeline, tmp_path, LEAVE)
    waiting = pipeline.accept(write(tmp_path, TRAVEL), "leave.txt")
    assert (waiting.state, waiting.version) == (State.WAITING, old.version)
    assert_consistent(pipeline, store, waiting)


def test_going_back_to_the_old_content_cancels_the_new_one(pipeline, store, counting, tmp_path):
    old = add(pipeline, tmp_path, LEAVE)
    pipeline.accept(write(tmp_path, TRAVEL), "leave.txt")
    embedded = counting.passages
    assert pipeline.accept(write(tmp_path, LEAVE), "leave.txt") == old
    assert pipeline.process(old.id) == old
    assert counting.passages == embedded


def test_a_new_version_widens_access_only_when_it_answers(pipeline, store, counting, tmp_path):
    add(pipeline, tmp_path, LEAVE, groups=["hr", "board"])
    waiting = pipeline.accept(write(tmp_path, TRAVEL), "leave.txt", ["board", EVERYONE])
    assert waiting.groups == ("board",)
    assert not found(store, counting, "leave", "hr")
    assert not found(store, counting, "leave", EVERYONE)
    done = pipeline.process(waiting.id)
    assert done.groups == ("board", EVERYONE)
    assert found(store, counting, "суточные", EVERYONE)


def test_an_empty_and_an_oversized_file_are_rejected_with_a_reason(pipeline, tmp_path):
    empty = add(pipeline, tmp_path, b"", "empty.txt")
    large = add(pipeline, tmp_path, b"x" * (1 << 20) + b"x", "large.txt")
    assert (empty.state, large.state) == (State.REJECTED, State.REJECTED)
    assert "empty.txt" in empty.reason
    assert "empty" in empty.reason
    assert "limit of 1 MiB" in large.reason
    assert {d.name for d in pipeline.library.list()} == {"empty.txt", "large.txt"}


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n%truncated"])
def test_a_rejected_new_version_leaves_the_old_one_answering(pipeline, store, tmp_path, content):
    old = add(pipeline, tmp_path, LEAVE)
    after = add(pipeline, tmp_path, content)
    assert (after.state, after.version) == (State.REJECTED, old.version)
    assert after.reason.endswith("The previous version still answers.")
    assert_consistent(pipeline, store, after)
    assert add(pipeline, tmp_path, LEAVE) == old


def test_a_model_that_is_down_is_no_reason_to_give_up(pipeline, store, counting, tmp_path):
    counting.failure = ModelUnavailable("The embeddings server does not answer. Try again shortly.")
    failed = add(pipeline, tmp_path, LEAVE)
    assert failed.state is State.FAILED
    assert "does not answer" in failed.reason
    retried = pipeline.process(failed.id)
    assert (retried.state, retried.reason) == (State.READY, "")
    assert_consistent(pipeline, store, retried)


def test_a_full_disk_and_the_unforeseen_fail_with_one_line(pipeline, counting, tmp_path, caplog):
    counting.failure = OSError(28, "No space left on device")
    assert "No space left" in add(pipeline, tmp_path, LEAVE, "a.txt").reason
    counting.failure = ZeroDivisionError("secret text")
    failed = add(pipeline, tmp_path, TRAVEL, "b.txt")
    assert failed.state is State.FAILED
    assert "ZeroDivisionError" in failed.reason
    assert "secret" not in failed.reason
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../up.txt", "a/../../b", "C:\\x.txt", "a\nb", "", "x" * 256, "a\udc80"]
)
def test_unsafe_names_are_rejected(pipeline, tmp_path, name):
    with pytest.raises(RejectedFile):
        pipeline.accept(write(tmp_path, LEAVE), name)
    assert pipeline.library.list() == []


def test_one_file_has_one_name(pipeline, tmp_path):
    first = pipeline.accept(write(tmp_path, LEAVE), "./a\\b//и\u0306.txt")
    second = pipeline.accept(write(tmp_path, LEAVE), "a/b/й.txt")
    assert first.id == second.id == document_id("a/b/й.txt")


def test_a_file_that_cannot_be_opened_is_rejected(pipeline, tmp_path):
    with pytest.raises(RejectedFile, match="No such file"):
        pipeline.accept(tmp_path / "missing.txt", "missing.txt")


def test_a_pipe_is_rejected_without_waiting_for_it(pipeline, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RejectedFile, match="not a file"):
        pipeline.accept(tmp_path / "pipe", "pipe")


def test_many_uploads_of_one_file_make_one_document(pipeline, store, counting, tmp_path):
    path = write(tmp_path, LEAVE)

    def upload(_number: int):
        return pipeline.process(pipeline.accept(path, "leave.txt").id)

    with ThreadPoolExecutor(4) as pool:
        states = {document.state for document in pool.map(upload, range(8))}
    (document,) = pipeline.library.list()
    assert document.state is State.READY
    assert states <= {State.READY, State.WORKING}
    assert_consistent(pipeline, store, document)


def test_removing_takes_chunks_and_files(pipeline, store, tmp_path):
    document = add(pipeline, tmp_path, LEAVE)
    pipeline.remove(document.id)
    assert store.count() == 0
    assert pipeline.library.list() == []
    assert not pipeline.library.original(document.sha256).exists()


@pytest.fixture
def held(pipeline, counting, tmp_path):
    """A document that is held up while it is embedded, and the thread that processes it."""
    document = pipeline.accept(write(tmp_path, LEAVE), "leave.txt")
    counting.hold.clear()
    thread = threading.Thread(target=pipeline.process, args=(document.id,))
    thread.start()
    assert counting.reached.wait(60)
    yield document, thread
    counting.hold.set()
    thread.join()


def test_removing_while_processing_does_not_resurrect(pipeline, store, counting, held):
    document, thread = held
    pipeline.remove(document.id)
    counting.hold.set()
    thread.join()
    assert pipeline.library.get(document.id) is None
    assert store.count() == 0


def test_groups_changed_while_processing_take_effect(pipeline, store, counting, held):
    document, thread = held
    pipeline.set_groups(document.id, ["hr"])
    counting.hold.set()
    thread.join()
    assert pipeline.library.get(document.id).groups == ("hr",)
    assert not found(store, counting, "leave", EVERYONE)
    assert found(store, counting, "leave", "hr")


def test_a_newer_version_wins_over_the_one_being_processed(
    pipeline, store, counting, held, tmp_path
):
    document, thread = held
    pipeline.accept(write(tmp_path, TRAVEL), "leave.txt")
    counting.hold.set()
    thread.join()
    done = pipeline.library.get(document.id)
    assert done.state is State.READY
    assert_consistent(pipeline, store, done)
    assert "2500" in " ".join(found(store, counting, "суточные"))


def test_cancelling_leaves_the_document_waiting(pipeline, store, tmp_path):
    document = pipeline.accept(write(tmp_path, LEAVE), "leave.txt")

    def cancel(progress) -> None:
        if progress.stage == "embed":
            raise Cancelled

    with pytest.raises(Cancelled):
        pipeline.process(document.id, cancel)
    assert pipeline.library.get(document.id).state is State.WAITING
    assert pipeline.process(document.id).state is State.READY


def test_progress_goes_through_the_stages(pipeline, tmp_path):
    seen = []
    document = pipeline.accept(write(tmp_path, LEAVE), "leave.txt")
    pipeline.process(document.id, seen.append)
    assert list(dict.fromkeys(p.stage for p in seen)) == ["parse", "embed", "index"]
    assert all(0 <= p.done <= p.total for p in seen)
