"""What ends a process that reads files, and that nothing of it is left."""

import gc
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.guard.parser import Parser
from ingest.limits import Limits
from ingest.parse import Parsed
from ingest.progress import Cancelled
from serving.errors import RejectedFile
from tests.processes import children, command, servers, wait_for

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def slow_file(tmp_path: Path) -> Path:
    """A file whose reader waits for ever: a pipe into which nobody writes."""
    path = tmp_path / "slow.csv"
    os.mkfifo(path)
    return path


def read(parser: Parser, folder: Path, name: str, data: bytes) -> Parsed:
    path = folder / "stored"
    path.write_bytes(data)
    (folder / "members").mkdir(exist_ok=True)
    return parser.parse(path, name, folder / "members")


def test_too_slow(slow_file: Path, tmp_path: Path) -> None:
    parser = Parser(Limits(seconds=1))
    with pytest.raises(RejectedFile, match=r"longer than 1 s.* FOOTNOTE_MAX_PARSE_SECONDS\.$"):
        parser.parse(slow_file, "slow.csv", tmp_path)
    assert children(servers(os.getpid())[-1]) == []
    parser.close()


def test_a_closed_parser_leaves_no_process(tmp_path: Path) -> None:
    before = servers(os.getpid())
    parser = Parser(Limits())
    parser.close()
    assert servers(os.getpid()) == before
    with pytest.raises(Cancelled):
        read(parser, tmp_path, "a.txt", b"Text.")


def test_closing_cancels_what_is_under_way(slow_file: Path, tmp_path: Path) -> None:
    parser = Parser(Limits())
    before = servers(os.getpid())
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(parser.parse, slow_file, "slow.csv", tmp_path)
        server = wait_for(lambda: set(servers(os.getpid())) - set(before)).pop()
        wait_for(lambda: servers(server))
        parser.close()
        with pytest.raises(Cancelled):
            future.result()
    assert servers(os.getpid()) == before


def test_a_forgotten_parser_leaves_no_process(tmp_path: Path) -> None:
    before = servers(os.getpid())
    parser = Parser(Limits())
    read(parser, tmp_path, "a.txt", b"Text.")
    assert len(servers(os.getpid())) == len(before) + 1
    del parser
    gc.collect()
    assert servers(os.getpid()) == before


def test_a_dead_server_is_replaced_and_the_file_read(slow_file: Path, tmp_path: Path) -> None:
    parser = Parser(Limits())
    before = servers(os.getpid())
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(parser.parse, slow_file, "slow.csv", tmp_path)
        server = wait_for(lambda: set(servers(os.getpid())) - set(before)).pop()
        child = wait_for(lambda: servers(server))[0]
        (tmp_path / "whole").write_text("a,b\n1,2\n")
        (tmp_path / "whole").replace(slow_file)
        os.kill(server, signal.SIGKILL)
        assert future.result().media_type == "text/csv"
    assert not command(child)
    assert read(parser, tmp_path, "next.txt", b"The next file.").elements
    parser.close()


def test_a_file_that_kills_the_server_twice_is_rejected(slow_file: Path, tmp_path: Path) -> None:
    parser = Parser(Limits())
    before = servers(os.getpid())
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(parser.parse, slow_file, "slow.csv", tmp_path)
        for _ in range(2):
            server = wait_for(lambda: set(servers(os.getpid())) - set(before)).pop()
            wait_for(lambda pid=server: servers(pid))
            os.kill(server, signal.SIGKILL)
            wait_for(lambda pid=server: pid not in servers(os.getpid()) or not command(pid))
            before.append(server)
        with pytest.raises(RejectedFile, match=r"^slow\.csv: reading it ends the program"):
            future.result()
    parser.close()


def test_a_killed_caller_leaves_nothing(slow_file: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ingest.guard.parser import Parser; "
        "from ingest.limits import Limits; "
        "Parser(Limits()).parse(Path(sys.argv[1]), 'slow.csv', Path(sys.argv[2]))"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", code, str(slow_file), str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(scratch)},
    ) as caller:
        server = wait_for(lambda: servers(caller.pid))[0]
        child = wait_for(lambda: servers(server))[0]
        caller.kill()
    wait_for(lambda: not command(server) and not command(child))
    assert list(scratch.iterdir()) == []
