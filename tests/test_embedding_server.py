"""The embeddings client against a loopback server that speaks OpenAI's protocol."""

import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from serving.embedding import Embedder, open_embedder
from serving.embedding_server import estimate_tokens, open_server
from serving.errors import ConfigError, ModelUnavailable
from tests.vector_server import VectorServer


@pytest.fixture
def server() -> Iterator[VectorServer]:
    with VectorServer(dimension=4) as running:
        yield running


def test_batches_in_order_without_prefixes(server: VectorServer, tmp_path: Path) -> None:
    server.max_model_len = 2048
    embedder = open_embedder("m", tmp_path, server.url, "k1")
    assert (embedder.dimension, embedder.max_tokens) == (4, 2048)
    assert embedder.fingerprint == "m@server-4"
    texts = [f"text {n}" for n in range(70)]
    found = embedder.embed_passages(texts)
    expected = np.array([server.vector(text) for text in texts], np.float32)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32
    assert [text for request in server.requests[1:] for text in request["input"]] == texts
    assert len(server.requests) == 1 + 3
    assert {request["encoding_format"] for request in server.requests} == {"float"}
    assert set(server.keys) == {"Bearer k1"}
    assert embedder.embed_queries([]).shape == (0, 4)


def test_passing_failures_are_retried(server: VectorServer) -> None:
    embedder = open_server("m", server.url, "", retries=2)
    opened = len(server.requests)
    server.failures = [429, 500]
    assert embedder.embed_queries(["a"]).shape == (1, 4)
    assert len(server.requests) == opened + 3


def test_lasting_failures_become_one_line(server: VectorServer) -> None:
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
def test_refusals_name_the_setting(server: VectorServer, status: int, setting: str) -> None:
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
def test_an_answer_that_is_no_embeddings(server: VectorServer, body: bytes) -> None:
    server.body = body
    with pytest.raises(ModelUnavailable, match="not embeddings"):
        open_server("m", server.url, "")


def test_a_changed_dimension_is_an_error(server: VectorServer) -> None:
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


def test_a_server_that_reads_all_is_given_the_default(server: VectorServer) -> None:
    assert open_server("m", server.url, "").max_tokens == 512


@pytest.mark.parametrize("limit", ["reads", "accepts"])
def test_texts_are_kept_to_what_the_server_reads(server: VectorServer, limit: str) -> None:
    setattr(server, limit, 900)
    embedder = open_server("m", server.url, "")
    assert embedder.max_tokens in (128, 256)
    longest = ("leave and holidays " * 200)[: 900 * 3]
    while embedder.count_tokens([longest])[0] > embedder.max_tokens:
        longest = longest[:-1]
    assert len(longest) <= 900


def test_a_server_that_reads_next_to_nothing_is_refused(server: VectorServer) -> None:
    server.reads = 60
    with pytest.raises(ConfigError, match=r"reads no more than the first \d+ tokens"):
        open_server("m", server.url, "")
