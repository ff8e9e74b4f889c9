"""Question sets in the format of `../shared/eval`.

`corpus*.jsonl`: {"id", "title", "text", "lang"?, "acl"?}; `questions*.jsonl`: {"id",
"question", "answers", "gold_ids", "answerable", "lang"?, "history"?, "asker"?, "groups"?,
"answerability"?, "left_out"?, "reviewed"?}. A set may have
a leave-out variant: `questions_leaveout*.jsonl`, and `leaveout_excluded_docs.json` with the
corpus ids that must not be indexed. Rows that a program wrote have `reviewed: false` until a
person has agreed; they are refused unless asked for.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.answers import Turn
from rag.types import EVERYONE, Principal
from serving.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Row:
    """One passage of the corpus."""

    id: str
    title: str
    text: str
    language: str
    groups: tuple[str, ...]
    """Who may read it: the row's `acl`, else everyone."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what is known about its answer."""

    id: str
    question: str
    answers: tuple[str, ...]
    gold: frozenset[str]
    """Ids of corpus rows."""
    answerable: bool
    language: str
    history: tuple[Turn, ...]
    principal: Principal
    kind: str = ""
    """A class that the set knows it by, e.g. `UNDERSPECIFIED`; figures are given for each."""
    left_out: tuple[str, ...] = ()
    """Names of documents that it is asked without."""
    reviewed: bool = True
    """False: written by a program (`python -m rag.evaluate draft`), and no person has agreed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of a set to take."""

    leaveout: bool = False
    questions: Path | None = None
    """Another set's question file, in place of the folder's own."""
    gold_prefixes: Mapping[str, str] | None = None
    """Rewrites the beginning of gold ids, e.g. {"xq-ru": "xq-en"}."""
    gold_field: str = "gold_ids"
    language: str = ""
    """Only questions in this language."""
    corpus_language: str = ""
    """Only passages in this language."""
    limit: int | None = None
    """Only that many questions, spread evenly over the file."""
    unreviewed: bool = False
    """Take questions that no person has reviewed, too."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A corpus and questions about it."""

    name: str
    corpus: tuple[Row, ...]
    questions: tuple[Question, ...]

    @property
    def corpus_hash(self) -> str:
        """64 hex digits; the same for the same passages in the same order."""
        digest = hashlib.sha256()
        for row in self.corpus:
            digest.update(f"{row.id}\0{row.title}\0{row.text}\0{row.groups}\0".encode())
        return digest.hexdigest()


def load(folder: Path, selection: Selection) -> Dataset:
    """Read a set.

    Gold ids of passages that are not selected are dropped.

    Raises:
        ConfigError: the folder is not a set, or nothing of it is selected.
    """
    corpus = load_corpus(folder, selection)
    pattern = "questions_leaveout*.jsonl" if selection.leaveout else "questions*.jsonl"
    files = [selection.questions] if selection.questions else _all(folder, pattern)
    if not selection.leaveout and not selection.questions:
        files = [file for file in files if not file.name.startswith("questions_leaveout")]
    chosen = _questions(files, selection)
    if not corpus or not chosen:
        raise ConfigError(f"{folder}: no passages or no questions are left by this selection.")
    name = folder.resolve().name + ("+leaveout" if selection.leaveout else "")
    return _judgeable(Dataset(name, corpus, chosen))


def load_corpus(folder: Path, selection: Selection) -> tuple[Row, ...]:
    """The passages of a set; none where the selection leaves none.

    Raises:
        ConfigError: the folder has no corpus.
    """
    excluded: frozenset[str] = frozenset()
    if selection.leaveout:
        excluded = frozenset(json.loads(_one(folder, "leaveout_excluded_docs.json").read_text()))
    return tuple(
        row
        for file in _all(folder, "corpus*.jsonl")
        for row in map(_row, _lines(file))
        if row.id not in excluded and selection.corpus_language in ("", row.language)
    )


def load_questions(file: Path, selection: Selection) -> Dataset:
    """Questions about the documents that the product has: a set without a corpus of its own.

    Raises:
        ConfigError: no such file, nothing of it is selected, or it was not reviewed.
    """
    if not file.is_file():
        raise ConfigError(f"{file}: no such file of questions; `draft` writes one.")
    chosen = _questions([file], selection)
    if not chosen:
        raise ConfigError(f"{file}: no questions are left by this selection.")
    return Dataset(file.resolve().parent.name, (), chosen)


def _questions(files: Sequence[Path], selection: Selection) -> tuple[Question, ...]:
    found = [
        _question(value, selection)
        for file in files
        for value in _lines(file)
        if selection.language in ("", value.get("lang", ""))
    ]
    drafts = sum(not question.reviewed for question in found)
    if drafts and not selection.unreviewed:
        raise ConfigError(
            f"{files[0]}: {drafts} of {len(found)} questions are drafts. Read them, correct or "
            'delete them, set "reviewed": true; or measure anyway with --unreviewed.'
        )
    return tuple(_spread(found, selection.limit))


def with_corpus_limit(dataset: Dataset, limit: int) -> Dataset:
    """At most `limit` passages, gold ones first: for trials, its figures flatter."""
    gold = frozenset(item for question in dataset.questions for item in question.gold)
    chosen = sorted(dataset.corpus, key=lambda row: row.id not in gold)[:limit]
    return _judgeable(replace(dataset, corpus=tuple(chosen)))


def _judgeable(dataset: Dataset) -> Dataset:
    """The questions without gold ids that the corpus does not have."""
    known = frozenset(row.id for row in dataset.corpus)
    questions = (replace(q, gold=q.gold & known) for q in dataset.questions)
    return replace(dataset, questions=tuple(questions))


def _spread(questions: list[Question], limit: int | None) -> list[Question]:
    if limit is None or limit >= len(questions):
        return questions
    return [questions[at * len(questions) // limit] for at in range(limit)]


def _row(value: Mapping[str, Any]) -> Row:
    return Row(
        id=str(value["id"]),
        title=str(value.get("title") or ""),
        text=str(value["text"]),
        language=str(value.get("lang", "")),
        groups=tuple(value["acl"]) if "acl" in value else (EVERYONE,),
    )


def _question(value: Mapping[str, Any], selection: Selection) -> Question:
    found = value.get(selection.gold_field) or []
    gold = [found] if isinstance(found, str) else found
    asker = str(value.get("asker", ""))
    return Question(
        id=str(value["id"]),
        question=str(value["question"]),
        answers=tuple(value["answers"]),
        gold=frozenset(_mapped(str(item), selection.gold_prefixes or {}) for item in gold),
        answerable=bool(value["answerable"]),
        language=str(value.get("lang", "")),
        history=tuple(_turns(value.get("history") or [])),
        principal=Principal(
            asker or "evaluation",
            frozenset({EVERYONE, asker, *value.get("groups", ())} - {""}),
        ),
        kind=str(value.get("answerability", "")),
        left_out=tuple(map(str, value.get("left_out") or ())),
        reviewed=value.get("reviewed") is not False,
    )


def _mapped(gold: str, prefixes: Mapping[str, str]) -> str:
    for old, new in prefixes.items():
        if gold.startswith(old):
            return new + gold.removeprefix(old)
    return gold


def _turns(messages: list[Mapping[str, str]]) -> Iterator[Turn]:
    """Pairs of a user's message and the reply to it; a message without a reply is dropped."""
    asked = ""
    for message in messages:
        if message["role"] == "user":
            asked = message["content"]
        elif asked:
            yield Turn(asked, message["content"])
            asked = ""


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError:
                    raise ConfigError(f"{file}, line {number}: not a JSON object.") from None


def _all(folder: Path, pattern: str) -> list[Path]:
    files = sorted(folder.glob(pattern))
    if not files:
        raise ConfigError(f"{folder}: has no {pattern}; see ../shared/eval for the format.")
    return files


def _one(folder: Path, name: str) -> Path:
    return _all(folder, name)[0]
