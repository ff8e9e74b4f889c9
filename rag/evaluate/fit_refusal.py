"""`python -m rag.evaluate.fit_refusal EVAL`: fits `rag/refusal.json` on development sets.

The models are scikit-learn's logistic regressions with balanced classes, every set weighing the
same, their coefficients turned back to raw features. Every set is also judged by a model fitted
on the *other* sets only, sets that share texts left out together; the one set of conversations is
judged by fifths besides, each fifth by a model fitted on the rest. Only such figures are recorded,
with their precision-recall curves, which are drawn to docs/images/refusal-curve.svg too.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from rag import refusal
from rag.corpus import embedder_of
from rag.evaluate.curve import drawn
from rag.evaluate.metrics import average_precision, refusal_curve, refusals
from rag.evaluate.refusal_samples import Sample, Source, samples, sources
from rag.settings import load_settings

WORDS = ("coverage", "pairs", "named")
COSINES = ("similarity", "sentence", "lead")
FEATURES: Mapping[str, tuple[str, ...]] = {
    "same_language": (*COSINES, "coverage"),
    "conversation": (*COSINES, *WORDS, "typed", "yes_no", "keywords", "clear", "open_ended"),
    "cross_language": ("similarity", "sentence", "lead"),
    "words_only": WORDS,
}
JUDGED = ("clapnq", "xquad-en left out", "xquad-ru left out", "mtrag-un")
CONVERSATIONS, CROSSED = "mtrag-un", "crossed"
LOST = 0.05
"""Share of the answerable fitting questions that may be refused: it sets the threshold."""
FOLDS = 5
STRENGTH = 0.3
"""scikit-learn's `C`, of features of unit spread."""
POINTS = 20
"""Of each curve that are recorded."""
PICTURE = Path("docs/images/refusal-curve.svg")

Data = Mapping[str, Sequence[Sample]]
Curve = Sequence[tuple[float, float, float, float]]
"""Threshold, precision, recall, answered when answerable."""


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic regression over raw features, and the confidence from which on to answer."""

    names: tuple[str, ...]
    weights: NDArray[np.float64]
    intercept: float
    threshold: float

    def confidence(self, found: Sequence[Sample]) -> NDArray[np.float64]:
        """Shape (questions,), 0..1."""
        return _logistic(matrix(found, self.names) @ self.weights + self.intercept)


def matrix(found: Sequence[Sample], names: Sequence[str]) -> NDArray[np.float64]:
    """Shape (questions, features)."""
    return np.array([[float(getattr(s.features, name)) for name in names] for s in found])


def _logistic(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    curve: NDArray[np.float64] = 1 / (1 + np.exp(-logits))
    return curve


def fit(data: Data, names: tuple[str, ...]) -> Model:
    """Every set weighs the same; the threshold loses `LOST` of what is answerable.

    A feature that would speak against an answer by chance of the others is left out, so that more
    of it never makes a refusal; being a yes-or-no question is the one that may.
    """
    model = _fit(data, names)
    against = [
        (weight, name)
        for weight, name in zip(model.weights, names, strict=True)
        if weight < 0 and name != "yes_no"
    ]
    if not against:
        return model
    worst = min(against)[1]
    return fit(data, tuple(name for name in names if name != worst))


def _fit(data: Data, names: tuple[str, ...]) -> Model:
    found = [sample for each in data.values() for sample in each]
    features = matrix(found, names)
    answerable = np.array([sample.answerable for sample in found])
    weights = np.concatenate([np.full(len(each), 1 / len(each)) for each in data.values()])
    if answerable.all() or not answerable.any():
        raise SystemExit(f"{', '.join(data)}: questions of one kind only, nothing to fit.")
    for kind in (answerable, ~answerable):
        weights[kind] *= len(found) / 2 / weights[kind].sum()
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    model.fit((features - mean) / spread, answerable, sample_weight=weights)
    raw = model.coef_[0] / spread
    intercept = float(model.intercept_[0] - raw @ mean)
    confidence = _logistic(features @ raw + intercept)
    threshold = _quantile(confidence[answerable], weights[answerable], LOST)
    return Model(names, raw, intercept, threshold)


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(reached, share)])


def figures(found: Sequence[Sample], confidence: NDArray[np.float64], refused: NDArray[np.bool_]
            ) -> dict[str, object]:  # fmt: skip
    """Of refusing, with the share of each class that was refused and the curve."""
    known = [sample.answerable for sample in found]
    counted = refusals(zip(known, map(bool, refused), strict=True))
    curve = refusal_curve(list(zip(known, map(float, confidence), strict=True)))
    kinds = sorted({sample.kind for sample in found} - {""})
    shares = {k: _mean([bool(r) for s, r in zip(found, refused, strict=True) if s.kind == k])
              for k in kinds}  # fmt: skip
    return {
        "questions": len(found),
        "refusal_precision": _round(counted.precision),
        "refusal_recall": _round(counted.recall),
        "refusal_f1": _round(counted.f1),
        "refusal_balanced_accuracy": _round(counted.balanced_accuracy),
        "answered_when_answerable": _round(counted.answered_when_answerable),
        "average_precision": _round(average_precision(curve)),
        "refused_of": shares,
        "curve": [
            [round(value, 3) for value in asdict(curve[at]).values()]
            for at in np.unique(np.linspace(0, len(curve) - 1, POINTS).astype(int))
        ] if curve else [],
    }  # fmt: skip


def _mean(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 3)


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def judge(data: Data, others: Data, names: tuple[str, ...]) -> dict[str, object]:
    """The figures of one set by a model fitted on others."""
    model = fit(others, names)
    found = [sample for each in data.values() for sample in each]
    confidence = model.confidence(found)
    return figures(found, confidence, confidence < model.threshold)


def judge_by_folds(found: Sequence[Sample], names: tuple[str, ...]) -> dict[str, object]:
    """The figures of one set, each fifth by a model fitted on the rest of it."""
    refused = np.zeros(len(found), bool)
    confidence = np.zeros(len(found))
    for fold in range(FOLDS):
        held = np.arange(len(found)) % FOLDS == fold
        model = fit({"": [s for s, h in zip(found, held, strict=True) if not h]}, names)
        confidence[held] = model.confidence([s for s, h in zip(found, held, strict=True) if h])
        refused[held] = confidence[held] < model.threshold
    return figures(found, confidence, refused)


def fitted_models(data: Data, families: Mapping[str, str]) -> dict[str, object]:
    """The models, as `rag/refusal.json` has them."""
    single = {n: d for n, d in data.items() if families[n] not in (CROSSED, "mtrag")}
    crossed = {n: d for n, d in data.items() if families[n] == CROSSED}
    turns = [s for s in data.get(CONVERSATIONS, ()) if s.features.turns]
    made: dict[str, object] = {}
    for name in ("same_language", "words_only"):
        names = FEATURES[name]
        held_out = {}
        for judged in (judged for judged in JUDGED if judged in data):
            others = {n: d for n, d in single.items() if families[n] != families[judged]}
            held_out[judged] = judge({judged: data[judged]}, others, names)
        made[name] = _written(fit(single, names), single, held_out)
    if turns:
        names, whole = FEATURES["conversation"], {CONVERSATIONS: turns}
        folds = {"mtrag-un by fifths": judge_by_folds(turns, names)}
        made["conversation"] = _written(fit(whole, names), whole, folds)
    if crossed:
        names = FEATURES["cross_language"]
        folds = {f"{n} by fifths": judge_by_folds(d, names) for n, d in crossed.items()}
        made["cross_language"] = _written(fit(crossed, names), crossed, folds)
    return made


def _written(model: Model, data: Data, judged: dict[str, dict[str, object]]) -> dict[str, object]:
    for name, found in judged.items():
        print(name, {k: v for k, v in found.items() if k != "curve"}, flush=True)
    return {
        "weights": {n: round(float(w), 4) for n, w in zip(model.names, model.weights, strict=True)},
        "intercept": round(model.intercept, 4),
        "threshold": round(model.threshold, 4),
        "fitted_on": {name: len(found) for name, found in data.items()},
        "judged_by_the_others": judged,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.evaluate.fit_refusal")
    parser.add_argument("folder", type=Path, help="the folder that holds the sets")
    parser.add_argument("--cache", type=Path, default=Path("var/eval"), help="kept vectors")
    parser.add_argument("--kept", type=Path, help="keep each set's features here, to go on later")
    options = parser.parse_args()
    settings = load_settings()
    embedder = embedder_of(settings)
    data: dict[str, Sequence[Sample]] = {}
    found: list[Source] = sources(options.folder)
    for source in found:
        data[source.name] = samples(source, options.folder, settings, options.cache, options.kept)
        print(source.name, len(data[source.name]), flush=True)
    models = fitted_models(data, {source.name: source.family for source in found})
    path = Path(refusal.__file__).with_name("refusal.json")
    path.write_text(
        json.dumps({"embedder": embedder.fingerprint} | models, ensure_ascii=False, indent=1)
        + "\n",
        encoding="utf-8",
    )
    PICTURE.write_text(drawn(models), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
