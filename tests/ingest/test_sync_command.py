"""`python -m ingest sync` and `watch`, alone and beside the running app."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from rag.library import Library
from rag.types import State
from tests.app_server import AppServer
from tests.ingest.source_files import put

ROOT = Path(__file__).parents[2]


def environment(data: Path, sources: Path | None, port: int) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
    own = {"FOOTNOTE_DATA_DIR": str(data), "FOOTNOTE_PORT": str(port)}
    return kept | own | ({"FOOTNOTE_SOURCES": str(sources)} if sources else {})


def ingest(
    data: Path, sources: Path | None, *arguments: str, port: int = 1
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ingest", *arguments],
        cwd=ROOT,
        env=environment(data, sources, port),
        capture_output=True,
        text=True,
        timeout=240,
    )


def documents(data: Path) -> dict[str, tuple[State, tuple[str, ...]]]:
    """State and groups by name."""
    with closing(Library(data / "library")) as library:
        return {document.name: (document.state, document.groups) for document in library.list()}


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    shelf = tmp_path / "shelf"
    put(shelf, "parking.md", "# Parking\n\nVisitors park on level two.\n")
    put(shelf, "обед.txt", "Обед длится сорок пять минут.\n")
    put(shelf, "broken.pdf", "%PDF-1.7\n1 0 obj\n<<")
    time.sleep(2.1)  # until the files count as written, so that one sync takes them all
    return shelf


@pytest.fixture
def sources(tmp_path: Path, shelf: Path) -> Path:
    file = tmp_path / "sources.toml"
    file.write_text(
        f'[[source]]\nname = "shelf"\nkind = "folder"\npath = "{shelf}"\ngroups = ["hr"]\n'
    )
    return file


def test_without_sources_or_with_a_mistake_it_is_one_line(tmp_path):
    for arguments in (["sync"], ["watch"]):
        done = ingest(tmp_path, None, *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("footnote: FOOTNOTE_SOURCES names no sources")
        assert done.stderr.count("\n") == 1
    bad = tmp_path / "bad.toml"
    bad.write_text("[[source]]\nkind = 'folder'\n")
    done = ingest(tmp_path, bad, "sync")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "source 1: name is missing" in done.stderr


@pytest.mark.slow
def test_sync_alone(data_dir, sources, shelf):
    done = ingest(data_dir, sources, "sync")
    assert done.returncode == 1, "one file cannot be read"
    lines = done.stdout.splitlines()
    assert lines[0].startswith("shelf/broken.pdf: ")
    assert lines[-1] == "shelf: 3 added, 0 changed, 0 unchanged, 0 removed."
    (shelf / "broken.pdf").unlink()
    done = ingest(data_dir, sources, "sync", "shelf")
    assert done.returncode == 0, done.stdout
    assert done.stdout == "shelf: 0 added, 0 changed, 2 unchanged, 1 removed.\n"
    done = ingest(data_dir, sources, "sync", "wiki")
    assert done.returncode == 2
    assert "No source is named 'wiki'. FOOTNOTE_SOURCES names: shelf." in done.stderr
    assert documents(data_dir) == {
        "shelf/parking.md": (State.READY, ("hr",)),
        "shelf/обед.txt": (State.READY, ("hr",)),
    }
    for path in shelf.iterdir():
        path.unlink()
    kept = ingest(data_dir, sources, "sync")
    assert kept.returncode == 1
    assert "--force" in kept.stdout
    assert len(documents(data_dir)) == 2
    assert "2 removed" in ingest(data_dir, sources, "sync", "--force").stdout


@pytest.mark.slow
def test_beside_the_running_app(data_dir, sources, shelf):
    with AppServer(data_dir, FOOTNOTE_SOURCES=str(sources)) as app:
        done = ingest(data_dir, sources, "sync", "shelf", port=app.port)
        assert done.stdout.splitlines()[-1].startswith("shelf: 0 added") or "3 added" in done.stdout
        (shelf / "обед.txt").unlink()
        done = ingest(data_dir, sources, "sync", port=app.port)
        assert done.returncode == 0, done.stdout + done.stderr
        with httpx.Client(base_url=app.url, trust_env=False) as client:
            (status,) = client.get("/api/sources").json()["sources"]
            assert (status["name"], status["kind"], status["groups"]) == ("shelf", "folder", ["hr"])
            assert status["last"]["finished_at"]
            assert not status["waiting"]
            unknown = client.post("/api/sources/wiki/sync")
            assert unknown.status_code == 503
            assert "No source is named" in unknown.json()["error"]["message"]
        assert documents(data_dir).keys() == {"shelf/parking.md", "shelf/broken.pdf"}
        wrong = ingest(data_dir, None, "sync", "wiki", port=app.port)
        assert wrong.returncode == 2
        assert "The running app follows: shelf." in wrong.stderr
        watch = ingest(data_dir, sources, "watch", port=app.port)
        assert watch.returncode == 2
        assert "follows the sources" in watch.stderr


@pytest.mark.slow
def test_watch(data_dir, sources, shelf):
    process = subprocess.Popen(
        [sys.executable, "-m", "ingest", "watch"],
        cwd=ROOT,
        env=environment(data_dir, sources, 1),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert next(lines) == "Following shelf; Ctrl-C to stop.\n"
        assert "shelf: 3 added, 0 changed, 0 unchanged, 0 removed.\n" in lines
        put(shelf, "new.txt", "Badges are worn at all times.\n")
        assert "shelf: 1 added, 0 changed, 3 unchanged, 0 removed.\n" in lines
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
