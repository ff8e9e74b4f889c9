"""A loopback server of the `/rerank` protocol whose scores count the question's words in a text."""

import json
import threading
import time
from typing import Any

from tests.loopback import Handler, LoopbackServer


class RerankServer(LoopbackServer):
    """Speaks Jina's dialect or TEI's; answers as its fields say, which a test may change."""

    base = "/v1"

    def __init__(self, tei: bool = False) -> None:
        self.tei = tei
        self.refuses = threading.Event()
        """While it is set the answer is 503."""
        self.status = 200
        self.body: bytes | None = None
        """Answered instead of scores."""
        self.seconds = 0.0
        """It takes for a request."""
        self.requests: list[tuple[str, dict[str, Any]]] = []
        """Paths and bodies."""
        self.keys: list[str] = []
        super().__init__(_handler(self))


def score(question: str, text: str) -> int:
    return sum(word in text.lower() for word in question.lower().split())


def _handler(server: RerankServer) -> type[Handler]:
    class Reranking(Handler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            request = json.loads(self.body())
            server.requests.append((self.path, request))
            server.keys.append(self.headers.get("authorization", ""))
            time.sleep(server.seconds)
            if server.refuses.is_set():
                self.send_json(503, {"error": "closed"})
            elif server.status != 200:
                self.send_json(server.status, {"error": "no"})
            elif server.body is not None:
                self.send(200, server.body)
            elif server.tei:
                self._tei(request)
            else:
                self._jina(request)

        def _tei(self, request: dict[str, Any]) -> None:
            if "texts" not in request:
                self.send_json(422, {"error": "missing field `texts`"})
            elif len(request["texts"]) > 32:
                self.send_json(413, {"error": "batch size > maximum allowed batch size 32"})
            else:
                self.send_json(200, _ranked(request["query"], request["texts"], "score"))

        def _jina(self, request: dict[str, Any]) -> None:
            ranked = _ranked(request["query"], request["documents"], "relevance_score")
            self.send_json(200, {"model": request.get("model"), "results": ranked})

    return Reranking


def _ranked(question: str, texts: list[str], name: str) -> list[dict[str, float]]:
    """Best first, as both dialects have it."""
    found: list[dict[str, float]] = [
        {"index": at, name: score(question, t)} for at, t in enumerate(texts)
    ]
    return sorted(found, key=lambda item: -item[name])
