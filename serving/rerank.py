"""A reranker: how well each passage answers a question, by a cross-encoder in this process or
by a server (`serving/rerank_server.py`).

What it does not know: whether scores of two models compare; only their order within one
question means anything.
"""

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from serving.errors import ConfigError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_BATCH = 8


class Reranker(Protocol):
    """What both rerankers do. Safe to call from several threads."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, higher is better, in the order of `texts`.

        Raises:
            ModelUnavailable: a server does not answer, or not with scores.
        """

    def close(self) -> None:
        """Let go of connections. Closing twice is harmless."""


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder. Safe to call from several threads."""

    def __init__(self, model: "CrossEncoder") -> None:
        self._model = model
        self._lock = threading.Lock()

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, higher is better, in the order of `texts`."""
        if not texts:
            return []
        with self._lock:
            found = self._model.predict(
                [(question, text) for text in texts], batch_size=_BATCH, show_progress_bar=False
            )
        return [float(score) for score in found]

    def close(self) -> None:
        """Nothing to let go of."""


def open_reranker(model: str, url: str = "", key: str = "") -> Reranker | None:
    """The reranker that the settings ask for; None if they ask for none.

    Nothing is downloaded, and no server is asked anything yet.

    Args:
        model: a cross-encoder's folder or, in the hub's cache, its hub name; with `url`, the name
            that the server knows.
        url: server with `/rerank`, e.g. `http://localhost:8000/v1`; empty: this process.
        key: key of that server.

    Raises:
        ConfigError: the model is not there, or is not a cross-encoder with one score.
    """
    if url:
        from serving.rerank_server import open_rerank_server

        return open_rerank_server(url, model, key)
    if not model:
        return None
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from sentence_transformers import CrossEncoder

    from serving.embedding import quiet

    try:
        with quiet():
            loaded = CrossEncoder(model, local_files_only=True)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The reranker {model} is neither a folder nor in the hub's cache: download it "
            f"(`hf download {model}`), set FOOTNOTE_RERANK_MODEL to a folder, or leave it empty."
        ) from error
    if loaded.num_labels != 1:
        raise ConfigError(
            f"The reranker {model} gives {loaded.num_labels} scores for a pair, one is needed: "
            "set FOOTNOTE_RERANK_MODEL to a reranking model."
        )
    return CrossEncoderReranker(loaded)
