"""The Sources tab, run by AppTest with a real folder that is kept in step."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.services import Services, provide, withdraw
from app.texts import texts
from ingest.sources.schedule import SourceSchedule
from rag.types import document_id
from tests.app.test_documents import html, settle, start, words

EN = texts("en")


@pytest.fixture
def shelf(services: Services, tmp_path: Path) -> Iterator[tuple[Services, Path]]:
    """Five notes in a folder that the schedule follows."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text(f"Note {number}: the lift number {number} works.\n")
    file = tmp_path / "sources.toml"
    file.write_text(f'[[source]]\nname = "shelf"\nkind = "folder"\npath = "{folder}"\n')
    settings = services.runtime.settings.model_copy(update={"sources": str(file)})
    schedule = SourceSchedule(services.pipeline, services.jobs.submit, settings)
    followed = replace(services, sources=schedule)
    provide(followed)
    schedule.start()
    yield followed, folder
    schedule.stop()
    withdraw()
    for number in range(5):
        services.pipeline.remove(document_id(f"shelf/{number}.txt"))


def synced(services: Services, **counts: int) -> None:
    """Until the last sync says so, and nothing is under way."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        (status,) = services.sources.statuses()
        last = status.last
        if last and not status.waiting and all(getattr(last, k) == n for k, n in counts.items()):
            return
        time.sleep(0.1)
    raise AssertionError(f"{services.sources.statuses()} is not {counts}")


def test_a_source_is_synced_and_its_safety_stop_is_confirmed_by_a_person(shelf):
    services, folder = shelf
    synced(services, added=5)
    for number in range(5):
        settle(services, f"shelf/{number}.txt")
    at = start()
    assert EN("docs.source.counts", added=5, changed=0, unchanged=0, removed=0) in words(at)
    for number in range(4):
        (folder / f"{number}.txt").unlink()
    at.button(key="sync-shelf").click().run()
    assert not at.exception
    synced(services, refused_removal=4)
    at = start()
    assert "4 of 5 documents are gone" in html(at)
    at.button(key="force-shelf").click().run()
    synced(services, removed=4)
    assert services.runtime.library.get(document_id("shelf/0.txt")) is None
    assert services.runtime.library.get(document_id("shelf/4.txt")) is not None


def test_without_sources_the_tab_says_how_to_name_them(provided):
    assert EN("docs.source.none") in words(start())
