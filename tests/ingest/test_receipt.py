"""After a removal: what the receipt says, and what the files of the data folder hold."""

import time
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from ingest.receipt import Receipt
from rag.trace import open_tracer
from rag.trace_store import TraceStore
from rag.types import document_id

SECRET = "The director of the Tver branch earns 417000 roubles a month."
OTHER = "Visitors sign in at the reception and wear a badge.\n"


@pytest.fixture
def traces(settings):
    store = TraceStore(settings.data_dir / "traces.sqlite")
    yield store
    store.close()


@pytest.fixture
def traced(library, store, counting, settings, traces):
    pipeline = Pipeline(library, store, counting, settings, traces)
    yield pipeline
    pipeline.close()


@pytest.fixture
def ask(traces):
    """Traces a question as the answerer does, up to the answer and its later mention."""
    tracer = open_tracer(traces)

    def ask(document: str, answer: str, history: str = "", name: str = "anna") -> str:
        with tracer.trace("ask", input="What does the director earn?", user=name) as root:
            with root.step("retrieve", kind="retriever") as step:
                step.set(output=[{"document": document, "score": 0.7, "text": answer}])
            with root.step("generate", kind="generation") as step:
                step.set(input=[{"role": "assistant", "content": history}], output=answer)
            root.set(output=answer, metadata={"mode": "written", "refused": False})
        tracer.flush()
        return root.trace_id

    yield ask
    tracer.close()


def add(pipeline, tmp_path, text, name):
    path = tmp_path / "source.txt"
    path.write_text(text)
    document = pipeline.process(pipeline.accept(path, name).id)
    path.unlink()
    return document


def files_with(folder: Path, text: str) -> list[str]:
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and text.encode() in path.read_bytes():
            found.append(str(path.relative_to(folder)))
    return found


def test_no_word_of_it_is_left_in_any_file(traced, traces, ask, settings, tmp_path, store):
    kept = add(traced, tmp_path, OTHER, "visitors.txt")
    document = add(traced, tmp_path, "Pay\n\n" + SECRET + "\n", "pay.txt")
    ask("pay.txt", SECRET)
    ask("visitors.txt", "Somebody else asked.", history=SECRET)
    unrelated = ask("visitors.txt", OTHER)
    assert len(files_with(settings.data_dir, SECRET)) >= 3
    receipt = traced.remove(document.id, by="olga")
    assert receipt.is_clean
    assert (receipt.name, receipt.by, receipt.document_id) == ("pay.txt", "olga", document.id)
    assert receipt.found["chunks"] == document.chunks
    assert (receipt.found["originals"], receipt.found["traces"]) == (1, 1)
    assert "index_bytes" in receipt.notes
    traced.maintain()
    (told,) = traced.library.receipts()
    assert Receipt.from_dict(told).notes == []
    assert not files_with(settings.data_dir, SECRET)
    assert not files_with(settings.data_dir, "417000")
    assert store.count() == kept.chunks
    trace = traces.get(unrelated)
    assert trace.root.output == OTHER
    assert traced.library.get(kept.id) == kept


def test_times_scores_and_the_question_stay(traced, traces, ask, tmp_path):
    document = add(traced, tmp_path, SECRET + "\n", "pay.txt")
    trace_id = ask("pay.txt", SECRET)
    traced.remove(document.id)
    trace = traces.get(trace_id)
    assert trace.summary.question == "What does the director earn?"
    assert trace.summary.mode == "written"
    assert trace.root.steps[0].output == [
        {"document": "[erased]", "score": 0.7, "text": "[erased]"}
    ]
    assert traces.mentions(["pay.txt"]) == 0


def test_an_answer_that_is_traced_after_the_removal_is_caught(traced, traces, settings, tmp_path):
    document = add(traced, tmp_path, SECRET + "\n", "pay.txt")
    tracer = open_tracer(traces)
    with tracer.trace("ask", input="pay?") as root:
        with root.step("retrieve", kind="retriever") as step:
            step.set(output=[{"document": "pay.txt", "text": SECRET}])
        traced.remove(document.id)
        root.set(output=SECRET)
    tracer.flush()
    assert traces.get(root.trace_id).root.output == "[erased]"
    with tracer.trace("ask", input="pay?") as later:
        later.set(output=[{"document": "pay.txt", "text": "another of that name"}])
    tracer.close()
    assert files_with(settings.data_dir, "another of that name")


def test_bytes_that_another_document_has_stay_and_are_counted(traced, tmp_path, library):
    first = add(traced, tmp_path, OTHER, "a.txt")
    second = add(traced, tmp_path, OTHER, "b.txt")
    receipt = traced.remove(first.id)
    assert (receipt.shared, receipt.is_clean) == (1, True)
    assert library.original(second.sha256).exists()
    receipt = traced.remove(second.id)
    assert (receipt.shared, receipt.found["originals"]) == (0, 1)
    assert not library.original(second.sha256).exists()
    assert [r["name"] for r in library.receipts()] == ["b.txt", "a.txt"]


@pytest.mark.parametrize("got_as_far_as", ["the catalogue", "nothing"])
def test_a_removal_cut_short_is_finished_with_its_receipt(
    traced, tmp_path, library, store, got_as_far_as
):
    document = add(traced, tmp_path, OTHER, "a.txt")
    receipt = Receipt("r-1", document.id, "a.txt", library.now(), "olga", found={"chunks": 1})
    library.keep_receipt(receipt.to_dict())
    if got_as_far_as == "the catalogue":
        library.remove(document.id)
    assert store.count() == 1
    traced.recover()
    (told,) = library.receipts()
    after = Receipt.from_dict(told)
    assert (after.is_clean, after.by, after.found) == (True, "olga", {"chunks": 1})
    assert (store.count(), library.list()) == (0, [])


def test_what_was_added_again_since_stays(traced, tmp_path, library):
    receipt = Receipt("r-1", document_id("a.txt"), "a.txt", library.now())
    library.keep_receipt(receipt.to_dict())
    time.sleep(0.01)  # the clock has milliseconds
    document = add(traced, tmp_path, OTHER, "a.txt")
    traced.recover()
    assert library.get(document.id) == document


def test_a_document_that_is_not_there_leaves_no_receipt(traced, library):
    assert traced.remove("no such id").is_clean
    assert library.receipts() == []
