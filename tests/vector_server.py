"""A loopback server of OpenAI's embeddings protocol whose vectors are made of each text's hash."""

import hashlib
import json
import threading
import time
from typing import Any

from tests.loopback import Handler, LoopbackServer


class VectorServer(LoopbackServer):
    """Answers as its fields say, which a test may change at any time."""

    base = "/v1"

    def __init__(self, dimension: int = 8) -> None:
        self.dimension = dimension
        self.refuses = threading.Event()
        """While it is set the answer is 503."""
        self.failures: list[int] = []
        """Statuses to answer first."""
        self.body: bytes | None = None
        """Answered instead of embeddings."""
        self.seconds = 0.0
        """It takes for a request."""
        self.max_model_len: int | None = None
        self.reads = 1_000_000
        """Characters of a text; the rest is cut off without a word."""
        self.accepts = 1_000_000
        """Characters of a text; a longer one is refused."""
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.texts = 0
        """How many it has embedded."""
        super().__init__(_handler(self))

    def answer(self, request: dict[str, Any]) -> bytes:
        if self.body is not None:
            return self.body
        self.texts += len(request["input"])
        items = [
            {"object": "embedding", "index": at, "embedding": self.vector(text)}
            for at, text in enumerate(request["input"])
        ]
        # In no particular order, as the protocol allows.
        return json.dumps({"object": "list", "data": items[::-1], "model": "m"}).encode()

    def vector(self, text: str) -> list[float]:
        """Positive numbers."""
        digest = hashlib.sha256(text[: self.reads].encode()).digest()
        return [float(byte) + 1 for byte in digest[: self.dimension]]


def _handler(server: VectorServer) -> type[Handler]:
    class Embedding(Handler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            if self.command == "GET":  # which models there are
                entry = {"id": "m", "object": "model", "max_model_len": server.max_model_len}
                self.send_json(200, {"object": "list", "data": [entry]})
            else:
                self._embed()

        def _embed(self) -> None:
            request = json.loads(self.body())
            server.requests.append(request)
            server.keys.append(self.headers["authorization"])
            if server.refuses.is_set():
                self._fail(503, "closed")
            elif server.failures:
                self._fail(server.failures.pop(0), "secret text")
            elif max(map(len, request["input"])) > server.accepts:
                self._fail(400, "too long")
            else:
                time.sleep(server.seconds)
                self.send(200, server.answer(request))

        def _fail(self, status: int, message: str) -> None:
            self.send_json(status, {"error": {"message": message}}, retry_after_ms="1")

    return Embedding
