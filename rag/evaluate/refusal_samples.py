"""What the refusal would see for each question of the development sets, and which are answerable.

Features come from the product's own understanding and retrieval. A near miss is made by program:
an answerable question asked again as if its gold passages had never been there, so that passages
on the topic remain. With a folder to keep them in, the features of a set are read from there.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rag import extract, refusal
from rag.evaluate.ask import without
from rag.evaluate.dataset import Dataset, Question, Selection, load
from rag.evaluate.index import indexed
from rag.runtime import Runtime
from rag.settings import Settings
from rag.understand import understand

QUESTIONS = 300
"""Of each set at most, spread over its file."""
NEAR = 150
"""Near misses of each set at most."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One question as the refusal sees it."""

    features: refusal.Features
    answerable: bool
    kind: str = ""
    """The class that its set knows it by."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where samples come from."""

    name: str
    family: str
    """Sources that share texts are left out together."""
    folder: str
    selection: Selection
    near_misses: bool = False


def sources(folder: Path) -> list[Source]:
    """All that the models are fitted on and judged by."""
    left_out, near = Selection(leaveout=True, limit=QUESTIONS), Selection(limit=NEAR)
    crossed = replace(
        left_out,
        questions=next((folder / "xquad-ru").glob("questions_leaveout*.jsonl")),
        gold_prefixes={"xq-ru": "xq-en"},
    )
    return [
        Source("mtrag-un", "mtrag", "mtrag-un", Selection(limit=QUESTIONS)),
        Source("clapnq", "clapnq", "clapnq-dev", Selection(limit=QUESTIONS)),
        Source("xquad-en left out", "xquad", "xquad-en", left_out),
        Source("xquad-ru left out", "xquad", "xquad-ru", left_out),
        Source("handbook-18f", "handbook", "handbook-18f", near),
        Source("handbook-18f near misses", "handbook", "handbook-18f", near, True),
        Source("xquad-en near misses", "xquad", "xquad-en", near, True),
        Source("xquad-ru near misses", "xquad", "xquad-ru", near, True),
        Source("hotpotqa-100", "hotpot", "hotpotqa-100", near),
        Source("hotpotqa-100 near misses", "hotpot", "hotpotqa-100", near, True),
        Source("xquad ru→en left out", "crossed", "xquad-en", crossed),
    ]


def samples(
    source: Source, folder: Path, settings: Settings, cache: Path, kept: Path | None
) -> list[Sample]:
    """Of one source.

    Args:
        folder: that holds the sets.
        cache: for the vectors of passages.
        kept: folder for the features themselves; None: always made anew.
    """
    file = kept / f"{source.name}.json" if kept else None
    if file and file.exists():
        return [_read(row) for row in json.loads(file.read_text("utf-8"))]
    dataset = load(folder / source.folder, source.selection)
    made = list(_made(dataset, source.near_misses, settings, cache))
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([asdict(s) for s in made], ensure_ascii=False), "utf-8")
    return made


def _read(row: dict[str, object]) -> Sample:
    found = row["features"]
    assert isinstance(found, dict)
    features = refusal.Features(**found | {"missing": tuple(found["missing"])})
    return Sample(features, bool(row["answerable"]), str(row["kind"]))


def _made(dataset: Dataset, near_misses: bool, settings: Settings, cache: Path) -> Iterator[Sample]:
    with indexed(dataset, settings, cache, lambda *_: None) as (runtime, _, _):
        for question in dataset.questions:
            if not near_misses:
                yield Sample(_features(runtime, question), question.answerable, question.kind)
            elif question.answerable:
                rest = without(runtime, question.gold)
                yield Sample(_features(rest, question), False, "near miss")


def _features(runtime: Runtime, question: Question) -> refusal.Features:
    """As `rag/find.py` sees a question of one part."""
    retriever, limit = runtime.retriever, runtime.answerer.passages
    asked, history = question.question, question.history
    with runtime.tracer.trace("fit", input=asked) as trace:
        understood = understand(
            asked, history, question.principal, retriever.library, retriever.sparse, None, trace
        )
        text = understood.search
        vector = retriever.embed(text)
        passages = retriever.passages(text, question.principal, limit, trace, vector)
    quotes = extract.candidates(text, vector, passages, retriever.sparse, retriever.embedder)
    return refusal.features(
        text, passages, quotes, retriever.sparse, asked, len(history), understood.unclear
    )
