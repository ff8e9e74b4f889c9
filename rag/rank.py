"""Late scoring: the best passages of the hybrid search, ranked anew by their best sentence.

A passage's vector blurs what its sentences say; the vector of the one sentence that answers does
not. So the most promising sentences of the best passages are embedded by the embedding model, and
a passage's score is a weighted sum of its best sentence's cosine (MaxP: Dai and Callan 2019), its
own, its fused score and the share of the question's words in it. The weights are fitted by
`python -m rag.evaluate.fit_rank` and kept in `rank.json` with the figures of sets that they had
not seen; docs/decisions/0015-ranking.md compares what else was tried.

Does not know whether a passage answers the question, only which one rather does. Cosines are
counted in the spread that they have among the passages found, so that the weights serve other
embedding models too.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.memo import Embeds
from rag.store.sparse import SparseEncoder
from rag.text import split_sentences
from rag.types import Passage

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
FILE = Path(__file__).with_name("rank.json")
POOL = 20
"""Passages fetched to rank from; the spread of their cosines is the unit."""
RANKED = 10
"""Passages ranked anew; those after them keep their order."""
SENTENCES = 32
"""Sentences embedded for one question at most."""
_WORD = re.compile(r"[^\W\d_]+")
_WORDS = """who whom whose what which when where why how is are was were do does did can could may
    must should would will has have кто кого кому кем чей чья чьё что чего чему чем какой какая
    какое какие какого какую каким какими каких когда где куда откуда почему зачем как сколько
    насколько можно нужно надо должен должна должны есть ли"""
_ASKING = frozenset(_WORDS.split())
_SPREADS = 6.0
"""DBSF's unit is six standard deviations; the sentence's cosine is counted in the same."""
_LEAST = 1e-3
"""Of the spread: passages that are all alike differ by rounding only."""


@dataclass(frozen=True, slots=True)
class Features:
    """What a passage is ranked by; comparable among the passages of one question only."""

    fused: float
    """Score of the hybrid search (DBSF)."""
    sentence: float
    """Cosine of question and best sentence, in units of six standard deviations of the cosines
    of the passages found."""
    asked: float
    """The same where the text is a question; 0 where it is keywords, a heading or a claim, of
    which the whole passage says more."""
    passage: float
    """Cosine of question and passage, in the same units."""
    coverage: float
    """Share of the question's terms that stand in the passage, by how rare they are among the
    passages found."""


@dataclass(frozen=True)
class LateScorer:
    """Ranks passages. Thread-safe, as its parts are."""

    embed: Embed
    """Texts to unit vectors, as `Embedder.embed_passages`."""
    sparse: SparseEncoder

    @cached_property
    def weights(self) -> Mapping[str, float]:
        """Of each of the `Features`, from `rank.json`."""
        weights: dict[str, float] = json.loads(FILE.read_text("utf-8"))["weights"]
        return weights

    def rank(
        self,
        question: str,
        vector: NDArray[np.float32],
        passages: Sequence[Passage],
        embeds: Embeds | None = None,
    ) -> list[Passage]:
        """The same passages, the first `RANKED` of them in their new order with new scores.

        Args:
            vector: the question's, shape (dimension,), unit length.
            passages: of the hybrid search, best first.
            embeds: what embeds the sentences, where their vectors serve others too.

        Raises:
            ModelUnavailable: an embeddings server does not answer.
        """
        if not passages:
            return []
        features = self.features(question, vector, passages, embeds)
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
        self,
        question: str,
        vector: NDArray[np.float32],
        passages: Sequence[Passage],
        embeds: Embeds | None = None,
    ) -> list[Features]:
        """Of the first `RANKED` passages, in their order; embeds sentences of them."""
        ranked = passages[:RANKED]
        terms = self.sparse.terms(question)
        sentences = [sentences_of(p.chunk.text) for p in ranked]
        chosen = choose(terms, sentences, self.sparse)
        texts = [sentences[at][number] for at, number in chosen]
        cosines = self._cosines(vector, texts, embeds.embed_passages if embeds else self.embed)
        best: dict[int, float] = {}
        for (at, _), cosine in zip(chosen, cosines, strict=True):
            best[at] = max(best.get(at, -1.0), cosine)
        spread = max(float(np.std([p.similarity for p in passages])), _LEAST) * _SPREADS
        found = [best.get(at, p.similarity) / spread for at, p in enumerate(ranked)]
        asked, covered = float(is_question(question)), self._coverage(terms, passages)
        return [
            Features(
                fused=p.score,
                sentence=found[at],
                asked=asked * found[at],
                passage=p.similarity / spread,
                coverage=covered[at],
            )
            for at, p in enumerate(ranked)
        ]

    def _coverage(self, terms: Sequence[str], passages: Sequence[Passage]) -> list[float]:
        wanted = frozenset(terms)
        held = [wanted.intersection(self.sparse.terms(p.chunk.embedded_text)) for p in passages]
        counts = Counter(term for found in held for term in found)
        weight = {term: log(1 + len(passages) / max(counts[term], 0.5)) for term in wanted}
        whole = sum(weight.values())
        return [sum(weight[term] for term in found) / whole if whole else 0.0 for found in held]

    @staticmethod
    def _cosines(vector: NDArray[np.float32], texts: Sequence[str], embed: Embed) -> list[float]:
        """Of each text and the question; a text that occurs twice is embedded once."""
        places = {text: at for at, text in enumerate(dict.fromkeys(texts))}
        cosines = embed(list(places)) @ vector
        return [float(cosines[places[text]]) for text in texts]

    def _score(self, features: Features) -> float:
        weights = self.weights
        return sum((w * float(getattr(features, name)) for name, w in weights.items()), 0.0)


def is_question(text: str) -> bool:
    """Whether it asks: by its mark, or by the word that it begins with."""
    first = _WORD.search(text)
    return "?" in text or (first is not None and first.group().lower() in _ASKING)


def sentences_of(text: str) -> list[str]:
    """As `rag/extract.py` reads them: blanks collapsed."""
    return [" ".join(text[start:end].split()) for start, end in split_sentences(text)]


def choose(
    terms: Sequence[str], sentences: Sequence[Sequence[str]], sparse: SparseEncoder
) -> list[tuple[int, int]]:
    """Which sentences to embed: at most `SENTENCES`, as (passage, sentence), ascending.

    Those with the rarest of the question's terms, at least one of each passage; the earlier of
    equals. How rare a term is, is counted among the sentences.
    """
    wanted = frozenset(terms)
    held = [[wanted.intersection(sparse.terms(text)) for text in texts] for texts in sentences]
    counts = Counter(term for each in held for found in each for term in found)
    total = sum(len(texts) for texts in sentences)
    scored = sorted(
        (-sum(log(1 + total / counts[term]) for term in found), number, at)
        for at, each in enumerate(held)
        for number, found in enumerate(each)
    )
    first: dict[int, int] = {}
    for _, number, at in scored:
        first.setdefault(at, number)
    order = dict.fromkeys([*first.items(), *((at, number) for _, number, at in scored)])
    return sorted(islice(order, SENTENCES))
