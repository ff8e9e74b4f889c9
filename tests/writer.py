"""A model server on loopback that writes as slowly as the test lets it."""

import json
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIES = "\x00"
"""A piece that is not sent: the connection breaks in its place."""


@dataclass
class Writer:
    """Answers every question with `pieces`, one for each `let`; notes who hangs up."""

    pieces: list[str] = field(default_factory=list)
    sent: int = 0
    """Pieces of the reply under way or of the last one."""

    def __post_init__(self) -> None:
        self.asked = threading.Event()
        self.hung_up = threading.Event()
        self._steps = threading.Semaphore(0)
        self._open(0)

    def _open(self, port: int) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        """Nobody listens any more."""
        self.let(1000)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens meanwhile."""
        self.close()
        yield
        self._open(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def will_write(self, *pieces: str) -> None:
        """The next reply; nothing of it is sent until `let`."""
        self.pieces = list(pieces)
        self.sent = 0
        self.asked.clear()
        self.hung_up.clear()
        self._steps = threading.Semaphore(0)

    def let(self, count: int = 1) -> None:
        """Send so many pieces more."""
        self._steps.release(count)

    def next_piece(self, connection: socket.socket) -> bool:
        """Wait for leave to go on; False where the asker has hung up meanwhile."""
        while not self._steps.acquire(timeout=0.02):
            if select.select([connection], [], [], 0)[0]:
                self.hung_up.set()
                return False
        return True


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    data: dict[str, Any] = {
        "id": "1", "object": "chat.completion.chunk", "created": 0, "model": "scripted",
        "choices": [choice],
    }  # fmt: skip
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def _framed(data: bytes) -> bytes:
    """As HTTP's chunked coding has it, so that an early end can be told from the end."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def _handler(writer: Writer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            writer.asked.set()
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            for piece in writer.pieces:
                if not writer.next_piece(self.connection):
                    return
                if piece == DIES:
                    # No end of the stream, as when the server is killed.
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                try:
                    self.wfile.write(_framed(_chunk({"content": piece})))
                except OSError:
                    writer.hung_up.set()
                    return
                writer.sent += 1
            end = _chunk({}, "stop") + b"data: [DONE]\n\n"
            self.wfile.write(_framed(end) + _framed(b""))

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
