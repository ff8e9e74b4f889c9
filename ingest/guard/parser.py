"""Parsing files of strangers: each in a process of its own, with limits.

`Parser` keeps one warm process (`ingest/guard/forkserver.py`) that forks a child per file: it costs
milliseconds, and what it does to its reader ends with it. The child has limits on memory,
time and what it writes, none of the caller's environment, and where the kernel allows it no
network. This module does not know any format, nor torch, LlamaIndex or the catalogue.
"""

import errno
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

from ingest.guard.parsed_file import Damaged, load
from ingest.limits import Limits, too_expanded, too_large, too_slow
from ingest.parse import Parsed
from ingest.progress import Cancelled
from serving.errors import RejectedFile

logger = logging.getLogger(__name__)

READ, REJECTED, OUT_OF_MEMORY, TOO_EXPANDED, DISK_FULL, FAULTY = 0, 3, 4, 5, 6, 7
"""How a child ended. `READ`: the result file holds what was read; `REJECTED`: the reason."""
_ROOT = Path(__file__).resolve().parents[2]
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TESSDATA_PREFIX", "TZ")
"""Of the environment: never a key, an address or a proxy."""
_START_SECONDS = 120
_STOP_SECONDS = 10
_RESULT_SHARE = 16
"""The caller takes back at most this part of the memory limit, as JSON; as objects it is more."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    code: int
    timed_out: bool


class Parser:
    """Reads files in processes of their own. Safe to share between threads.

    Nothing is started before the first file. A forgotten parser ends its processes itself, and
    so does the death of this process, whatever its kind.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._server: _ForkServer | None = None
        self._closed = False

    def parse(self, path: Path, name: str, folder: Path) -> Parsed:
        """`ingest.parse.parse` of the file at `path`; members are unpacked into `folder`.

        Raises:
            RejectedFile: the file is bad, or takes more than the limits allow.
            Cancelled: the parser was closed.
            OSError: no process could be started, or the disk is full; another time it may work.
        """
        first = self._read(path, name, folder, replace(self.limits, recognise=False))
        if not first.unread or not self.limits.recognise:
            return first
        for member in first.members:  # they are taken out again
            member.path.unlink()
        # Only now is it known how many pages have to be recognised, and so how long it may take.
        seconds = self.limits.seconds + len(first.unread) * self.limits.page_seconds
        return self._read(path, name, folder, replace(self.limits, seconds=seconds))

    def _read(self, path: Path, name: str, folder: Path, limits: Limits) -> Parsed:
        with ExitStack() as stack:
            result = stack.enter_context(tempfile.TemporaryFile())
            errors = stack.enter_context(tempfile.TemporaryFile())
            scratch = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="footnote-", ignore_cleanup_errors=True)
            )
            request = {
                "path": str(path.resolve()),
                "name": name,
                "folder": str(folder.resolve()),
                "scratch": scratch,
                "limits": asdict(limits),
            }
            message = json.dumps(request).encode()
            outcome = self._shared().ask(message, result, errors)
            if outcome is None:
                outcome = self._ask_alone(name, message, result, errors)
            return self._judge(outcome, name, folder.resolve(), limits, result, errors)

    def close(self) -> None:
        """End the processes; a `parse` under way raises Cancelled."""
        with self._lock:
            self._closed = True
            if self._server is not None:
                self._server.stop()
                self._server = None

    def _shared(self) -> "_ForkServer":
        with self._lock:
            if self._closed:
                raise Cancelled
            if self._server is None or self._server.gone:
                if self._server is not None:
                    self._server.stop()
                self._server = _ForkServer()
                weakref.finalize(self, self._server.stop)
            return self._server

    def _ask_alone(self, name: str, message: bytes, result: BinaryIO, errors: BinaryIO) -> _Outcome:
        """Once more after the shared process died, in one that no other file can harm."""
        if self._closed:
            raise Cancelled
        logger.warning("The process that reads files died and is started again")
        for file in (result, errors):
            file.seek(0)
            file.truncate()
        server = _ForkServer()
        try:
            outcome = server.ask(message, result, errors)
        finally:
            server.stop()
        if outcome is None:
            raise RejectedFile(
                f"{name}: reading it ends the program that reads it. Export or save it again."
            )
        return outcome

    def _judge(
        self,
        outcome: _Outcome,
        name: str,
        folder: Path,
        limits: Limits,
        result: BinaryIO,
        errors: BinaryIO,
    ) -> Parsed:
        result.seek(0, os.SEEK_END)
        size = result.tell()
        result.seek(0)
        if outcome.code == READ and size > (limits.memory_mb << 20) // _RESULT_SHARE:
            raise too_large(name, limits)
        if outcome.code == READ:
            try:
                return load(result, folder)
            except Damaged as error:
                raise RejectedFile(_damaged(name, str(error))) from None
        if outcome.code == REJECTED:
            raise RejectedFile(" ".join(result.read(2000).decode("utf-8", "replace").split()))
        raise self._failure(outcome, name, limits, _last_line(errors))

    def _failure(self, outcome: _Outcome, name: str, limits: Limits, last: str) -> Exception:
        code = outcome.code
        if code == DISK_FULL:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if outcome.timed_out or code == -signal.SIGXCPU:
            return too_slow(name, limits)
        if code == TOO_EXPANDED:
            return too_expanded(name, limits)
        if code in (OUT_OF_MEMORY, -signal.SIGKILL) or "bad_alloc" in last:
            return too_large(name, limits)
        if last.startswith("RecursionError"):
            return RejectedFile(
                f"{name}: its parts lie too deep inside one another to be read. Save it anew."
            )
        if code < 0:
            logger.warning("A reader died of signal %d: %s", -code, last[:200])
            return RejectedFile(
                f"{name}: its reader breaks down on it (signal {-code}): it is damaged, or needs "
                "more memory. Export it again, or raise FOOTNOTE_MAX_PARSE_MEMORY_MB."
            )
        logger.warning("A reader failed: %s", last)
        return RejectedFile(_damaged(name, last.split(" ")[0]))


def _damaged(name: str, kind: str) -> str:
    return f"{name}: the file is damaged and cannot be read ({kind}). Export or save it again."


def _last_line(errors: BinaryIO) -> str:
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - 4096))
    return errors.read().decode("utf-8", "replace").strip().split("\n")[-1]


class _ForkServer:
    """The warm process, from start to stop; started by the constructor.

    Raises OSError (from the constructor) where it does not come up.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        self._sending = threading.Lock()
        environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        threads = dict.fromkeys(
            ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"), "1"
        )
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ingest.guard.forkserver"],
                cwd=_ROOT,
                env=environment | threads | {"PYTHONPATH": str(_ROOT)},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in a terminal goes to its whole group
            )
        ours.settimeout(_START_SECONDS)
        if not _received(ours):
            self.stop()
            raise OSError(errno.ECHILD, "The process that reads files does not start, see the log")
        ours.settimeout(None)

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def ask(self, message: bytes, result: BinaryIO, errors: BinaryIO) -> _Outcome | None:
        """Have one file read, and wait for it; None: the server ended before it answered."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                descriptors = [theirs.fileno(), result.fileno(), errors.fileno()]
                try:
                    with self._sending:
                        if self._control.fileno() < 0:  # stopped
                            return None
                        socket.send_fds(self._control, [message], descriptors)
                except (BrokenPipeError, ConnectionResetError):
                    return None
            answer = _received(ours)
        if not answer:
            return None
        value = json.loads(answer)
        return _Outcome(int(value["code"]), bool(value["timed_out"]))

    def stop(self) -> None:
        """End it and its children; idempotent."""
        with self._sending:
            self._control.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _received(source: socket.socket) -> bytes:
    """The next message; nothing where the other end is gone or silent for too long."""
    try:
        return source.recv(4096)
    except (ConnectionResetError, TimeoutError):
        return b""
