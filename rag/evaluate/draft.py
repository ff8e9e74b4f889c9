"""`python -m rag.evaluate draft`: a question set from an organisation's own documents, to be
reviewed by a person before it counts.

With a language model each question and its answer are written from one passage; the answer must
stand in the passage word for word. Without one, questions come of the documents' own headings and
of sentences with one number, and are stiff. Every sixth document is left out: questions about it
become unanswerable ones, asked as if the document were not there.

What it does not know: whether another document answers too, and whether a question makes sense.
That is what the review is for. Questions made from a passage favour the retriever that shares its
words, so figures on drafts flatter.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llama_index.core.llms import LLM

from rag.corpus import open_corpus
from rag.evaluate.dataset import Selection, load_corpus
from rag.evaluate.draft_model import written
from rag.evaluate.draft_plain import Asked, plain
from rag.settings import Settings
from rag.store import Store
from rag.text import language_of
from rag.types import EVERYONE, Document
from serving.errors import ConfigError
from serving.language_model import open_language_model

EVERY_LEFT_OUT = 6
"""One document in so many is left out."""
PER_DOCUMENT = 3
"""Questions at most from one document, so that a long one does not fill the set."""
_SHORTEST = 80
"""Characters of a passage that something can be asked about."""


@dataclass(frozen=True, slots=True)
class Source:
    """One passage to ask about."""

    document: str
    """Name of the document, or id of the corpus row."""
    section: tuple[str, ...]
    text: str
    groups: tuple[str, ...] = (EVERYONE,)


def add_command(parser: argparse.ArgumentParser) -> None:
    """Options of `python -m rag.evaluate draft`."""
    parser.set_defaults(run=run)
    add = parser.add_argument
    place = "a folder with corpus*.jsonl, or Footnote's data folder (stop the app meanwhile)"
    add("source", type=Path, metavar="FOLDER-OR-DATA_DIR", help=place)
    add("--out", type=Path, required=True, help="file to write, e.g. questions.jsonl")
    add("--count", type=int, default=50, help="questions at most")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Exit code 0.

    Raises:
        ConfigError: the output is there already, or there is nothing to ask about.
        StoreBusy: the app holds the index.
        ModelUnavailable: the language model does not answer.
    """
    if options.out.exists():
        raise ConfigError(f"{options.out} is there already, perhaps with reviewed questions.")
    llm = open_language_model(
        settings.llm_url, settings.llm_model, settings.llm_key.get_secret_value(),
        settings.llm_timeout,
    )  # fmt: skip
    rows = list(drafts(sources(options.source, settings), llm, options.count))
    if not rows:
        raise ConfigError(f"{options.source}: nothing in it that a question could be made of.")
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    options.out.write_text("".join(lines), "utf-8")
    print(f"{len(rows)} drafts in {options.out}. Read them all: correct, delete, and set "  # noqa: T201
          '"reviewed": true.')  # fmt: skip
    return 0


def sources(place: Path, settings: Settings) -> list[Source]:
    """The passages of a set's corpus, or of the documents that answer in a data folder.

    Raises:
        ConfigError: it is neither.
    """
    if any(place.glob("corpus*.jsonl")):
        return [
            Source(row.id, (row.title,) if row.title else (), row.text, row.groups)
            for row in load_corpus(place, Selection())
        ]
    if not (place / "library").is_dir() and not settings.catalogue_url.get_secret_value():
        raise ConfigError(f"{place}: neither a corpus*.jsonl nor Footnote's documents are there.")
    own = settings.model_copy(update={"data_dir": place})
    with open_corpus(own) as corpus:
        return [
            source
            for document in sorted(corpus.library.list(None), key=lambda one: one.name)
            for source in _passages(document, corpus.store)
        ]


def _passages(document: Document, store: Store) -> Iterator[Source]:
    for chunk in store.chunks(document.id):
        if chunk.version == document.version:
            yield Source(document.name, chunk.section, chunk.text, document.groups)


def drafts(found: Iterable[Source], llm: LLM | None, count: int) -> Iterator[dict[str, Any]]:
    """Rows of a question file, at most `count`, documents taking turns."""
    made = 0
    used: dict[str, int] = {}
    asked: set[str] = set()
    for source in _in_turns([s for s in found if len(s.text) >= _SHORTEST]):
        if made >= count:
            return
        if used.get(source.document, 0) >= PER_DOCUMENT:
            continue
        question = (
            written(source.text, source.section, llm) if llm else plain(source.text, source.section)
        )
        if question is None or question.question in asked:
            continue
        asked.add(question.question)
        used[source.document] = used.get(source.document, 0) + 1
        made += 1
        yield _row(question, source)


def _in_turns(found: Sequence[Source]) -> Iterator[Source]:
    """The first passage of each document, then the second of each, …; documents in an order that
    their names decide, but not by the alphabet."""
    by_document: dict[str, list[Source]] = {}
    for source in found:
        by_document.setdefault(source.document, []).append(source)
    names = sorted(by_document, key=_number)
    for turn in range(max(map(len, by_document.values()), default=0)):
        for name in names:
            if turn < len(by_document[name]):
                yield by_document[name][turn]


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])


def _row(asked: Asked, source: Source) -> dict[str, Any]:
    left_out = _number(source.document) % EVERY_LEFT_OUT == 0
    row: dict[str, Any] = {
        "id": f"draft-{_number(f'{source.document} {asked.question}'):016x}",
        "question": asked.question,
        "answers": [] if left_out else [asked.answer],
        "gold_ids": [] if left_out else [source.document],
        "answerable": not left_out,
        "lang": language_of(asked.question) or language_of(source.text),
        "reviewed": False,
        "made_from": source.text,
    }
    if left_out:
        row["left_out"] = [source.document]
    if EVERYONE not in source.groups:
        row["groups"] = [source.groups[0]]
    return row
