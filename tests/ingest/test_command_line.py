"""`python -m ingest`, alone and beside the running app, each as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app_server import AppServer, free_port

ROOT = Path(__file__).parents[2]


def ingest(data: Path, *arguments: str | Path, port: int = 1) -> "subprocess.CompletedProcess[str]":
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FOOTNOTE_")}
    return subprocess.run(
        [sys.executable, "-m", "ingest", *arguments],
        cwd=ROOT,
        env={**kept, "FOOTNOTE_DATA_DIR": str(data), "FOOTNOTE_PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "parking.md").write_text("# Parking\n\nVisitors park on level two.\n")
    (shelf / "обед.txt").write_text("Обед длится сорок пять минут.\n")
    (shelf / "empty.txt").write_text("")
    return shelf


def rows(data: Path) -> dict[str, list[str]]:
    """State, chunks, pages and groups by name, as `list` prints them."""
    lines = ingest(data, "list").stdout.splitlines()[1:]
    return {line.split()[4]: line.split()[:4] for line in lines}


@pytest.mark.slow
def test_alone(data_dir, shelf):
    data = data_dir
    first = ingest(data, "add", shelf, "--groups", "hr, everyone")
    assert first.returncode == 1
    assert first.stdout.splitlines()[-1] == "2 added, 0 unchanged, 1 rejected."
    assert first.stdout.startswith("empty.txt: the file is empty")
    assert "Traceback" not in first.stderr
    assert rows(data) == {
        "parking.md": ["ready", "1", "0", "everyone,hr"],
        "обед.txt": ["ready", "1", "0", "everyone,hr"],
        "empty.txt": ["rejected", "0", "0", "everyone,hr"],
    }
    again = ingest(data, "add", shelf)
    assert again.stdout.splitlines()[-1] == "0 added, 2 unchanged, 1 rejected."
    assert ingest(data, "remove", "empty.txt").stdout == "Removed empty.txt.\n"
    assert ingest(data, "remove", "empty.txt").returncode == 1
    rebuilt = ingest(data, "rebuild")
    assert (rebuilt.returncode, rebuilt.stdout) == (0, "2 of 2 documents indexed.\n")
    assert rows(data).keys() == {"parking.md", "обед.txt"}


def test_a_bad_setting_is_one_line(tmp_path):
    result = ingest(tmp_path, "list", port=99999)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "FOOTNOTE_PORT" in result.stderr


@pytest.fixture
def app(data_dir: Path) -> Iterator[AppServer]:
    with AppServer(data_dir) as server:
        yield server


@pytest.mark.slow
def test_beside_the_running_app(app, shelf):
    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return ingest(app.data_dir, *arguments, port=app.port)

    first = run("add", shelf)
    assert first.stdout.splitlines()[-1] == "2 added, 0 unchanged, 1 rejected.", first.stderr
    assert first.returncode == 1
    assert run("add", shelf / "parking.md").stdout == "0 added, 1 unchanged, 0 rejected.\n"
    assert rows(app.data_dir)["обед.txt"][0] == "ready"
    assert run("remove", "обед.txt").returncode == 0
    assert rows(app.data_dir).keys() == {"parking.md", "empty.txt"}
    refused = run("rebuild")
    assert refused.returncode == 2
    assert refused.stderr == (
        "footnote: The running app holds the index. Stop it and rebuild again.\n"
    )
    lost = ingest(app.data_dir, "add", shelf, port=free_port())
    assert lost.returncode == 2
    assert "no app answers" in lost.stderr
