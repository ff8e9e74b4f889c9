"""`python -m ingest.bench.chunks`: ways of chunking side by side, through the product's retriever.

Each way cuts the same documents (`ingest/bench/chunk_sets.py`), is indexed in a folder of its
own and asked the same questions. Ranks are those of chunks, as a person is shown them; because
long chunks hold more, what stands in the first 1,000 tokens is reported too. Vectors are kept
in a file, so that a run can be done in pieces. What it does not know: the language model's use
of the passages.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.bench.chunk_sets import Asked, Page, Rebuilt, rebuild
from ingest.bench.chunk_ways import WAYS
from rag.evaluate.index import Vectors
from rag.evaluate.metrics import contains, mean, ndcg_at
from rag.originals import Reading
from rag.runtime import Runtime, open_runtime
from rag.settings import load_settings
from rag.store import IndexedChunk
from rag.types import EVERYONE, Document, Principal, document_id
from serving.quiet import switch_telemetry_off

SETS = ("xquad-en", "xquad-ru", "handbook-18f", "techdocs-en-ru")
DEPTH = 40
"""Chunks fetched for a question."""
BUDGET = 1000
"""Tokens of the first passages in which the answer is looked for."""
_ASKER = Principal("bench", frozenset({EVERYONE}))


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's passages, judged."""

    ranks: list[str]
    """`gold` at the place of the first passage that is of the section that answers."""
    held: list[bool]
    """For each passage, whether it holds the answer (the section, where no answer is given)."""
    in_budget: bool


@contextmanager
def _runtime(cache: Path) -> Iterator[Runtime]:
    settings = load_settings()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="chunks-", dir=cache) as name:
        models = settings.data_dir / "models"
        if models.is_dir():
            (Path(name) / "models").symlink_to(models.resolve())
        own = {"data_dir": Path(name), "langfuse_url": "", "collection": f"{Path(name).name}"}
        with open_runtime(settings.model_copy(update=own)) as runtime:
            yield runtime


def measure(rebuilt: Rebuilt, way: str, cache: Path) -> dict[str, Any]:
    """The figures of one way on one set."""
    with _runtime(cache) as runtime:
        embedder = runtime.embedder
        made = {n: WAYS[way](p.elements, n, embedder) for n, p in rebuilt.pages.items()}
        texts = [c.embedded_text for chunks in made.values() for c in chunks]
        sizes = embedder.count_tokens(texts)
        with closing(Vectors(cache / "chunking.sqlite", embedder)) as vectors:
            dense = iter(vectors.of(texts, _progress))
        for name, chunks in made.items():
            _enter(runtime, name, len(chunks))
            terms = runtime.retriever.sparse
            runtime.store.add(
                document_id(name),
                chunks[0].version,
                [
                    IndexedChunk(
                        c, next(dense).tolist(), terms.document(c.embedded_text), (EVERYONE,)
                    )
                    for c in chunks
                ],
            )
        judged = [_ask(runtime, rebuilt.pages, q) for q in rebuilt.questions]
    return {
        "set": rebuilt.name,
        "way": way,
        "documents": len(made),
        "questions": len(judged),
        "chunks": len(texts),
        "tokens": sum(sizes),
        "too_long": sum(size > embedder.max_tokens for size in sizes),
        "ndcg": mean([ndcg_at(j.ranks, {"gold"}, 10) for j in judged]),
        "recall5": mean(["gold" in j.ranks[:5] for j in judged]),
        "held1": mean([any(j.held[:1]) for j in judged]),
        "held3": mean([any(j.held[:3]) for j in judged]),
        "budget": mean([j.in_budget for j in judged]),
    }


def _ask(runtime: Runtime, pages: dict[str, Page], asked: Asked) -> Judged:
    with runtime.tracer.trace("bench", input=asked.question) as trace:
        found = runtime.retriever.passages(asked.question, _ASKER, DEPTH, trace)
    gold = [
        p.document.name == asked.page and pages[asked.page].share(p.chunk.text, asked.gold)
        for p in found
    ]
    held = gold
    if asked.answers and all(len(answer) < 200 for answer in asked.answers):
        held = [contains(p.chunk.text, asked.answers) for p in found]
    ranks = [f"other-{n}" for n in range(len(found))]
    if True in gold:
        ranks[gold.index(True)] = "gold"
    room, within = BUDGET, False
    for passage, holds in zip(found, held, strict=True):
        room -= runtime.embedder.count_tokens([passage.chunk.embedded_text])[0]
        within = within or (holds and room >= 0)
    return Judged(ranks, held, within)


def _enter(runtime: Runtime, name: str, chunks: int) -> None:
    library, doc = runtime.library, document_id(name)
    library.add(Document(doc, name, "0" * 64, "", "", (EVERYONE,)))
    entry = library.begin(doc)
    assert entry is not None
    library.switch(entry, Reading("text/plain", 0, chunks, ()))


def _progress(what: str, done: int, total: int) -> None:
    sys.stderr.write(f"{what}: {done} of {total}\r")


def speed(sets: Sequence[Rebuilt], cache: Path) -> dict[str, float]:
    """Seconds to embed the same few documents, the ways taking turns; the best of three."""
    best: dict[str, float] = {}
    with _runtime(cache) as runtime:
        embedder = runtime.embedder
        pages = [p for s in sets for p in sorted(s.pages.values(), key=lambda p: p.name)[3:12:4]]
        texts = {
            way: [c.embedded_text for p in pages for c in cut(p.elements, p.name, embedder)]
            for way, cut in WAYS.items()
        }
        for _ in range(3):
            for way, own in texts.items():
                started = time.perf_counter()
                embedder.embed_passages(own)
                took = time.perf_counter() - started
                best[way] = min(best.get(way, took), took)
    return best


COLUMNS = ("ndcg", "recall5", "held1", "held3", "budget")


def table(found: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row for each set and way."""
    names = " | ".join(COLUMNS)
    lines = [f"| set | way | {names} | chunks | tokens | too long |"]
    lines.append("|---" * (len(COLUMNS) + 5) + "|")
    for row in sorted(found, key=lambda r: (SETS.index(r["set"]), list(WAYS).index(r["way"]))):
        figures = " | ".join(f"{row[column]:.3f}" for column in COLUMNS)
        lines.append(
            f"| {row['set']} | {row['way']} | {figures} "
            f"| {row['chunks']} | {row['tokens']:,} | {row['too_long']} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0. What was measured before is kept in the cache folder and not repeated."""
    options = _parser().parse_args(arguments)
    switch_telemetry_off()
    out = options.cache / "chunking"
    out.mkdir(parents=True, exist_ok=True)
    todo = [
        (name, [way for way in options.ways if not (out / f"{name}.{way}.json").is_file()])
        for name in options.sets
    ]
    for name, ways in todo:
        rebuilt = rebuild(options.eval / name) if ways else None
        for way in ways:
            assert rebuilt is not None
            found = measure(rebuilt, way, options.cache)
            (out / f"{name}.{way}.json").write_text(json.dumps(found, indent=1), "utf-8")
    files = [out / f"{name}.{way}.json" for name in options.sets for way in options.ways]
    print(table([json.loads(file.read_text("utf-8")) for file in files]))  # noqa: T201
    if options.speed:
        best = speed([rebuild(options.eval / name) for name in options.sets], options.cache)
        first = next(iter(best.values()))
        for way, seconds in best.items():
            print(f"{way}: {seconds / first:.2f}")  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest.bench.chunks", description=__doc__)
    add = parser.add_argument
    add("--eval", type=Path, default=Path("../shared/eval"), help="where the sets are")
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    add("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    add("--cache", type=Path, default=Path("var/eval"), help="vectors and figures are kept here")
    add("--speed", action="store_true", help="time embedding too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
