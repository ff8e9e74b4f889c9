"""A loopback server that speaks OpenAI's chat protocol and plays a readable queue of replies."""

import json
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Reply:
    """What one request gets: `pieces` as a stream, or an error of HTTP `status`."""

    pieces: tuple[str, ...] = ()
    status: int = 200
    dies: bool = False
    """The connection breaks after the pieces."""
    hangs: float = 0.0
    """Seconds of silence before the first piece."""


def says(text: str, dies: bool = False) -> Reply:
    """A reply that streams `text` in small pieces."""
    return Reply(tuple(text[i : i + 7] for i in range(0, len(text), 7)), dies=dies)


@dataclass
class OpenAIServer:
    """Use it with `with`; `asked` holds each request's body, `keys` its Authorization."""

    replies: deque[Reply] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hung_up = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _event(data: object) -> bytes:
    frame = b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"
    return f"{len(frame):x}\r\n".encode() + frame + b"\r\n"


def _chunk(delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    base = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    return {**base, "choices": choices}


_USAGE = {**_chunk({}), "choices": []} | {
    "usage": {"prompt_tokens": 321, "completion_tokens": 12, "total_tokens": 333}
}


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            server.asked.append(json.loads(body))
            server.keys.append(self.headers.get("authorization", ""))
            reply = server.replies.popleft()
            self.close_connection = True
            if reply.status != 200:
                self._refuse(reply.status)
                return
            self._stream(reply)

        def _refuse(self, status: int) -> None:
            body = json.dumps({"error": {"message": "scripted", "type": "server_error"}}).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _stream(self, reply: Reply) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            time.sleep(reply.hangs)
            try:
                for piece in reply.pieces:
                    self.wfile.write(_event(_chunk({"content": piece})))
                    time.sleep(0.002)
                if reply.dies:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                end = [_chunk({}, "stop"), _USAGE, b"[DONE]"]
                self.wfile.write(b"".join(map(_event, end)) + b"0\r\n\r\n")
            except OSError:
                server.hung_up.set()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
