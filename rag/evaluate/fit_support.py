"""`python -m rag.evaluate.fit_support EVAL`: fits the thresholds in `rag/support.json`.

On true and false sentences made of the sets named here, with the rules of `rag/support.py` fixed.
The least coverage is where most is told right, sets weighing the same; the cosine's line is
put by a logistic regression over what the words alone leave open. Each set is also judged by
thresholds fitted on the other sets.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from rag import support
from rag.answers import Support
from rag.corpus import embedder_of
from rag.evaluate.dataset import Selection, load
from rag.evaluate.false_sentences import ANSWER, WRITTEN, Case, cases, crossed
from rag.settings import load_settings
from rag.store.sparse import SparseEncoder
from rag.support import Evidence, Verifier, share_of_terms
from rag.text import split_sentences
from serving.embedding import Embedder

SETS = ("clapnq-dev", "hotpotqa-100", "techdocs-en-ru", "mtrag-un")
"""Fitted on; `verify` judges on other sets."""
WORST = 0.02
"""Of what conflicts with nothing, the share of false sentences that may pass."""
PARTLY = 0.6
"""Of the coverage that supports, what partly does: by hand, it only says how a mark reads."""
GRID = np.arange(0.4, 0.96, 0.02)

Found = list[tuple[Case, Evidence]]


def judged(found: Found, coverage: float) -> tuple[float, float]:
    """Share of the true ones marked, and of the false ones caught, at a least coverage."""
    shown = [
        (c.true, (e.coverage >= coverage and not e.reason) or e.support is Support.QUOTED)
        for c, e in found
    ]
    true = [s for t, s in shown if t]
    false = [s for t, s in shown if not t]
    return 1 - sum(true) / len(true), 1 - sum(false) / len(false)


def fit_coverage(samples: Sequence[Found]) -> float:
    """The coverage that gets most right, sets weighing the same; the lowest of several."""

    def right(coverage: float) -> float:
        both = [judged(found, coverage) for found in samples]
        return round(sum(caught - marked for marked, caught in both), 4)

    return float(round(max(GRID, key=lambda c: (right(c), -c)), 2))


def fit_cosine(samples: Sequence[Found], verifier: Verifier) -> tuple[float, float, float]:
    """Weight and intercept of the cosine beside coverage, and the least coverage to ask at."""
    rows, truth = [], []
    for found in samples:
        for case, evidence in found:
            if evidence.reason or evidence.coverage < 0.3:
                continue
            text = case.passages[case.cited].chunk.text[evidence.start : evidence.end]
            rows.append((evidence.coverage, verifier.cosines(case.text, [text])[0]))
            truth.append(case.true)
    model = LogisticRegression(class_weight="balanced", C=1000.0).fit(np.array(rows), truth)
    coverage, cosine = model.coef_[0]
    scores = np.array(rows) @ model.coef_[0]
    false = scores[~np.array(truth)]
    cut = float(np.quantile(false, 1 - WORST)) if len(false) else -float(model.intercept_[0])
    return float(cosine / coverage), float(-cut / coverage), 0.3


def fit_crossed(found: Sequence[Case], verifier: Verifier) -> float:
    """The cosine across languages that gets most right."""
    best: list[tuple[bool, float]] = []
    for case in found:
        text = case.passages[case.cited].chunk.text
        spans = [text[a:b] for a, b in split_sentences(text)]
        best.append((case.true, max(verifier.cosines(case.text, spans), default=0.0)))
    return _cut(best)


def _baselines(
    samples: dict[str, Found], sparse: SparseEncoder, verifier: Verifier
) -> dict[str, float]:
    """Thresholds of the plain measures that `verify` compares with."""
    coverage: list[tuple[bool, float]] = []
    cosine: list[tuple[bool, float]] = []
    for case, _ in (pair for found in samples.values() for pair in found[::4]):
        chunk = case.passages[case.cited].chunk
        coverage.append((case.true, share_of_terms(case.text, chunk.embedded_text, sparse)))
        spans = [chunk.text[a:b] for a, b in split_sentences(chunk.text)][:8]
        cosine.append((case.true, max(verifier.cosines(case.text, spans), default=0.0)))
    return {"coverage": round(_cut(coverage), 3), "cosine": round(_cut(cosine), 4)}


def _cut(found: Sequence[tuple[bool, float]]) -> float:
    """The value from which on most is true and below which most is false."""
    cuts = sorted({value for _, value in found})
    return max(cuts, key=lambda cut: sum((value >= cut) == true for true, value in found))


def fit(folder: Path, embedder: Embedder | None) -> dict[str, object]:
    """What goes into `support.json`; without an embedding model its cosines stay as they are."""
    sparse = SparseEncoder()
    plain = Verifier(sparse)
    samples = {name: _sample(folder / name, plain, sparse) for name in SETS}
    coverage = fit_coverage(list(samples.values()))
    old = json.loads(support.FILE.read_text("utf-8"))
    fitted = replace(plain.thresholds, supported=coverage, partly=round(coverage * PARTLY, 2))
    made: dict[str, object] = {
        **old,
        "thresholds": asdict(fitted),
        "fitted_on": {name: len(found) for name, found in samples.items()},
        "judged_by_the_others": _left_out(samples),
    }
    if embedder is None:
        return made
    verifier = Verifier(sparse, embedder)
    weight, intercept, least = fit_cosine(list(samples.values()), verifier)
    pairs = crossed(load(folder / "techdocs-en-ru", Selection()), 30)
    fitted = replace(
        fitted,
        cosine_weight=round(weight, 3),
        cosine_intercept=round(intercept, 3),
        least=least,
        cross_language=round(fit_crossed(pairs, verifier), 3),
        embedder=embedder.fingerprint,
    )
    return made | {
        "thresholds": asdict(fitted),
        "cross_language_fitted_on": {"techdocs-en-ru": len(pairs)},
        "baselines": _baselines(samples, sparse, verifier),
    }


def _left_out(samples: Mapping[str, Found]) -> dict[str, object]:
    """The figures of each set by the threshold that the others give."""
    figures: dict[str, object] = {}
    for name, found in samples.items():
        others = fit_coverage([s for n, s in samples.items() if n != name])
        marked, caught = judged(found, others)
        figures[name] = {
            "supported": others,
            "true_marked": round(marked, 3),
            "false_caught": round(caught, 3),
            "sentences": len(found),
        }
    return figures


def _sample(folder: Path, verifier: Verifier, sparse: SparseEncoder) -> Found:
    """Sentences of a set, without those that need more than one passage."""
    unsure = {ANSWER} if folder.name.startswith("hotpotqa") else set()
    if folder.name.startswith("mtrag"):
        unsure = {WRITTEN}
    made = [case for case in cases(load(folder, Selection()), sparse) if case.kind not in unsure]
    return [(c, verifier.evidence(c.text, c.passages[c.cited])) for c in made]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m rag.evaluate.fit_support")
    parser.add_argument("folder", type=Path, help="the folder that holds the sets")
    parser.add_argument("--without-embedder", action="store_true", help="words only, in seconds")
    options = parser.parse_args()
    settings = load_settings()
    embedder = None
    if not options.without_embedder:
        embedder = embedder_of(settings)
    found = fit(options.folder, embedder)
    support.FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
