"""Sentences embedded once for a question."""

from collections.abc import Sequence

import numpy as np

from rag.memo import Memo, Vectors
from serving.embedding import Embedder


class Counting:
    """Counts what the embedder is asked for."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.asked: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return self.embedder.embed_passages(texts)


def test_each_text_is_embedded_once_and_found_in_its_place(embedder: Embedder) -> None:
    counting = Counting(embedder)
    memo = Memo(counting)
    memo.embed_passages(["Leave is paid.", "Travel is not.", "Leave is paid."])
    found = memo.embed_passages(["Travel is not.", "A third.", "Leave is paid."])
    assert counting.asked == ["Leave is paid.", "Travel is not.", "A third."]
    expected = embedder.embed_passages(["Travel is not.", "A third.", "Leave is paid."])
    assert np.allclose(found, expected, atol=2e-2)


def test_nothing_asked_is_an_empty_answer(embedder: Embedder) -> None:
    assert Memo(embedder).embed_passages([]).shape == (0, embedder.dimension)
