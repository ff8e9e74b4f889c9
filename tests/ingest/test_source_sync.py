"""Following a source, over a real folder, store and catalogue."""

from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from ingest.sources import Source
from ingest.sources.seen import Seen, Synced, last_syncs
from ingest.sources.sync import sync
from rag.library import Library
from rag.types import State, document_id
from tests.ingest.source_files import Folder, put

COUNTS = ("added", "changed", "unchanged", "removed", "rejected", "unsettled", "refused_removal")


def counts(synced: Synced) -> dict[str, int]:
    return {name: value for name in COUNTS if (value := getattr(synced, name))}


def follow(source: Source, pipeline: Pipeline, force: bool = False) -> Synced:
    """Sync, then read what was taken in."""
    waiting: list[str] = []
    synced = sync(source, pipeline, waiting.append, force=force)
    for _document in pipeline.process_all(waiting):
        pass
    return synced


def names(library: Library) -> dict[str, State]:
    return {document.name: document.state for document in library.list()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


def test_a_folder_is_followed(root, pipeline, library, store, counting):
    put(root, "parking.md", "# Parking\n\nVisitors park on level two.\n")
    put(root, "hr/обед.txt", "Обед длится сорок пять минут.\n")
    source = Folder(root)
    first = follow(source, pipeline)
    assert counts(first) == {"added": 2}
    assert first.clean
    ready = {"shelf/parking.md": State.READY, "shelf/hr/обед.txt": State.READY}
    assert names(library) == ready
    assert {d.source for d in library.list()} == {"shelf"}

    source.fetched.clear()
    embedded = counting.passages
    assert counts(follow(source, pipeline)) == {"unchanged": 2}
    assert source.fetched == []
    assert counting.passages == embedded

    put(root, "parking.md", "# Parking\n\nVisitors park on level nine.\n")
    (root / "hr" / "обед.txt").unlink()
    assert counts(follow(source, pipeline)) == {"changed": 1, "removed": 1}
    assert source.fetched == ["parking.md"]
    assert names(library) == {"shelf/parking.md": State.READY}
    (chunk,) = store.chunks(document_id("shelf/parking.md"))
    assert "level nine" in chunk.text
    assert store.count() == 1


def test_a_file_that_was_only_touched_is_fetched_and_not_read_again(root, pipeline, counting):
    put(root, "a.txt", "Rooms are booked in the calendar.\n")
    source = Folder(root)
    follow(source, pipeline)
    embedded = counting.passages
    put(root, "a.txt", "Rooms are booked in the calendar.\n")
    assert counts(follow(source, pipeline)) == {"unchanged": 1}
    assert source.fetched == ["a.txt", "a.txt"]
    assert counting.passages == embedded
    assert counts(follow(source, pipeline)) == {"unchanged": 1}
    assert len(source.fetched) == 2


def test_a_moved_file_is_removed_and_added(root, pipeline, library):
    for number in range(10):
        put(root, f"{number}.txt", f"Rule {number}.\n")
    source = Folder(root)
    follow(source, pipeline)
    (root / "3.txt").rename(root / "three.txt")
    assert counts(follow(source, pipeline)) == {"added": 1, "unchanged": 9, "removed": 1}
    assert {"shelf/three.txt"} == {d.name for d in library.list()} - {
        f"shelf/{number}.txt" for number in range(10)
    }


def fill(root: Path, number: int) -> None:
    for n in range(number):
        put(root, f"{n}.txt", f"Rule {n}.\n")


def test_more_than_a_fifth_gone_at_once_stops_the_removal(root, pipeline, library):
    fill(root, 20)
    source = Folder(root)
    sync(source, pipeline, lambda _id: None)
    for n in range(5):
        (root / f"{n}.txt").unlink()
    stopped = sync(source, pipeline, lambda _id: None)
    assert counts(stopped) == {"unchanged": 15, "refused_removal": 5}
    assert not stopped.clean
    assert "5 of 20 documents" in stopped.problems[0]
    assert "--force" in stopped.problems[0]
    assert len(library.list()) == 20
    put(root, "0.txt", "Rule 0 is back.\n")  # four of twenty are a fifth, not more
    assert counts(sync(source, pipeline, lambda _id: None)) == {
        "changed": 1,
        "unchanged": 15,
        "removed": 4,
    }


def test_force_removes_what_was_stopped(root, pipeline, library):
    fill(root, 20)
    source = Folder(root)
    sync(source, pipeline, lambda _id: None)
    for path in list(root.iterdir())[:15]:
        path.unlink()
    assert counts(sync(source, pipeline, lambda _id: None, force=True))["removed"] == 15
    assert len(library.list()) == 5


def test_a_few_may_always_go(root, pipeline, library):
    fill(root, 4)
    source = Folder(root)
    sync(source, pipeline, lambda _id: None)
    for n in range(3):
        (root / f"{n}.txt").unlink()
    assert counts(sync(source, pipeline, lambda _id: None))["removed"] == 3


def test_an_empty_listing_removes_nothing_without_force(root, pipeline, library):
    put(root, "a.txt", "Rule.\n")
    source = Folder(root)
    sync(source, pipeline, lambda _id: None)
    (root / "a.txt").unlink()
    stopped = sync(source, pipeline, lambda _id: None)
    assert counts(stopped) == {"refused_removal": 1}
    assert len(library.list()) == 1
    assert counts(sync(source, pipeline, lambda _id: None, force=True)) == {"removed": 1}
    assert library.list() == []


@pytest.mark.parametrize("force", [False, True])
def test_a_failed_listing_takes_in_and_never_removes(root, pipeline, library, force):
    fill(root, 4)
    source = Folder(root)
    sync(source, pipeline, lambda _id: None)
    put(root, "0.txt", "Rule 0, changed.\n")
    (root / "1.txt").unlink()
    source.break_after = 1
    broken = sync(source, pipeline, lambda _id: None, force=force)
    assert counts(broken) == {"changed": 1}
    assert broken.problems[0] == "shelf: the share went away."
    assert "nothing was removed" in broken.problems[1]
    assert len(library.list()) == 4


def test_a_missing_folder_is_a_problem_and_removes_nothing(root, pipeline, library):
    put(root, "a.txt", "Rule.\n")
    sync(Folder(root), pipeline, lambda _id: None)
    (root / "a.txt").unlink()
    root.rmdir()
    synced = sync(Folder(root), pipeline, lambda _id: None, force=True)
    assert "there is no folder" in synced.problems[0]
    assert len(library.list()) == 1


def test_what_a_person_added_is_left_alone(root, pipeline, library, tmp_path):
    own = tmp_path / "own.txt"
    own.write_text("Written by hand.\n")
    pipeline.accept(own, "shelf/a.txt")
    pipeline.accept(own, "shelf/other.txt")
    put(root, "a.txt", "From the folder.\n")
    source = Folder(root)
    synced = sync(source, pipeline, lambda _id: None)
    assert counts(synced) == {"rejected": 1}
    assert "did not come from this source" in synced.problems[0]
    assert source.fetched == []
    (root / "a.txt").unlink()
    assert counts(sync(source, pipeline, lambda _id: None, force=True)) == {}
    assert {d.name: d.source for d in library.list()} == {"shelf/a.txt": "", "shelf/other.txt": ""}


def test_sources_do_not_remove_each_others_documents(root, pipeline, library, tmp_path):
    other = tmp_path / "other"
    put(root, "a.txt", "One.\n")
    put(other, "a.txt", "Two.\n")
    sync(Folder(root, "one"), pipeline, lambda _id: None)
    sync(Folder(other, "two"), pipeline, lambda _id: None)
    put(other, "b.txt", "Three.\n")
    (other / "a.txt").unlink()
    sync(Folder(other, "two"), pipeline, lambda _id: None)
    assert {d.name for d in library.list()} == {"one/a.txt", "two/b.txt"}


def test_bad_files_are_named_and_do_not_stop_the_others(root, pipeline, library):
    put(root, "empty.txt", "")
    put(root, "large.txt", "a" * ((1 << 20) + 1))
    put(root, "good.txt", "Rule.\n")
    put(root, "bad\nname.txt", "Rule.\n")
    source = Folder(root)
    synced = sync(source, pipeline, lambda _id: None)
    assert counts(synced) == {"added": 1, "rejected": 3}
    assert all("\n" not in line for line in synced.problems)
    states = names(library)
    assert states.pop("shelf/good.txt") is State.WAITING
    assert states == {"shelf/empty.txt": State.REJECTED, "shelf/large.txt": State.REJECTED}
    again = sync(source, pipeline, lambda _id: None)
    assert counts(again) == {"unchanged": 1, "rejected": 3}, "said as long as it is so"
    assert "MiB is more than the limit" in "".join(again.problems)


def test_a_file_that_is_still_written_waits_and_is_not_removed(root, pipeline, library):
    put(root, "a.txt", "Half of a sen")
    slow = Folder(root, settle=3600)
    assert counts(sync(slow, pipeline, lambda _id: None)) == {"unsettled": 1}
    assert library.list() == []
    sync(Folder(root), pipeline, lambda _id: None)
    put(root, "a.txt", "Half of a sentence, and the other half.\n")
    assert counts(sync(slow, pipeline, lambda _id: None)) == {"unsettled": 1}
    assert len(library.list()) == 1


def test_the_settings_say_who_may_read(root, pipeline, library):
    put(root, "a.txt", "Salaries are secret.\n")
    follow(Folder(root), pipeline)
    narrowed = Folder(root, groups=("hr",))
    assert counts(follow(narrowed, pipeline)) == {"unchanged": 1}
    assert narrowed.fetched == []
    assert [d.groups for d in library.list()] == [("hr",)]
    assert library.count_readable(frozenset({"everyone"})) == 0


def test_the_last_sync_of_each_source_is_kept(root, pipeline, library):
    assert last_syncs(library) == []
    put(root, "a.txt", "")
    first = sync(Folder(root), pipeline, lambda _id: None)
    put(root, "a.txt", "Rule.\n")
    second = sync(Folder(root), pipeline, lambda _id: None)
    assert first.problems
    assert last_syncs(library) == [second]
    assert second.summary == "shelf: 0 added, 1 changed, 0 unchanged, 0 removed."
    Seen(library.engine).begin("shelf")
    (interrupted,) = last_syncs(library)
    assert "interrupted" in interrupted.summary


def test_documents_that_a_person_removed_come_back_as_the_source_has_them(root, pipeline, library):
    put(root, "a.txt", "Rule.\n")
    source = Folder(root)
    sync(source, pipeline, lambda _id: None)
    pipeline.remove(document_id("shelf/a.txt"))
    assert counts(sync(source, pipeline, lambda _id: None)) == {"added": 1}


def test_links_leave_the_folder_for_nobody(root, pipeline, library, tmp_path):
    secret = tmp_path / "secret"
    put(secret, "key.txt", "The master key.\n")
    put(root, "real.txt", "Rule.\n")
    (root / "inside.txt").symlink_to(root / "real.txt")
    (root / "outside.txt").symlink_to(secret / "key.txt")
    (root / "folder").symlink_to(secret)
    (root / "loop").symlink_to(root)
    (root / "nowhere.txt").symlink_to(root / "missing")
    put(root, ".hidden/a.txt", "Hidden.\n")
    put(root, "~$office.docx", "lock")
    put(root, "film.pdf.crdownload", "half")
    sync(Folder(root), pipeline, lambda _id: None)
    assert {d.name for d in library.list()} == {"shelf/real.txt", "shelf/inside.txt"}


def test_a_link_put_in_the_place_of_a_listed_file_is_not_read(root, tmp_path):
    put(tmp_path / "secret", "key.txt", "The master key.\n")
    path = put(root, "a.txt", "Rule.\n")
    source = Folder(root)
    (item,) = source.items()
    path.unlink()
    path.symlink_to(tmp_path / "secret" / "key.txt")
    with pytest.raises(Exception, match="no longer a file of this folder"):
        source.fetch(item, tmp_path / "copy", "")
    assert not (tmp_path / "copy").exists()
