"""The process that reads files: what it hands back, what ends it, what it may not do."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.guard.parser import Parser
from ingest.limits import Limits, limits_of
from ingest.parse import Parsed, parse
from rag.settings import Settings
from serving.errors import RejectedFile
from tests.hostile import WHOLE
from tests.processes import children, servers, status

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    parser = Parser(Limits(seconds=60))
    yield parser
    parser.close()


def read(parser: Parser, folder: Path, name: str, data: bytes) -> Parsed:
    path = folder / "stored"
    path.write_bytes(data)
    (folder / "members").mkdir(exist_ok=True)
    return parser.parse(path, name, folder / "members")


def test_limits_are_the_settings() -> None:
    settings = Settings(max_parse_seconds=1, max_parse_memory_mb=300, max_pages=2, max_members=3)
    assert limits_of(settings) == Limits(1, 300, 2, settings.max_expanded_mb, 3)
    assert limits_of(Settings()) == Limits()


def test_one_process_reads_file_after_file(parser: Parser, tmp_path: Path) -> None:
    read(parser, tmp_path, "a.txt", b"The first file.")
    before = servers(os.getpid())
    for text in (b"The second file.", b"The third file."):
        assert [e.text for e in read(parser, tmp_path, "b.txt", text).elements] == [text.decode()]
    assert servers(os.getpid()) == before
    assert children(before[0]) == []


@pytest.mark.parametrize("suffix", sorted(WHOLE))
def test_the_child_reads_what_the_reader_reads(suffix: str, parser: Parser, tmp_path: Path) -> None:
    """All that chunks, citations and the report use of it comes back."""
    path = tmp_path / f"whole{suffix}"
    path.write_bytes(WHOLE[suffix])
    for folder in ("inside", "outside"):
        (tmp_path / folder).mkdir()
    inside = parse(path, path.name, tmp_path / "inside")
    outside = parser.parse(path, path.name, tmp_path / "outside")
    assert content(inside) == content(outside)
    assert inside.pages == outside.pages
    for key in ("media_type", "skipped", "blank", "unread", "ocr", "words"):
        assert getattr(inside, key) == getattr(outside, key)
    members = [[(m.name, m.path.read_bytes()) for m in p.members] for p in (inside, outside)]
    assert members[0] == members[1]


def content(parsed: Parsed) -> list[object]:
    return [
        (
            type(e).__name__,
            e.text,
            e.metadata.page_number,
            e.metadata.category_depth,
            e.metadata.text_as_html,
            e.metadata.attached_to_filename,
            e.metadata.coordinates and e.metadata.coordinates.to_dict(),
        )
        for e in parsed.elements
    ]


def test_files_are_read_at_once(parser: Parser, tmp_path: Path) -> None:
    def one(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        return str(read(parser, folder, f"{number}.txt", f"Text {number}.".encode()).elements[0])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(40))) == [f"Text {number}." for number in range(40)]


def test_the_reason_of_a_rejection(parser: Parser, tmp_path: Path) -> None:
    with pytest.raises(RejectedFile, match=r"^nothing\.pdf: the file is empty"):
        read(parser, tmp_path, "nothing.pdf", b"")


def test_a_name_of_several_lines_makes_one_line(parser: Parser, tmp_path: Path) -> None:
    with pytest.raises(RejectedFile) as error:
        read(parser, tmp_path, "a\nb\r\n.pdf", b"Only text.")
    assert "\n" not in str(error.value)
    assert "\r" not in str(error.value)


def test_too_much_memory(tmp_path: Path) -> None:
    parser = Parser(Limits(memory_mb=256))
    with pytest.raises(RejectedFile, match=r"256 MiB.* FOOTNOTE_MAX_PARSE_MEMORY_MB\.$"):
        read(parser, tmp_path, "large.txt", b"Some words of a very long text. " * 12_000_000)
    parser.close()


def test_the_server_is_warm_lean_and_without_a_network(parser: Parser, tmp_path: Path) -> None:
    read(parser, tmp_path, "a.txt", b"Text.")
    server = servers(os.getpid())[0]
    found = status(server)
    assert found["Threads"] == "1"
    assert found["Seccomp"] == "2"
    assert found["NoNewPrivs"] == "1"
    mapped = Path(f"/proc/{server}/maps").read_text()
    for heavy in ("torch", "openvino", "qdrant"):
        assert f"/{heavy}" not in mapped
    assert "lxml" in mapped


def test_the_server_knows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_TEST_KEY", "very secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:1")
    before = servers(os.getpid())
    parser = Parser(Limits())
    read(parser, tmp_path, "a.txt", b"Text.")
    server = (set(servers(os.getpid())) - set(before)).pop()
    environment = Path(f"/proc/{server}/environ").read_bytes()
    assert b"secret" not in environment
    assert b"proxy" not in environment.lower()
    parser.close()


def test_modules_that_never_come_near_a_file() -> None:
    code = (
        "import sys, threading, ingest.guard.forkserver as f; f.warm(); "
        "print([m for m in ('torch', 'llama_index', 'streamlit', 'transformers', 'qdrant_client')"
        " if m in sys.modules], threading.active_count())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[] 1"


def test_the_caller_needs_no_reader() -> None:
    code = (
        "import sys, ingest.guard.parser; "
        "print([m for m in ('unstructured', 'lxml', 'pypdfium2', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_threads_that_give_up_do_not_disturb_others(parser: Parser, tmp_path: Path) -> None:
    """A file that is rejected beside one that is read, many times over."""
    failures: list[str] = []

    def bad(number: int) -> None:
        folder = tmp_path / f"bad{number}"
        folder.mkdir()
        try:
            read(parser, folder, "bad.docx", b"PK\x03\x04 no archive")
            failures.append("read")
        except RejectedFile:
            pass

    def good(number: int) -> None:
        folder = tmp_path / f"good{number}"
        folder.mkdir()
        if not read(parser, folder, "good.txt", b"Good text.").elements:
            failures.append("empty")

    threads = [threading.Thread(target=f, args=(n,)) for n in range(10) for f in (bad, good)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
