"""`python -m rag.evaluate.fit_rank EVAL`: fits `rag/rank.json` on development sets.

Features come from the product's own hybrid search over each set; the model is a softmax over the
passages of a question (ListNet, Cao et al. 2007) with one weight a feature. Every set is also
judged by weights fitted on the *other* sets only: families that share texts (XQuAD's languages,
the technical documentation's) are left out together. Those figures are printed and recorded
beside the search's own order; a figure of weights that saw the set is called `fitted`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag import rank
from rag.evaluate.dataset import Dataset, Question, Selection, load
from rag.evaluate.index import Vectors, indexed
from rag.evaluate.metrics import first_ranks, ndcg_at
from rag.rank import POOL, Features, LateScorer
from rag.retrieve import Retriever
from rag.runtime import Runtime
from rag.settings import Settings, load_settings
from rag.understand_follow import standalone

NAMES = tuple(field.name for field in fields(Features))
QUESTIONS = 150
"""Of each set at most, spread over its file."""
DEPTH = 10
RIDGE = 0.01
"""Penalty on the squared weights (of features of unit spread), for a loss that is a mean."""
NEWTON = 20
"""Steps of Newton's method; the loss is convex and has few weights."""
_TINY = 1e-9

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Listed:
    """One question: what was found for it, in the search's order."""

    names: tuple[str, ...]
    """Documents of all passages found."""
    gold: frozenset[str]
    features: NDArray[np.float64]
    """Shape (passages ranked anew, features)."""

    @property
    def wanted(self) -> NDArray[np.float64]:
        """1.0 for each passage ranked anew that is of a gold document."""
        return np.array([float(n in self.gold) for n in self.names[: len(self.features)]])

    def ndcg(self, weights: Weights | None) -> float:
        """nDCG@10 of documents, ranked by the weights; without: as the search did."""
        order = list(range(len(self.names)))
        if weights is not None:
            order[: len(self.features)] = np.argsort(-(self.features @ weights), kind="stable")
        return ndcg_at(first_ranks(self.names[at] for at in order), self.gold, DEPTH)


def sets(folder: Path) -> dict[str, tuple[str, Dataset]]:
    """Family and questions of each set."""

    def of(name: str, **options: object) -> Dataset:
        return load(folder / name, replace(Selection(limit=QUESTIONS), **options))  # type: ignore[arg-type]

    def techdocs(lang: str) -> Dataset:
        return of("techdocs-en-ru", language=lang, corpus_language=lang)

    russian = next((folder / "xquad-ru").glob("questions.*jsonl"))
    crossed = of("xquad-en", questions=russian, gold_prefixes={"xq-ru": "xq-en"})
    return {
        "handbook-18f": ("handbook", of("handbook-18f")),
        "xquad-en": ("xquad", of("xquad-en")),
        "xquad-ru": ("xquad", of("xquad-ru")),
        "xquad ru→en": ("xquad", crossed),
        "techdocs en": ("techdocs", techdocs("en")),
        "techdocs ru": ("techdocs", techdocs("ru")),
        "hotpotqa-100": ("hotpotqa", of("hotpotqa-100")),
        "scifact": ("scifact", of("scifact")),
        "clapnq": ("clapnq", of("clapnq-dev")),
    }


def sample(dataset: Dataset, settings: Settings, cache: Path) -> list[Listed]:
    """What the search finds for each question that has gold passages; vectors are kept."""
    with (
        indexed(dataset, settings, cache, _progress) as (runtime, _, _),
        closing(Vectors(cache / "sentences.sqlite", runtime.embedder)) as vectors,
    ):
        scorer = LateScorer(lambda texts: vectors.of(texts, _silent), runtime.retriever.sparse)
        search = replace(runtime.retriever, late=None, reranker=None)
        asked = [question for question in dataset.questions if question.gold]
        return [_listed(runtime, search, scorer, question) for question in asked]


def _listed(runtime: Runtime, search: Retriever, scorer: LateScorer, question: Question) -> Listed:
    text = standalone(question.question, question.history, search.sparse)
    vector = search.embed(text)
    with runtime.tracer.trace("fit", input=text) as trace:
        passages = search.passages(text, question.principal, POOL, trace, vector)
    found = scorer.features(text, vector, passages)
    return Listed(
        tuple(p.document.name for p in passages),
        question.gold,
        np.array([astuple(features) for features in found]).reshape(-1, len(NAMES)),
    )


def fit(samples: Sequence[Sequence[Listed]], shares: Sequence[float]) -> Weights:
    """The weights; a sample counts by its share, whatever its size."""
    found = [
        (share / len(sample), one.features, one.wanted / one.wanted.sum())
        for share, sample in zip(shares, samples, strict=True)
        for one in sample
        if one.wanted.any()
    ]
    spread = np.concatenate([x - x.mean(axis=0) for _, x, _ in found]).std(axis=0) + _TINY

    weights = np.zeros(len(NAMES))
    for _ in range(NEWTON):
        slope, curve = 2 * RIDGE * weights, 2 * RIDGE * np.eye(len(NAMES))
        for share, x, wanted in found:
            scaled = x / spread
            odds = np.exp(scaled @ weights - (scaled @ weights).max())
            odds /= odds.sum()
            slope = slope + share * (odds - wanted) @ scaled
            centred = scaled - odds @ scaled
            curve = curve + share * centred.T @ (odds[:, None] * centred)
        weights = weights - np.linalg.solve(curve, slope)
    raw: Weights = weights / spread
    return raw


def judged(samples: dict[str, tuple[str, list[Listed]]]) -> dict[str, object]:
    """The content of `rank.json`, without the embedder."""
    everything = _fit_besides("", samples)
    figures: dict[str, dict[str, float]] = {}
    for name, (family, sample) in samples.items():
        kinds = {
            "search": None,
            "left_out": _fit_besides(family, samples),
            "fitted": everything,
        }
        figures[name] = {
            kind: round(float(np.mean([one.ndcg(weights) for one in sample])), 3)
            for kind, weights in kinds.items()
        }
        print(f"{name}: {figures[name]}", flush=True)
    return {
        "weights": dict(zip(NAMES, (round(float(w), 4) for w in everything), strict=True)),
        "fitted_on": {name: len(sample) for name, (_, sample) in samples.items()},
        "ndcg_at_10": figures,
    }


def _fit_besides(family: str, samples: dict[str, tuple[str, list[Listed]]]) -> Weights:
    """Fitted on all other families, each of which counts the same."""
    others = [(own, sample) for own, sample in samples.values() if own != family]
    families = [own for own, _ in others]
    return fit([sample for _, sample in others], [1 / families.count(own) for own in families])


def _progress(what: str, done: int, total: int) -> None:
    if done == total:
        print(f"{what}: {total}", file=sys.stderr, flush=True)


def _silent(what: str, done: int, total: int) -> None:
    pass


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.evaluate.fit_rank")
    parser.add_argument("folder", type=Path, help="the folder that holds the sets")
    parser.add_argument("--cache", type=Path, default=Path("var/eval"), help="kept vectors")
    parser.add_argument("--only", nargs="*", default=[], help="only these sets, for a trial")
    options = parser.parse_args()
    settings, samples = load_settings(), dict[str, tuple[str, list[Listed]]]()
    for name, (family, dataset) in sets(options.folder).items():
        if not options.only or name in options.only:
            samples[name] = family, sample(dataset, settings, options.cache)
    found = {"embedder": settings.embedding_model, **judged(samples)}
    if not options.only:
        text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        Path(rank.__file__).with_name("rank.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
