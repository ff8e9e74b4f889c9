"""The catalogue and the files, on a real SQLite file."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.library import Library, version_of
from rag.originals import Reading
from rag.types import EVERYONE, Document, State, document_id

READING = Reading("text/plain", 1, 2, [{"type": "Text", "text": "a", "page": 1}])


@pytest.fixture
def library(tmp_path: Path):
    library = Library(tmp_path / "library")
    yield library
    library.close()


def add(library: Library, tmp_path: Path, name: str, text: str, groups=(EVERYONE,)) -> Document:
    sha256 = keep(library, tmp_path, text)
    new = Document(document_id(name), name, sha256, "", "", groups, size=len(text))
    return library.add(new)


def keep(library: Library, tmp_path: Path, text: str) -> str:
    path = tmp_path / "source"
    path.write_text(text)
    return library.keep_original(path)


def finish(library: Library, document_id: str) -> Document:
    entry = library.begin(document_id)
    assert entry
    assert library.switch(entry, READING)
    library.synced(document_id)
    document = library.get(document_id)
    assert document
    return document


def test_a_first_version_answers_only_after_the_switch(library, tmp_path):
    document = add(library, tmp_path, "a.txt", "one")
    assert (document.state, document.version, document.size) == (State.WAITING, "", 3)
    assert library.count_readable(frozenset({EVERYONE})) == 0
    done = finish(library, document.id)
    assert done.version == version_of(document.sha256)
    assert (done.state, done.pages, done.chunks, done.size) == (State.READY, 1, 2, 3)
    assert library.count_readable(frozenset({EVERYONE})) == 1


def test_the_old_version_answers_until_the_switch(library, tmp_path):
    old = finish(library, add(library, tmp_path, "a.txt", "one").id)
    new = keep(library, tmp_path, "two, longer")
    waiting = library.await_version(old.id, new, 11, ["hr"])
    assert (waiting.version, waiting.sha256, waiting.groups) == (
        old.version,
        old.sha256,
        old.groups,
    )
    assert waiting.state is State.WAITING
    done = finish(library, old.id)
    assert (done.version, done.size, done.groups) == (version_of(new), 11, ("hr",))
    assert library.original(old.sha256).read_text() == "one"  # earlier answers stay checkable


def test_a_superseded_version_does_not_switch(library, tmp_path):
    document = add(library, tmp_path, "a.txt", "one")
    entry = library.begin(document.id)
    library.await_version(document.id, keep(library, tmp_path, "two"), 3, [EVERYONE])
    assert not library.switch(entry, READING)
    assert not library.give_up(entry, State.FAILED, "no", answers=False)
    assert library.get(document.id).state is State.WAITING


def test_a_removed_document_does_not_come_back(library, tmp_path):
    document = add(library, tmp_path, "a.txt", "one")
    entry = library.begin(document.id)
    assert library.remove(document.id)
    assert not library.switch(entry, READING)
    assert library.get(document.id) is None
    assert library.list() == []


def test_removing_keeps_a_content_that_another_document_uses(library, tmp_path):
    first = finish(library, add(library, tmp_path, "a.txt", "same").id)
    second = add(library, tmp_path, "b.txt", "same")
    library.files.keep_reading(first.sha256, READING)
    library.remove(first.id)
    assert library.original(second.sha256).exists()
    library.remove(second.id)
    assert not library.original(second.sha256).exists()
    assert library.files.reading(second.sha256) is None


def test_removing_deletes_every_version(library, tmp_path):
    old = finish(library, add(library, tmp_path, "a.txt", "one").id)
    new = keep(library, tmp_path, "two")
    library.await_version(old.id, new, 3, [EVERYONE])
    library.remove(old.id)
    assert not library.original(old.sha256).exists()
    assert not library.original(new).exists()


def test_groups_decide_what_is_listed_and_counted(library, tmp_path):
    finish(library, add(library, tmp_path, "a.txt", "one").id)
    hr = finish(library, add(library, tmp_path, "b.txt", "two", ("hr", "board")).id)
    names = lambda *groups: [d.name for d in library.list(frozenset(groups))]  # noqa: E731
    assert names(EVERYONE) == ["a.txt"]
    assert names("board", "hr") == ["b.txt"]
    assert names() == []
    assert library.count_readable(frozenset({EVERYONE, "hr"})) == 2
    library.set_groups(hr.id, ["board"])
    assert names("hr") == []
    assert list(library.unsynced()) == [hr.id]
    library.synced(hr.id)
    assert not library.unsynced()


def test_get_many_leaves_out_unknown_ids(library, tmp_path):
    document = add(library, tmp_path, "a.txt", "one")
    ids = [document.id, *(document_id(str(n)) for n in range(1200))]
    assert library.get_many(ids) == {document.id: document}


def test_what_was_read_comes_back(library, tmp_path):
    document = finish(library, add(library, tmp_path, "a.txt", "one").id)
    assert list(library.elements(document)) == []
    library.files.keep_reading(document.sha256, READING)
    assert library.elements(document)[0]["text"] == "a"


def test_everything_is_there_after_reopening(library, tmp_path):
    document = finish(library, add(library, tmp_path, "a.txt", "one").id)
    library.remember("sample", "1")
    library.close()
    again = Library(tmp_path / "library")
    assert again.get(document.id) == document
    assert again.fact("sample") == "1"
    assert again.fact("other") == ""
    again.close()


def test_threads_write_and_read_together(library, tmp_path):
    def work(number: int) -> None:
        for step in range(10):
            name = f"{number}-{step}.txt"
            sha256 = f"{number:032x}{step:032x}"
            library.add(Document(document_id(name), name, sha256, "", ""))
            finish(library, document_id(name))
            library.list(frozenset({EVERYONE}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert library.count_readable(frozenset({EVERYONE})) == 40
