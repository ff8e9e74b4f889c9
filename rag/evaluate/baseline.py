"""The committed baseline of the gate: the scores of every question of every set, by id.

Ids and numbers only: no question and no answer of a set is in it. One line a metric, so that a
change of the file shows what changed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.evaluate.runs import Run
from rag.evaluate.score import GATED, Scores
from serving.errors import ConfigError

DEFAULT = Path(__file__).with_name("baseline.json")


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted scores of one set."""

    scores: Mapping[str, Scores]
    """By question id; only `GATED` ones."""
    embedder: str
    """Fingerprint of the model that they were measured with."""
    commit: str = ""

    @classmethod
    def of(cls, run: Run) -> "Baseline":
        """What to accept of a run."""
        scores = {
            key: {m: found[m] for m in GATED if m in found} for key, found in run.scores.items()
        }
        return cls(scores, str(run.settings["embedder"]), run.commit)


def read(path: Path) -> dict[str, Baseline]:
    """By set; empty where the file is not there yet.

    Raises:
        ConfigError: the file is no baseline.
    """
    if not path.exists():
        return {}
    try:
        return {name: _decoded(value) for name, value in json.loads(path.read_text()).items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is no baseline: {type(error).__name__}: {error}.") from error


def _decoded(value: Mapping[str, object]) -> Baseline:
    ids, columns = value["ids"], value["scores"]
    assert isinstance(ids, list)
    assert isinstance(columns, dict)
    scores = {
        key: {m: column[at] for m, column in columns.items() if column[at] is not None}
        for at, key in enumerate(ids)
    }
    return Baseline(scores, str(value["embedder"]), str(value["commit"]))


def write(path: Path, baselines: Mapping[str, Baseline]) -> None:
    """Write the file anew, whole or not at all."""
    draft = path.with_suffix(".part")
    sets = [f"{json.dumps(name)}: {_encoded(baselines[name])}" for name in sorted(baselines)]
    draft.write_text("{\n" + ",\n".join(sets) + "\n}\n", "utf-8")
    draft.replace(path)


def _encoded(baseline: Baseline) -> str:
    lines = [
        f'"embedder": {json.dumps(baseline.embedder)}',
        f'"commit": {json.dumps(baseline.commit)}',
        f'"ids": {json.dumps(list(baseline.scores), separators=(",", ":"))}',
    ]
    columns = []
    for metric in GATED:
        column = [_short(scores.get(metric)) for scores in baseline.scores.values()]
        if any(value is not None for value in column):
            columns.append(f'  "{metric}": {json.dumps(column, separators=(",", ":"))}')
    lines.append('"scores": {\n' + ",\n".join(columns) + "\n }")
    return "{\n " + ",\n ".join(lines) + "\n}"


def _short(value: float | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == int(value) else round(value, 3)
