"""Indexing everything anew, and what a crash left undone."""

import pytest

from ingest.progress import Cancelled
from rag.store import StoreQuery
from rag.types import EVERYONE, State


@pytest.fixture
def documents(pipeline, tmp_path):
    """Two ready documents and one that is rejected."""
    for name in ("a.txt", "b.txt", "empty.txt"):
        path = tmp_path / name
        path.write_text("" if name == "empty.txt" else f"Rule {name}: keep the door shut.\n")
        pipeline.process(pipeline.accept(path, name).id)
    return pipeline.library.list()


def test_a_rebuild_restores_the_same_index(pipeline, store, counting, documents):
    before = [store.chunks(document.id) for document in documents]
    list(pipeline.rebuild())
    assert pipeline.library.list() == documents
    assert [store.chunks(document.id) for document in documents] == before
    assert counting.passages == 4


def test_an_interrupted_rebuild_goes_on(pipeline, store, documents):
    def cancel(progress) -> None:
        if progress.document_id == documents[1].id and progress.stage == "embed":
            raise Cancelled

    with pytest.raises(Cancelled):
        list(pipeline.rebuild(cancel))
    unfinished = pipeline.library.unfinished()
    assert documents[1].id in unfinished
    pipeline.recover()
    list(pipeline.process_all(pipeline.library.unfinished()))
    assert pipeline.library.list() == documents
    assert store.count() == sum(document.chunks for document in documents)


def test_a_lost_index_is_noticed(pipeline, store, documents):
    store.clear()
    pipeline.recover()
    assert len(pipeline.library.unfinished()) == 2
    list(pipeline.process_all(pipeline.library.unfinished()))
    assert pipeline.library.list() == documents


def test_a_document_whose_chunks_are_gone_is_indexed_when_added_again(
    pipeline, store, tmp_path, documents
):
    store.delete(documents[0].id)
    again = pipeline.accept(tmp_path / "a.txt", "a.txt")
    assert again.state is State.WAITING
    assert pipeline.process(again.id) == documents[0]
    assert len(store.chunks(documents[0].id)) == documents[0].chunks


def test_a_removal_cut_short_is_finished(pipeline, store, documents):
    # The catalogue forgot the document; the crash came before the index did.
    pipeline.library.remove(documents[0].id)
    assert store.count(documents[0].id) > 0
    pipeline.recover()
    assert store.count(documents[0].id) == 0
    assert not pipeline.library.unsynced()


def test_a_change_of_groups_cut_short_is_finished(pipeline, store, counting, documents):
    pipeline.library.set_groups(documents[0].id, ["hr"])
    pipeline.recover()
    pipeline.library.set_groups(documents[1].id, [EVERYONE])
    vector = counting.embed_queries(["the door"])[0].tolist()
    hits = store.search(StoreQuery(groups=frozenset({"hr"}), dense=vector))
    assert {hit.chunk.document_id for hit in hits} == {documents[0].id}


@pytest.mark.parametrize("answers", [True, False])
def test_a_document_that_is_rejected_when_read_anew(pipeline, store, documents, answers):
    document = documents[0]
    pipeline.library.original(document.sha256).write_bytes(b"%PDF-1.7 torn")
    if not answers:
        store.delete(document.id)
    pipeline.refresh(document.id)
    after = pipeline.process(document.id)
    assert after.state is State.REJECTED
    assert after.version == (document.version if answers else "")
    assert after.reason.endswith("still answers.") is answers
    assert pipeline.library.original(document.sha256).exists()
