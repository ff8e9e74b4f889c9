"""A loopback server that speaks OpenAI's chat protocol and plays a readable queue of replies."""

import json
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from tests.loopback import Handler, LoopbackServer


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


class OpenAIServer(LoopbackServer):
    """`asked` holds each request's body, `keys` its Authorization."""

    base = "/v1"

    def __init__(self) -> None:
        self.replies: deque[Reply] = deque()
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.hung_up = threading.Event()
        super().__init__(_handler(self))


class ChatHandler(Handler):
    """A stream of chat completion chunks, as HTTP's chunked coding has it, so that an early end
    can be told from the end."""

    protocol_version = "HTTP/1.1"

    def begin_stream(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def send_piece(self, text: str) -> None:
        self.wfile.write(_event(_chunk({"content": text})))

    def break_off(self) -> None:
        """No end of the stream, as when the server is killed."""
        self.connection.shutdown(socket.SHUT_RDWR)

    def end_stream(self) -> None:
        events = [_chunk({}, "stop"), _USAGE, b"[DONE]"]
        self.wfile.write(b"".join(map(_event, events)) + b"0\r\n\r\n")


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


def _handler(server: OpenAIServer) -> type[Handler]:
    class Playing(ChatHandler):
        def answer(self) -> None:
            server.asked.append(json.loads(self.body()))
            server.keys.append(self.headers.get("authorization", ""))
            reply = server.replies.popleft()
            if reply.status == 200:
                self._stream(reply)
                return
            self.close_connection = True
            error = {"message": "scripted", "type": "server_error"}
            self.send_json(reply.status, {"error": error})

        def _stream(self, reply: Reply) -> None:
            self.begin_stream()
            time.sleep(reply.hangs)
            try:
                for piece in reply.pieces:
                    self.send_piece(piece)
                    time.sleep(0.002)
                if reply.dies:
                    self.break_off()
                else:
                    self.end_stream()
            except OSError:
                server.hung_up.set()

    return Playing
