"""Vectors of sentences, each made once for one question.

Ranking and answering look at the same sentences; the memory lasts as long as the question, so
that nothing of a document outlives it.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embeds(Protocol):
    """What embeds sentences: an embedder, or a memory of one."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Texts to unit vectors, float32, (texts, dimension)."""


class Memo:
    """An embedder that remembers what it embedded. For one question, in one thread."""

    def __init__(self, embedder: Embeds) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """As the embedder, which sees each text once. ModelUnavailable: as the embedder."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new or not texts:
            made = self._embedder.embed_passages(new)
            self._known.update(zip(new, made, strict=True))
            if not texts:
                return made
        return np.stack([self._known[text] for text in texts])
