"""Real servers on loopback for tests, each with a folder of its own that is gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.app_server import free_port

_SECONDS = 30


class RedisServer:
    """A Redis server that can be stopped and started again at the same address."""

    def __init__(self) -> None:
        self._program = shutil.which("redis-server")
        if not self._program:
            pytest.skip("redis-server is not installed (.ci/system-packages installs it)")
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "RedisServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        options = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", ""]
        options += ["--appendonly", "no", "--dir", tempfile.gettempdir()]
        self._process = subprocess.Popen(
            [str(self._program), *options], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        _wait(self._answers, "redis-server")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        from redis import Redis
        from redis.exceptions import RedisError

        with Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


@contextmanager
def postgres_server() -> Iterator[str]:
    """SQLAlchemy's address of an empty database on a PostgreSQL server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (.ci/system-packages installs it)")
    programs = found[-1].parent
    # It refuses to run as root, and pytest's folders are closed to other users.
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="footnote-postgres-"))
    if user:
        shutil.chown(folder, user)
    port = free_port()
    server = None
    try:
        options = ["-U", "footnote", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        options += ["--no-sync", "--no-instructions"]
        _run([programs / "initdb", "-D", folder / "data", *options], user)
        log = (folder / "log").open("wb")
        options = ["-D", folder / "data", "-k", folder, "-h", "127.0.0.1", "-p", str(port)]
        options += ["-c", "fsync=off", "-c", "full_page_writes=off"]
        with log:
            server = subprocess.Popen(
                [programs / "postgres", *options], stdout=log, stderr=log, user=user, cwd=folder
            )
        ready = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        _wait(lambda: subprocess.run(ready).returncode == 0, "postgres")
        yield f"postgresql+psycopg://footnote@127.0.0.1:{port}/postgres"
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # fast: clients are cut off
            server.wait(_SECONDS)
        shutil.rmtree(folder)


def _run(command: list[str | Path], user: str | None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, user=user, cwd="/")
    assert done.returncode == 0, done.stderr


def _wait(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what} did not start"
        time.sleep(0.05)
