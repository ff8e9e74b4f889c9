"""Sources in a running process: a watched folder, requests, the pause between syncs."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.jobs import Jobs
from ingest.pipeline import Pipeline
from ingest.sources.schedule import SourceSchedule
from ingest.sources.seen import Seen, Synced, last_syncs
from rag.library import Library
from rag.settings import Settings
from rag.store import Store
from rag.types import State, document_id
from serving.errors import ConfigError

SLOWLY = "1d"
"""Only a change or a request starts the next sync within a test."""


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def followed(tmp_path: Path, root: Path, settings: Settings) -> Settings:
    """Settings with the folder as a source."""
    file = tmp_path / "sources.toml"
    file.write_text(
        f'[[source]]\nname = "shelf"\nkind = "folder"\npath = "{root}"\nevery = "{SLOWLY}"\n'
    )
    return settings.model_copy(update={"sources": str(file)})


@pytest.fixture
def unwatched(tmp_path: Path, settings: Settings) -> Settings:
    """Settings with a source that nobody can listen to."""
    (tmp_path / "pages.txt").write_text("")
    file = tmp_path / "sources.toml"
    file.write_text('[[source]]\nname = "shelf"\nkind = "web"\nurls = "pages.txt"\n')
    return settings.model_copy(update={"sources": str(file)})


@pytest.fixture
def heard() -> list[Synced]:
    return []


@pytest.fixture
def schedule(
    pipeline: Pipeline, followed: Settings, tmp_path: Path, heard: list[Synced]
) -> Iterator[SourceSchedule]:
    jobs = Jobs(pipeline, tmp_path / "queue")
    schedule = SourceSchedule(pipeline, jobs.submit, followed, heard.append)
    jobs.start()
    schedule.start()
    yield schedule
    schedule.stop()
    jobs.stop()


def text_of(library: Library, store: Store, name: str) -> str:
    """What answers now; the chunks of another version do not."""
    document = library.get(document_id(name))
    if document is None:
        return ""
    chunks = store.chunks(document.id)
    return " ".join(chunk.text for chunk in chunks if chunk.version == document.version)


def test_a_watched_folder_is_followed_at_once(schedule, heard, root, library, store):
    until(lambda: heard)
    (root / "a.md").write_text("# Parking\n\nVisitors park on level two.\n")
    until(lambda: "level two" in text_of(library, store, "shelf/a.md"))
    (root / "a.md").write_text("# Parking\n\nVisitors park on level nine.\n")
    until(lambda: "level nine" in text_of(library, store, "shelf/a.md"))
    assert "level two" not in text_of(library, store, "shelf/a.md")
    (root / "deep").mkdir()
    (root / "deep" / "b.txt").write_text("Badges are worn at all times.\n")
    until(lambda: "Badges" in text_of(library, store, "shelf/deep/b.txt"))
    (root / "a.md").unlink()
    until(lambda: library.get(document_id("shelf/a.md")) is None)
    until(lambda: store.count(document_id("shelf/a.md")) == 0)
    assert [d.state for d in library.list()] == [State.READY]


def test_a_folder_that_comes_later_is_followed_too(schedule, heard, root, library):
    until(lambda: heard)
    root.rmdir()
    until(lambda: any("no folder" in line for s in heard for line in s.problems))
    root.mkdir()
    (root / "a.txt").write_text("Badges are worn at all times.\n")
    until(library.list)


def test_a_request_is_served_and_told(schedule, heard, root, library):
    until(lambda: heard)
    with pytest.raises(ConfigError, match="No source is named 'other'"):
        schedule.request("other")
    number = len(heard)
    schedule.request("shelf")
    assert schedule.statuses()[0].waiting
    until(lambda: not schedule.statuses()[0].waiting)
    (status,) = schedule.statuses()
    assert (status.name, status.kind, status.every) == ("shelf", "folder", 86400)
    assert status.last == heard[-1] == last_syncs(library)[0]
    assert len(heard) > number


def test_after_a_start_a_source_that_was_synced_lately_waits(pipeline, unwatched, library, heard):
    seen = Seen(library.engine)
    seen.finish(Synced("shelf", seen.begin("shelf"), "2000-01-01T00:00:00+00:00"))
    schedule = SourceSchedule(pipeline, lambda _id: None, unwatched, heard.append)
    schedule.start()
    schedule.stop()
    assert heard == []
    seen.begin("shelf")  # and one whose sync was interrupted does not
    schedule = SourceSchedule(pipeline, lambda _id: None, unwatched, heard.append)
    schedule.start()
    until(lambda: heard)
    schedule.stop()


def test_without_sources_nothing_is_started(pipeline: Pipeline, settings: Settings):
    schedule = SourceSchedule(pipeline, lambda _id: None, settings)
    schedule.start()
    assert schedule.statuses() == []
    with pytest.raises(ConfigError, match="names no sources"):
        schedule.request("shelf")
    schedule.stop()


def test_a_missing_secret_is_the_outcome(
    pipeline: Pipeline, library: Library, settings: Settings, tmp_path: Path, heard: list[Synced]
):
    file = tmp_path / "sources.toml"
    file.write_text(
        '[[source]]\nname = "bucket"\nkind = "s3"\nendpoint = "http://127.0.0.1:9"\n'
        'bucket = "b"\nkey_env = "NO_SUCH_KEY"\nsecret_env = "NO_SUCH_SECRET"\n'
    )
    chosen = settings.model_copy(update={"sources": str(file)})
    schedule = SourceSchedule(pipeline, lambda _id: None, chosen, heard.append)
    schedule.start()
    until(lambda: heard)
    schedule.stop()
    (synced,) = last_syncs(library)
    assert "NO_SUCH_KEY is not set" in synced.problems[0]
