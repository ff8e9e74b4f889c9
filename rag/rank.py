"""Late scoring: the best passages of the hybrid search, ranked anew by their best window.

A passage's vector blurs what its sentences say; the vector of the one window that answers does
not. So the text of the best passages is cut into windows of a few sentences, the windows are
embedded by the embedding model, and a passage's score is a weighted sum of its fused score and of
its best window's cosine (MaxP: Dai and Callan 2019). The weights are fitted by
`python -m rag.evaluate.fit_rank` and kept in `rank.json` with the figures of sets that they had
not seen; docs/decisions/0015-ranking.md compares what else was tried.

Does not know whether a passage answers the question, only which one rather does. Cosines are
counted in the spread that they have among the passages found, so that the weights serve other
embedding models too.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.store.sparse import SparseEncoder
from rag.text import Span, split_sentences
from rag.types import Passage

FILE = Path(__file__).with_name("rank.json")
POOL = 20
"""Passages fetched to rank from; the spread of their cosines is the unit."""
RANKED = 10
"""Passages ranked anew; those after them keep their order."""
WINDOWS = 5
"""Windows embedded of one passage at most."""
MOST_WINDOWS = 40
"""Windows embedded for one question at most: 9 ms each on two cores."""
_WINDOW = 240
"""Characters of a window: about 60 tokens of English."""
_SPREADS = 6.0
"""DBSF's unit is six standard deviations; the window's cosine is counted in the same."""
_LEAST = 1e-3
"""Of the spread: passages that are all alike differ by rounding only."""


@dataclass(frozen=True, slots=True)
class Features:
    """What a passage is ranked by; comparable among the passages of one question only."""

    fused: float
    """Score of the hybrid search (DBSF)."""
    window: float
    """Cosine of question and best window, in units of six standard deviations of the cosines of
    the passages found."""


@dataclass(frozen=True)
class LateScorer:
    """Ranks passages. Thread-safe, as its parts are."""

    embed: Callable[[Sequence[str]], NDArray[np.float32]]
    """Texts to unit vectors, as `Embedder.embed_passages`."""
    sparse: SparseEncoder

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """Of each of the `Features`, from `rank.json`."""
        weights: dict[str, float] = json.loads(FILE.read_text("utf-8"))["weights"]
        return weights

    def rank(
        self, question: str, vector: NDArray[np.float32], passages: Sequence[Passage]
    ) -> list[Passage]:
        """The same passages, the first `RANKED` of them in their new order with new scores.

        Args:
            vector: the question's, shape (dimension,), unit length.
            passages: of the hybrid search, best first.

        Raises:
            ModelUnavailable: an embeddings server does not answer.
        """
        if not passages:
            return []
        features = self.features(question, vector, passages)
        scores = [self._score(found) for found in features]
        best = [
            replace(passage, score=score)
            for score, passage in sorted(
                zip(scores, passages, strict=False), key=lambda pair: -pair[0]
            )
        ]
        rest = passages[len(best) :]
        # Scores go on falling, though those of the rest are of another kind.
        below = best[-1].score - max((p.score for p in rest), default=0.0)
        return best + [replace(p, score=p.score + below) for p in rest]

    def features(
        self, question: str, vector: NDArray[np.float32], passages: Sequence[Passage]
    ) -> list[Features]:
        """Of the first `RANKED` passages, in their order; embeds their windows."""
        ranked = passages[:RANKED]
        terms = frozenset(self.sparse.terms(question))
        windows = [self._chosen(terms, p.chunk.text, len(ranked)) for p in ranked]
        vectors = self.embed([text for texts in windows for text in texts])
        cosines = iter((vectors @ vector).tolist())
        spread = max(float(np.std([p.similarity for p in passages])), _LEAST) * _SPREADS
        return [
            Features(p.score, max((next(cosines) for _ in texts), default=p.similarity) / spread)
            for p, texts in zip(ranked, windows, strict=True)
        ]

    def _chosen(self, terms: frozenset[str], text: str, passages: int) -> list[str]:
        """Windows of `text`; of too many, those with the most of the question's terms."""
        texts = [text[start:end] for start, end in windows(text)]
        most = max(1, min(WINDOWS, MOST_WINDOWS // passages))
        if len(texts) <= most:
            return texts
        return sorted(texts, key=lambda t: -len(terms.intersection(self.sparse.terms(t))))[:most]

    def _score(self, features: Features) -> float:
        weights = self.weights
        return weights["fused"] * features.fused + weights["window"] * features.window


def windows(text: str, most: int = WINDOWS) -> list[Span]:
    """Offsets of the windows of a text: neighbouring sentences joined up to a length.

    A long text has longer windows, so that there are about `most` of them.
    """
    length = max(_WINDOW, len(text) // most)
    found: list[Span] = []
    for sentence in split_sentences(text):
        for start, end in _pieces(text, sentence, length):
            if found and end - found[-1][0] <= length:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
    return found


def _pieces(text: str, sentence: Span, length: int) -> list[Span]:
    """A sentence, cut between words where it is longer than two windows."""
    (start, end), found = sentence, list[Span]()
    while end - start > 2 * length:
        blank = text.rfind(" ", start + 1, start + length)
        cut = blank if blank > start else start + length
        found.append((start, cut))
        start = cut
    return [*found, (start, end)]
