"""`python -m rag.evaluate.fit_refusal EVAL`: fits `rag/refusal.json` on development sets.

Features come from the product's own retrieval over each set; the model is scikit-learn's
logistic regression with balanced classes, its coefficients turned back to raw features. Every
set is also judged by a model fitted on the *other* sets only, and that is what is printed and
recorded: no figure here is of a set that its model has seen.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from rag import extract, refusal
from rag.evaluate.dataset import Dataset, Question, Selection, load
from rag.evaluate.index import indexed
from rag.followup import standalone
from rag.runtime import Runtime
from rag.settings import Settings, load_settings
from serving.embedding import open_embedder

Figures = dict[str, float]
Sample = tuple[NDArray[np.float64], NDArray[np.bool_]]
"""Features (questions, features) and which of the questions are answerable."""

SAME = ("similarity", "sentence", "coverage")
CROSS = ("similarity", "sentence")
QUESTIONS = 300
"""Of each set at most, spread over its file."""
LOST = 0.05
"""Share of the answerable questions that may be refused: it sets the threshold."""


def sets(folder: Path) -> dict[str, dict[str, Dataset]]:
    """The sets to fit each model on."""
    leaveout = Selection(leaveout=True, limit=QUESTIONS)
    crossed = Selection(
        leaveout=True,
        questions=next((folder / "xquad-ru").glob("questions_leaveout*.jsonl")),
        gold_prefixes={"xq-ru": "xq-en"},
        limit=QUESTIONS,
    )
    return {
        "same_language": {
            "xquad-en left out": load(folder / "xquad-en", leaveout),
            "xquad-ru left out": load(folder / "xquad-ru", leaveout),
            "clapnq": load(folder / "clapnq-dev", Selection(limit=QUESTIONS)),
        },
        "cross_language": {"xquad ru→en left out": load(folder / "xquad-en", crossed)},
    }


def sample(dataset: Dataset, names: tuple[str, ...], settings: Settings, cache: Path) -> Sample:
    """What the refusal would see for each question of a set."""
    with indexed(dataset, settings, cache, lambda *_: None) as (runtime, _, _):
        found = [_features(runtime, question) for question in dataset.questions]
    rows = [[getattr(features, name) for name in names] for features in found]
    return np.array(rows), np.array([q.answerable for q in dataset.questions])


def _features(runtime: Runtime, question: Question) -> refusal.Features:
    retriever, limit = runtime.retriever, runtime.answerer.passages
    text = standalone(question.question, question.history, retriever.sparse)
    vector = retriever.embed(text)
    with runtime.tracer.trace("fit", input=text) as trace:
        passages = retriever.passages(text, question.principal, limit, trace, vector)
    quotes = extract.candidates(text, vector, passages, retriever.sparse, retriever.embedder)
    return refusal.features(text, passages, quotes, retriever.sparse)


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic regression over raw features, and the confidence from which on to answer."""

    weights: NDArray[np.float64]
    intercept: float
    threshold: float

    def confidence(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shape (questions,), 0..1."""
        return _logistic(features @ self.weights + self.intercept)


def _logistic(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    curve: NDArray[np.float64] = 1 / (1 + np.exp(-logits))
    return curve


def fit(samples: list[Sample]) -> Model:
    """Every sample weighs the same; the threshold loses `LOST` of all that is answerable."""
    features = np.vstack([x for x, _ in samples])
    answerable = np.concatenate([y for _, y in samples])
    weights = np.concatenate([np.full(len(y), 1.0 / len(y)) for _, y in samples])
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    model = LogisticRegression(class_weight="balanced")
    model.fit((features - mean) / spread, answerable, sample_weight=weights * len(answerable))
    raw = model.coef_[0] / spread
    intercept = float(model.intercept_[0] - raw @ mean)
    confidence = _logistic(features[answerable] @ raw + intercept)
    return Model(raw, intercept, float(np.quantile(confidence, LOST)))


def judge(model: Model, sample: Sample) -> Figures:
    """Refusal precision and recall, and the share answered of what has an answer."""
    features, answerable = sample
    answered = model.confidence(features) >= model.threshold
    refused, missing = ~answered, ~answerable
    right = int((refused & missing).sum())
    return {
        "refusal_precision": round(right / max(1, int(refused.sum())), 3),
        "refusal_recall": round(right / max(1, int(missing.sum())), 3),
        "answered_when_answerable": round(float(answered[answerable].mean()), 3),
        "questions": len(answerable),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.evaluate.fit_refusal")
    parser.add_argument("folder", type=Path, help="the folder that holds the sets")
    parser.add_argument("--cache", type=Path, default=Path("var/eval"), help="kept vectors")
    options = parser.parse_args()
    settings = load_settings()
    embedder = open_embedder(
        settings.embedding_model,
        settings.data_dir / "models",
        settings.embedding_url,
        settings.embedding_key.get_secret_value(),
    )
    fitted: dict[str, object] = {"embedder": embedder.fingerprint}
    for name, datasets in sets(options.folder).items():
        features = SAME if name == "same_language" else CROSS
        samples = {k: sample(d, features, settings, options.cache) for k, d in datasets.items()}
        fitted[name] = _model(features, samples)
    path = Path(refusal.__file__).with_name("refusal.json")
    path.write_text(json.dumps(fitted, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def _model(names: tuple[str, ...], samples: dict[str, Sample]) -> dict[str, object]:
    held_out = {}
    for judged, found in samples.items():
        others = [s for name, s in samples.items() if name != judged]
        if others:
            held_out[judged] = judge(fit(others), found)
            print(f"{judged}, fitted on the others: {held_out[judged]}")
    model = fit(list(samples.values()))
    return {
        "weights": dict(zip(names, (round(float(w), 4) for w in model.weights), strict=True)),
        "intercept": round(model.intercept, 4),
        "threshold": round(model.threshold, 4),
        "fitted_on": {name: len(y) for name, (_, y) in samples.items()},
        "judged_by_the_others": held_out,
    }


if __name__ == "__main__":
    sys.exit(main())
