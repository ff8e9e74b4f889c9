"""A loopback server of OpenAI's embeddings protocol whose vectors are made of each text's hash."""

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class VectorServer:
    """Use it with `with`. While `refuses` is set it answers 503."""

    def __init__(self) -> None:
        self.refuses = threading.Event()
        self.texts = 0
        """How many it has embedded."""
        self.seconds = 0.0
        """It takes for a request."""
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


def vector(text: str) -> list[float]:
    """Eight positive numbers."""
    return [float(byte) + 1 for byte in hashlib.sha256(text.encode()).digest()[:8]]


def _handler(server: VectorServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if server.refuses.is_set():
                self._send(503, {"error": {"message": "closed"}})
                return
            time.sleep(server.seconds)
            server.texts += len(asked["input"])
            data = [
                {"object": "embedding", "index": at, "embedding": vector(text)}
                for at, text in enumerate(asked["input"])
            ]
            self._send(200, {"object": "list", "data": data, "model": "m"})

        def do_GET(self) -> None:
            self._send(200, {"object": "list", "data": [{"id": "m", "object": "model"}]})

        def _send(self, status: int, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("retry-after-ms", "1")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler
