"""Scores from a server's `/rerank` (Jina, Cohere, vLLM, LiteLLM, OpenVINO; Text Embeddings
Inference in its own dialect).

The first request is in the common dialect, `{model, query, documents}`, answered by
`{results: [{index, relevance_score}]}`. A server that calls such a request malformed is asked in
TEI's, `{query, texts}`, answered by `[{index, score}]`, and from then on only in that one. What it
does not know: how long a text the server's model reads; it is asked to cut.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from serving.errors import ModelUnavailable

_SECONDS = 10.0
"""For one request: an asker waits, and the order without a reranker is good too."""
_MALFORMED = {400, 422}
_TEI_BATCH = 32
"""Texts that TEI takes in a request unless told otherwise (`--max-client-batch-size`)."""


class ServerReranker:
    """A reranking server. Safe to call from several threads."""

    def __init__(self, client: httpx.Client, url: str, model: str) -> None:
        self._client, self._url, self._model = client, url, model
        self._tei = False

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, higher is better, in the order of `texts`.

        Raises:
            ModelUnavailable: no answer in time, an error status, or no score for each text.
        """
        if not texts:
            return []
        valid = [text.encode("utf-8", "replace").decode("utf-8") or " " for text in texts]
        if not self._tei:
            body = {"query": question, "documents": valid}
            answer = self._post(body | ({"model": self._model} if self._model else {}))
            if answer.status_code not in _MALFORMED:
                return _scores(self._read(answer), len(texts))
        found: list[float] = []
        for start in range(0, len(valid), _TEI_BATCH):
            batch = valid[start : start + _TEI_BATCH]
            answer = self._post({"query": question, "texts": batch, "truncate": True})
            found += _scores(self._read(answer), len(batch))
        self._tei = True
        return found

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _post(self, body: Mapping[str, object]) -> httpx.Response:
        try:
            return self._client.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise ModelUnavailable(
                f"The reranking server at {self._url} does not answer ({type(error).__name__}): "
                "start it, or check FOOTNOTE_RERANK_URL."
            ) from error

    def _read(self, answer: httpx.Response) -> Any:
        if answer.status_code != httpx.codes.OK:
            hint = {401: "KEY", 403: "KEY", 404: "URL and FOOTNOTE_RERANK_MODEL"}
            named = hint.get(answer.status_code)
            advice = f"check FOOTNOTE_RERANK_{named}" if named else "its log says why"
            raise ModelUnavailable(
                f"The reranking server at {self._url} answered {answer.status_code}: {advice}."
            )
        try:
            return answer.json()
        except ValueError as error:
            raise _nonsense("not JSON") from error


def open_rerank_server(url: str, model: str, key: str, timeout: float = _SECONDS) -> ServerReranker:
    """The server behind `url`. Connects to nothing yet.

    Args:
        url: the API's root, such as `http://localhost:8000/v1`, with or without `/rerank`.
        model: the name that the server knows; empty where it serves one only.
        timeout: seconds for one request.
    """
    whole = url.rstrip("/")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    client = httpx.Client(timeout=timeout, headers=headers)
    return ServerReranker(client, whole.removesuffix("/rerank") + "/rerank", model)


def _scores(answer: object, wanted: int) -> list[float]:
    items = answer.get("results") if isinstance(answer, dict) else answer
    if not isinstance(items, list):
        raise _nonsense("no list of results")
    found: dict[int, float] = {}
    for item in items:
        index, score = _scored(item)
        found[index] = score
    if len(items) != wanted or set(found) != set(range(wanted)):
        raise _nonsense("not one score for each text")
    return [found[at] for at in range(wanted)]


def _scored(item: object) -> tuple[int, float]:
    if isinstance(item, dict):
        index, score = item.get("index"), item.get("relevance_score", item.get("score"))
        if isinstance(index, int) and isinstance(score, int | float) and math.isfinite(score):
            return index, float(score)
    raise _nonsense("a result without index and score")


def _nonsense(what: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The reranking server sent an answer that is not a ranking ({what}): check that "
        "FOOTNOTE_RERANK_URL is the root of an API with /rerank."
    )
