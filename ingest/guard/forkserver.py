"""The warm parent of the processes that read files: `python -m ingest.guard.forkserver`.

It has every reader imported, one thread, no file ever parsed in it, and no network. For each
request it forks one child, which reads one file and ends, so what a hostile file does dies with
it. Requests come on file descriptor 0, a SEQPACKET socket: one JSON object each, with three file
descriptors: a socket for the answer, a file for the result, a file for the child's stderr. The
answer is one JSON object; a hang-up of its socket kills the child and all that it started, and the
end of descriptor 0 ends everything. Limits, memory and time come with the request.
"""

import contextlib
import errno
import gc
import importlib
import json
import lzma
import os
import select
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
import traceback
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn
from xml.etree.ElementTree import ParseError

from lxml.etree import LxmlError
from pypdfium2 import PdfiumError

from ingest.guard.landlock import confine
from ingest.guard.parsed_file import dump
from ingest.guard.parser import DISK_FULL, FAULTY, OUT_OF_MEMORY, READ, REJECTED, TOO_EXPANDED
from ingest.guard.sandbox import adopt_orphans, die_with, leave_network, refuse_sockets, restrict
from ingest.limits import Limits
from ingest.parse import parse
from ingest.parse.nlp import install
from serving.errors import RejectedFile

_RESULT = 3
MESSAGE = 1 << 16
"""Most bytes of a request."""
_DAMAGE = (
    EOFError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    LxmlError,
    ParseError,
    PdfiumError,
)
"""What libraries raise for a damaged file, where its reader does not say more."""
_READERS = (
    "charset_normalizer",
    "docutils.core",
    "docutils.parsers.rst",
    "docutils.writers.html5_polyglot",
    "ingest.parse.archive",
    "ingest.parse.embedded",
    "ingest.parse.image",
    "ingest.parse.mail",
    "ingest.parse.markup",
    "ingest.parse.odt",
    "ingest.parse.outlook",
    "ingest.parse.pdf",
    "ingest.parse.plain",
    "ingest.parse.rtf",
    "ingest.parse.sheets",
    "ingest.parse.slides",
    "ingest.parse.word",
    "lxml.html",
    "magic",
    "markdown_it",
    "olefile",
    "openpyxl",
    "pptx",
    "unstructured.documents.elements",
)


@dataclass(frozen=True, slots=True)
class _Child:
    pid: int
    pidfd: int
    answer: socket.socket
    deadline: float
    scratch: str


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._children: dict[int, _Child] = {}
        """By pidfd and by the descriptor of the answer."""

    def run(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll(self._wait()):
                if descriptor == self._control.fileno():
                    if not self._receive():
                        return self._stop()
                elif child := self._children.get(descriptor):
                    timely = descriptor == child.pidfd
                    self._finish(child, timed_out=False, hung_up=not timely)
            for child in self._running():
                if child.deadline < time.monotonic():
                    self._finish(child, timed_out=True)

    def _running(self) -> list[_Child]:
        return [c for descriptor, c in self._children.items() if descriptor == c.pidfd]

    def _wait(self) -> float | None:
        nearest = min((c.deadline for c in self._running()), default=None)
        return None if nearest is None else max(0.0, nearest - time.monotonic()) * 1000 + 1

    def _receive(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, MESSAGE, 3)
        if not message:
            return False
        request = json.loads(message)
        answer, result, errors = descriptors
        server = os.getpid()
        if (pid := os.fork()) == 0:
            _child(server, request, result, errors)
        os.close(result)
        os.close(errors)
        deadline = time.monotonic() + request["limits"]["seconds"]
        child = _Child(
            pid, os.pidfd_open(pid), socket.socket(fileno=answer), deadline, request["scratch"]
        )
        for descriptor, events in ((child.pidfd, select.POLLIN), (answer, 0)):
            self._children[descriptor] = child
            self._poll.register(descriptor, events)
        return True

    def _finish(self, child: _Child, *, timed_out: bool, hung_up: bool = False) -> None:
        """End a child and what it started, and tell how it ended."""
        for descriptor in (child.pidfd, child.answer.fileno()):
            self._poll.unregister(descriptor)
            del self._children[descriptor]
        code = _end(child.pid)
        os.close(child.pidfd)
        if hung_up:  # nobody is there to remove it
            shutil.rmtree(child.scratch, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):  # nobody may be waiting any more
                child.answer.send(json.dumps({"code": code, "timed_out": timed_out}).encode())
        child.answer.close()

    def _stop(self) -> None:
        """The caller is gone: leave no process and no file of it behind."""
        for child in self._running():
            self._finish(child, timed_out=False, hung_up=True)


def _end(pid: int) -> int:
    """Kill the child and its process group (text recognition runs in it); its exit code."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has not come to make a group yet
        os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(ChildProcessError, ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what was started between the two
        while True:
            os.waitpid(-pid, 0)
    return code


def _child(server: int, request: dict[str, Any], result: int, errors: int) -> NoReturn:
    """Read one file and end."""
    status = FAULTY
    try:
        os.setsid()
        die_with(server)
        _keep(result, errors)
        os.chdir(request["scratch"])
        tempfile.tempdir = os.environ["TMPDIR"] = request["scratch"]
        limits = Limits(**request["limits"])
        restrict(limits)
        path, folder = Path(request["path"]), Path(request["folder"])
        confine(path, [folder, Path(request["scratch"])])
        with os.fdopen(_RESULT, "wb") as target:
            status = read(path, request["name"], folder, limits, target)
    except MemoryError:
        status = OUT_OF_MEMORY
    except OSError as error:
        status = {errno.EFBIG: TOO_EXPANDED, errno.ENOSPC: DISK_FULL}.get(error.errno or 0, FAULTY)
        _tell(error)
    except BaseException as error:
        _tell(error)
        raise
    finally:
        os._exit(status)


def read(path: Path, name: str, folder: Path, limits: Limits, target: BinaryIO) -> int:
    """Read one file in this process: `READ` and the result in `target`, or `REJECTED` and why."""
    try:
        parsed = parse(path, name, folder, limits)
    except RejectedFile as error:
        return _reject(str(error), target)
    except (*_DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # of the machine, not of the file; a place before its beginning is EINVAL
        return _reject(
            f"{name}: the file is damaged or cut short. Get a whole copy, or save it again.", target
        )
    dump(parsed, folder, target)
    return READ


def _reject(reason: str, target: BinaryIO) -> int:
    target.write(reason.encode("utf-8", "replace"))
    return REJECTED


def _tell(error: BaseException) -> None:
    """Kind and place of an error, never its message: that may hold text of the document."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    os.write(2, f"\n{type(error).__name__} {where}".encode())


def _keep(result: int, errors: int) -> None:
    """Of all descriptors only errors (as 2) and the result; nothing to read from, no socket."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.dup2(errors, 2)
    os.dup2(result, _RESULT, inheritable=False)
    os.closerange(_RESULT + 1, 1 << 20)


def warm() -> None:
    """Import all that reading needs; starts no thread."""
    install()
    for module in _READERS:
        importlib.import_module(module)


def main() -> int:
    """Import the readers, say so by an empty JSON object, then serve until the caller is gone."""
    control = socket.socket(fileno=0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to act on
    warm()
    adopt_orphans()
    leave_network()
    refuse_sockets()
    gc.collect()
    gc.freeze()  # children share these pages for as long as nobody writes to them
    control.send(b"{}")
    _Server(control).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
