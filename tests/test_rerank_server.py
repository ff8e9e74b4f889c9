"""Reranking by a server, asked over real HTTP on loopback."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from serving.errors import ModelUnavailable
from serving.rerank import Reranker, open_reranker
from serving.rerank_server import ServerReranker, open_rerank_server
from tests.rerank_http import RerankServer

QUESTION = "annual leave"
TEXTS = ["Travel.", "Annual leave is 25 days.", "", "Sick leave."]
SCORES = [0.0, 2.0, 0.0, 1.0]


Opens = Callable[..., Reranker]


@pytest.fixture
def opened() -> Iterator[Opens]:
    """Opens a reranker at a url; closed after the test."""
    with ExitStack() as stack:

        def opened(url: str, model: str = "m", key: str = "") -> Reranker:
            reranker = open_reranker(model, url, key)
            assert reranker is not None
            stack.callback(reranker.close)
            return reranker

        yield opened


@pytest.mark.parametrize("tail", ["", "/", "/rerank"])
def test_scores_come_in_the_order_of_the_texts(tail: str, opened: Opens) -> None:
    with RerankServer() as server:
        reranker = opened(server.url + tail, "ours", "secret")
        assert reranker.scores(QUESTION, TEXTS) == SCORES
        assert reranker.scores(QUESTION, []) == []
    assert [path for path, _ in server.requests] == ["/v1/rerank"]
    assert server.requests[0][1]["model"] == "ours"
    assert server.keys == ["Bearer secret"]


def test_teis_dialect_is_found_out_once_and_its_batches_kept(opened: Opens) -> None:
    with RerankServer(tei=True) as server:
        reranker = opened(server.url, "")
        assert reranker.scores(QUESTION, TEXTS * 10) == SCORES * 10
        asked = len(server.requests)
        assert reranker.scores(QUESTION, TEXTS) == SCORES
        assert len(server.requests) == asked + 1
    assert server.keys[0] == ""
    assert "model" not in server.requests[0][1]


def result(*items: object) -> bytes:
    return json.dumps({"results": items}).encode()


ONE = {"index": 0, "relevance_score": 0.5}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b"7",
        result(),
        result(ONE),
        result(ONE, ONE),
        result(ONE, {"index": 2, "relevance_score": 0.1}),
        result(ONE, {"index": 1, "relevance_score": None}),
        result(ONE, {"index": [1], "relevance_score": 0.1}),
        b'{"results": [{"index": 0, "relevance_score": NaN}, {"index": 1, "score": 1}]}',
        result(ONE, "text"),
    ],
)
def test_an_answer_that_is_no_ranking_is_an_unavailable_model(body: bytes, opened: Opens) -> None:
    with RerankServer() as server:
        server.body = body
        with pytest.raises(ModelUnavailable, match="not a ranking"):
            opened(server.url).scores(QUESTION, ["a", "b"])


@pytest.mark.parametrize(
    ("status", "says"), [(401, "RERANK_KEY"), (404, "RERANK_MODEL"), (500, "its log"), (422, "422")]
)
def test_an_error_status_says_what_to_check(status: int, says: str, opened: Opens) -> None:
    with RerankServer() as server:
        server.status = status
        with pytest.raises(ModelUnavailable, match=says):
            opened(server.url).scores(QUESTION, TEXTS)


def test_a_slow_or_absent_server_is_an_unavailable_model(opened: Opens) -> None:
    with RerankServer() as server, closing(_impatient(server.url)) as reranker:
        server.seconds = 1.0
        with pytest.raises(ModelUnavailable, match="ReadTimeout"):
            reranker.scores(QUESTION, TEXTS)
    with pytest.raises(ModelUnavailable, match="FOOTNOTE_RERANK_URL"):
        opened(server.url).scores(QUESTION, TEXTS)


def _impatient(url: str) -> ServerReranker:
    return open_rerank_server(url, "m", "", timeout=0.05)
