"""Saved evaluations: one JSON file a run in `data_dir/evaluations/`, read by the pages.

A run over the product's own documents is saved without their words: what was shown is read from
its trace, which a removed document's words are taken out of (`rag/trace_forget.py`). Questions and
gold answers come from the organisation's own file and stay in the run.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from serving.errors import ConfigError

FORMAT = 1
_FOLDER = "evaluations"
_STARTED = "%Y%m%dT%H%M%SZ"
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Run:
    """One evaluation of one set."""

    set: str
    started_at: str
    """ISO 8601, UTC."""
    commit: str
    """Of the code, 40 hex digits and `+` if it was changed since; empty if not known."""
    settings: Mapping[str, Any]
    """With `embedder` (its fingerprint) and how the set was chosen."""
    figures: Mapping[str, Any]
    """`rag.evaluate.report.figures`; `baselines`: those of plain retrievers, by their names."""
    questions: Sequence[Mapping[str, Any]]
    """`rag.evaluate.report.details`; `shown` is missing in a run over the own documents."""
    curve: Sequence[Mapping[str, float]] = ()
    """Points of the refusal curve."""

    @property
    def scores(self) -> dict[str, dict[str, float]]:
        """Each question's scores by its id."""
        return {str(q["id"]): dict(q["scores"]) for q in self.questions}

    @property
    def stem(self) -> str:
        """The file's name without its ending: time and set."""
        started = datetime.fromisoformat(self.started_at).strftime(_STARTED)
        name = re.sub(r"[^\w+.-]+", "_", self.set)
        return f"{started}-{name}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {"format": FORMAT, **found}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """What `to_dict` gave; KeyError where something is missing."""
        return cls(**{name: value[name] for name in cls.__dataclass_fields__})


def folder_of(data_dir: Path) -> Path:
    """Where the runs are; may not exist yet."""
    return data_dir / _FOLDER


def save(run: Run, folder: Path) -> Path:
    """Write a run, whole or not at all; its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.stem}.json"
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(run.to_dict(), ensure_ascii=False, indent=1) + "\n", "utf-8")
    draft.replace(path)
    return path


def names(folder: Path) -> list[str]:
    """Names of the runs for `load`, newest first."""
    return sorted((path.stem for path in folder.glob("*.json")), reverse=True)


def load(folder: Path, name: str) -> Run:
    """A run by its name.

    Raises:
        ConfigError: there is none of this name, or it was written by another release.
    """
    path = folder / f"{Path(name).name}.json"
    try:
        value = json.loads(path.read_text("utf-8"))
        if value["format"] != FORMAT:
            raise ConfigError(f"{path} is of format {value['format']}, not {FORMAT}.")
        return Run.from_dict(value)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is no evaluation: {type(error).__name__}: {error}.") from error


def now() -> str:
    """ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def commit() -> str:
    """The checkout's commit, `+` if files of it changed since; empty outside a checkout."""
    found = _git("rev-parse", "HEAD")
    return found + ("+" if found and _git("status", "--porcelain", "-uno") else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            ["git", "-C", str(_ROOT), *arguments],  # noqa: S607
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
