"""An HTTP server on loopback, in a thread of the test: what the fakes at the wire build on."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Handler(BaseHTTPRequestHandler):
    """Subclasses say what `answer` does about a request, whatever its method."""

    def answer(self) -> None:
        raise NotImplementedError

    def do_GET(self) -> None:
        self.answer()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def body(self) -> bytes:
        """Of the request; to be read once."""
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def send(self, status: int, body: bytes, **headers: str) -> None:
        """A whole response; `retry_after` is the header `retry-after`."""
        self.send_response(status)
        self.send_header("content-type", "application/json")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, status: int, value: Any, **headers: str) -> None:
        self.send(status, json.dumps(value).encode(), **headers)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class LoopbackServer:
    """Use it with `with`, or `start` and `stop` it. Its port is taken from the beginning."""

    base = ""
    """Where what it speaks begins, e.g. `/v1`."""
    waits = False
    """Whether `stop` waits for the requests under way."""

    def __init__(self, handler: type[Handler]) -> None:
        self._handler = handler
        self._listen(0)

    def _listen(self, port: int) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler)
        self._http.daemon_threads = not self.waits
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}{self.base}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Nobody listens any more."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def start_again(self) -> None:
        """At the same address, after `stop`."""
        self._listen(self._http.server_address[1])
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
