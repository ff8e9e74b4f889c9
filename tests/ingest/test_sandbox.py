"""What a process that reads a file cannot do, and that it can do its work all the same."""

import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from ingest.guard.parser import Parser
from ingest.limits import Limits
from ingest.parse.ocr import available
from serving.errors import RejectedFile

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("call", ["leave_network", "refuse_sockets"])
def test_no_connection_can_be_made(call: str) -> None:
    """Each of the two ways alone, also in a program that is started from there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        connect = f"import socket; socket.create_connection({listening.getsockname()!r}, 5)"
        code = (
            f"import subprocess, sys; from ingest.guard.sandbox import {call}\n"
            f"if not {call}(): sys.exit(77)\n"
            f"sys.exit(subprocess.run([sys.executable, '-c', {connect!r}]).returncode)"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)
        if done.returncode == 77:
            pytest.skip(f"this machine does not allow it: {call}")
        assert done.returncode == 1
        assert b"OSError" in done.stderr or b"PermissionError" in done.stderr
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_only_the_file_and_its_folder_can_be_opened(tmp_path: Path) -> None:
    for name in ("file.txt", "other.txt"):
        (tmp_path / name).write_text("Words.")
    (tmp_path / "folder").mkdir()
    code = (
        "import os, sys; from pathlib import Path; from ingest.guard.landlock import confine\n"
        "here = Path(sys.argv[1])\n"
        "if not confine(here / 'file.txt', [here / 'folder']): sys.exit(77)\n"
        "def attempt(name, what):\n"
        "    try: what(); print(name)\n"
        "    except OSError: pass\n"
        "attempt('file', (here / 'file.txt').read_text)\n"
        "attempt('other', (here / 'other.txt').read_text)\n"
        "attempt('list', lambda: list(here.iterdir()))\n"
        "attempt('passwd', Path('/etc/passwd').read_text)\n"
        "attempt('project', Path('pyproject.toml').read_text)\n"
        "attempt('parent', Path(f'/proc/{os.getppid()}/environ').read_bytes)\n"
        "attempt('overwrite', lambda: (here / 'file.txt').write_text('x'))\n"
        "attempt('beside', lambda: (here / 'new.txt').write_text('x'))\n"
        "attempt('into', lambda: (here / 'folder' / 'new.txt').write_text('x'))\n"
        "attempt('link', lambda: (here / 'folder' / 'l').symlink_to('/etc/passwd'))\n"
        "attempt('through', (here / 'folder' / 'l').read_text)\n"
        "import lxml.etree, xml.sax, docx, charset_normalizer"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode == 77:
        pytest.skip("this kernel has no Landlock")
    assert done.stderr == ""
    assert done.stdout.split() == ["file", "into", "link"]


def test_text_is_recognised_within_the_limits(tmp_path: Path) -> None:
    """Tesseract runs in what the child is confined to."""
    if not available():
        pytest.skip("Tesseract with English and Russian is not installed")
    picture = Image.new("L", (900, 160), 255)
    ImageDraw.Draw(picture).text((30, 40), "Locked accounts", 0, ImageFont.load_default(64))
    picture.save(tmp_path / "scan.png", dpi=(150, 150))
    (tmp_path / "members").mkdir()
    parser = Parser(Limits())
    found = parser.parse(tmp_path / "scan.png", "scan.png", tmp_path / "members")
    parser.close()
    assert "Locked accounts" in " ".join(e.text for e in found.elements)


def test_a_stopped_child_takes_its_programs_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text recognition of many pages, ended at the time limit of the file or of its pages."""
    if not available():
        pytest.skip("Tesseract with English and Russian is not installed")
    noise = Image.effect_noise((1200, 1600), 200)
    path = tmp_path / "scan.pdf"
    noise.save(path, save_all=True, append_images=[noise] * 9)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    parser = Parser(Limits(seconds=4, page_seconds=0))
    (tmp_path / "members").mkdir()
    with pytest.raises(RejectedFile, match=r"FOOTNOTE_MAX_PA(RSE|GE)_SECONDS"):
        parser.parse(path, "scan.pdf", tmp_path / "members")
    left = [p for p in Path("/proc").glob("[0-9]*/cmdline") if _named(p, tmp_path)]
    assert left == []
    parser.close()


def _named(cmdline: Path, folder: Path) -> bool:
    """Whether a process works in `folder`, where all its scratch files are."""
    try:
        return str(folder).encode() in cmdline.read_bytes()
    except OSError:
        return False
