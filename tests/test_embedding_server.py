"""The embeddings client against a loopback server that speaks OpenAI's protocol."""

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.embedding import Embedder, open_embedder
from serving.embedding_server import estimate_tokens, open_server
from serving.errors import ConfigError, ModelUnavailable


class Server:
    """Answers with 4 numbers made of each text's hash; `failures` are statuses to answer first."""

    def __init__(self) -> None:
        self.failures: list[int] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.body: bytes | None = None
        self.max_model_len: int | None = None
        self.reads = 1_000_000
        """Characters of a text; the rest is cut off without a word."""
        self.accepts = 1_000_000
        """Characters of a text; a longer one is refused."""
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, request: dict[str, Any]) -> bytes:
        if self.body is not None:
            return self.body
        items = [
            {"object": "embedding", "index": at, "embedding": vector(text[: self.reads])}
            for at, text in enumerate(request["input"])
        ]
        # In no particular order, as the protocol allows.
        return json.dumps({"object": "list", "data": items[::-1], "model": "m"}).encode()


def vector(text: str) -> list[float]:
    return [float(byte) + 1 for byte in hashlib.sha256(text.encode()).digest()[:4]]


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            server.requests.append(request)
            server.keys.append(self.headers["authorization"])
            if server.failures:
                self.send(server.failures.pop(0), b'{"error": {"message": "secret text"}}')
            elif max(map(len, request["input"])) > server.accepts:
                self.send(400, b'{"error": {"message": "too long"}}')
            else:
                self.send(200, server.answer(request))

        def do_GET(self) -> None:
            entry = {"id": "m", "object": "model", "max_model_len": server.max_model_len}
            self.send(200, json.dumps({"object": "list", "data": [entry]}).encode())

        def send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("retry-after-ms", "1")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def test_batches_in_order_without_prefixes(server: Server, tmp_path: Path) -> None:
    server.max_model_len = 2048
    embedder = open_embedder("m", tmp_path, server.url, "k1")
    assert (embedder.dimension, embedder.max_tokens) == (4, 2048)
    assert embedder.fingerprint == "m@server-4"
    texts = [f"text {n}" for n in range(70)]
    found = embedder.embed_passages(texts)
    expected = np.array([vector(text) for text in texts], np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32
    assert [text for request in server.requests[1:] for text in request["input"]] == texts
    assert len(server.requests) == 1 + 3
    assert {request["encoding_format"] for request in server.requests} == {"float"}
    assert set(server.keys) == {"Bearer k1"}
    assert embedder.embed_queries([]).shape == (0, 4)


def test_passing_failures_are_retried(server: Server) -> None:
    embedder = open_server("m", server.url, "", retries=2)
    opened = len(server.requests)
    server.failures = [429, 500]
    assert embedder.embed_queries(["a"]).shape == (1, 4)
    assert len(server.requests) == opened + 3


def test_lasting_failures_become_one_line(server: Server) -> None:
    embedder = open_server("m", server.url, "", retries=1)
    server.failures = [500, 503]
    with pytest.raises(ModelUnavailable, match="answered 503 for m") as caught:
        embedder.embed_queries(["a"])
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "setting"),
    [(401, "FOOTNOTE_EMBEDDING_KEY"), (404, "FOOTNOTE_EMBEDDING_MODEL"), (400, "log")],
)
def test_refusals_name_the_setting(server: Server, status: int, setting: str) -> None:
    server.failures = [status]
    with pytest.raises(ConfigError, match=setting):
        open_server("m", server.url, "")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>not this port</html>",
        b"{}",
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": []}]}',
        b'{"data": [{"index": 0, "embedding": [0.0, 0.0]}]}',
        b'{"data": [{"index": 0, "embedding": "AAAA"}]}',
    ],
)
def test_an_answer_that_is_no_embeddings(server: Server, body: bytes) -> None:
    server.body = body
    with pytest.raises(ModelUnavailable, match="not embeddings"):
        open_server("m", server.url, "")


def test_a_changed_dimension_is_an_error(server: Server) -> None:
    embedder = open_server("m", server.url, "")
    server.body = b'{"data": [{"index": 0, "embedding": [1.0, 2.0]}]}'
    with pytest.raises(ConfigError, match="2 numbers"):
        embedder.embed_passages(["a"])


def test_a_dead_server_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelUnavailable, match=f"127.0.0.1:{port}"):
        open_server("m", f"http://127.0.0.1:{port}/v1", "", retries=0)


def test_a_silent_server_is_unavailable() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable, match="does not answer"):
            open_server("m", url, "", timeout=0.2, retries=0)


def test_the_token_estimate_is_not_below_the_default_model_s(embedder: Embedder) -> None:
    texts = [
        "",
        "Employees have 25 days of leave.",
        "Сотрудникам полагается 28 дней отпуска; см. § 115 ТК РФ.",
        "1 | 5 | 9\n2 | 4 | 6",
        "Preface . . . . . . . . . . . . . . . . . iv",
        "a3f5c9e07b1d4286 QmFzZTY0IGlzIGEgd2F5IHRvIGVuY29kZQ==",
        "ABSOLUTELY NECESSARY REGULATION, ПРИКАЗ ДИРЕКТОРА",
        "감염병의 예방 및 관리에 관한 법률 这是一个关于员工休假制度的文件",
        "parseHTTPRequestBody(self._max_tokens)",
    ]
    for text, tokens in zip(texts, embedder.count_tokens(texts), strict=True):
        assert tokens <= estimate_tokens(text) + 3, text  # its prompt, `passage: `


def test_a_server_that_reads_all_is_given_the_default(server: Server) -> None:
    assert open_server("m", server.url, "").max_tokens == 512


@pytest.mark.parametrize("limit", ["reads", "accepts"])
def test_texts_are_kept_to_what_the_server_reads(server: Server, limit: str) -> None:
    setattr(server, limit, 900)
    embedder = open_server("m", server.url, "")
    assert embedder.max_tokens in (128, 256)
    longest = ("leave and holidays " * 200)[: 900 * 3]
    while embedder.count_tokens([longest])[0] > embedder.max_tokens:
        longest = longest[:-1]
    assert len(longest) <= 900


def test_a_server_that_reads_next_to_nothing_is_refused(server: Server) -> None:
    server.reads = 60
    with pytest.raises(ConfigError, match=r"reads no more than the first \d+ tokens"):
        open_server("m", server.url, "")
