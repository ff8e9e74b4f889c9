"""Question latency at a given index size, without a language model.

Measured: retrieval alone (embed, hybrid search, catalogue), and the whole way from the question
to the first sentence of an extractive answer. Questions are sentences of the real chunks.

The index is **mostly synthetic** above a few thousand chunks, because embedding 100,000 would
take hours here. Real chunks come first; every other one has a real chunk's vector with noise
added, and a text mixed from sentences of two real chunks. Its sizes, terms and vectors are like
real ones, its meaning is not; nor does it have near-duplicates as a real archive would.
"""

import hashlib
import json
import pickle
import random
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ingest.bench.process import resident
from rag.answers import Said
from rag.evaluate.metrics import percentile
from rag.originals import Reading
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings
from rag.store import IndexedChunk
from rag.store.sparse import SparseEncoder
from rag.text import split_sentences
from rag.types import EVERYONE, Chunk, Document, Principal, chunk_id, document_id
from serving.errors import ConfigError

SYNTHETIC = (
    "real chunks first; the others have real vectors with noise and texts mixed from two chunks"
)
PER_DOCUMENT = 100
"""Chunks of one document."""
NOISE = 0.35
"""Length of the noise added to a unit vector: its cosine to the real one is about .94."""
WORDS = range(6, 25)
"""Lengths of sentences that may be a question."""
_QUESTIONS = "questions.json"


def build(settings: Settings, taken: Path, size: int) -> dict[str, Any]:
    """Fill an empty store and library with `size` chunks made from the pickled real ones.

    Raises:
        ConfigError: there are no real ones.
    """
    real: list[IndexedChunk] = pickle.loads(taken.read_bytes())  # noqa: S301 - bench wrote it
    if not real:
        raise ConfigError("No file could be ingested; name others with --files.")
    chosen = random.Random(size)  # noqa: S311 - reproducible, not secret
    chosen.shuffle(real)
    chunks = _stream(real, chosen, np.random.default_rng(size))
    with open_runtime(settings) as runtime:
        started = time.perf_counter()
        for at in range(0, size, PER_DOCUMENT):
            many = min(PER_DOCUMENT, size - at)
            _add(runtime, f"bench/{at}.txt", [next(chunks) for _ in range(many)])
        elapsed = time.perf_counter() - started
    questions = [s for item in real[:size] for s in _sentences(item.chunk.text)]
    chosen.shuffle(questions)
    (settings.data_dir / _QUESTIONS).write_text(json.dumps(questions[:5000]), encoding="utf-8")
    return {"real_chunks": min(size, len(real)), "built_chunks_per_s": round(size / elapsed)}


def _stream(
    real: Sequence[IndexedChunk], chosen: random.Random, noise: np.random.Generator
) -> Iterator[IndexedChunk]:
    """The real chunks, then synthetic ones without end."""
    yield from real
    encoder = SparseEncoder()
    while True:
        one, two = chosen.choice(real), chosen.choice(real)
        text = _mixed(one.chunk.text, two.chunk.text, chosen)
        vector = np.asarray(one.dense) + NOISE * _unit(noise.standard_normal(len(one.dense)))
        chunk = Chunk("", "", "", 0, text, one.chunk.section, language=one.chunk.language)
        sparse = encoder.document(chunk.embedded_text)
        yield IndexedChunk(chunk, _unit(vector).tolist(), sparse, one.groups)


def _unit(vector: Any) -> Any:
    return vector / np.linalg.norm(vector)


def _mixed(one: str, two: str, chosen: random.Random) -> str:
    """About as long as `one`, every other sentence from `two`."""
    first = [one[a:b] for a, b in split_sentences(one)]
    second = [two[a:b] for a, b in split_sentences(two)]
    chosen.shuffle(first)
    chosen.shuffle(second)
    half = len(first) // 2
    return " ".join([*first[half:], *second[:half]])


def _sentences(text: str) -> list[str]:
    found = (text[start:end] for start, end in split_sentences(text))
    return [
        sentence
        for sentence in found
        if len(sentence.split()) in WORDS and sum(map(str.isalpha, sentence)) > len(sentence) / 2
    ]


def _add(runtime: Runtime, name: str, items: Sequence[IndexedChunk]) -> None:
    identifier, sha256 = document_id(name), hashlib.sha256(name.encode()).hexdigest()
    runtime.library.add(Document(identifier, name, sha256, "", ""))
    entry = runtime.library.begin(identifier)
    assert entry is not None
    owned = [
        IndexedChunk(_owned(item.chunk, identifier, sha256[:16], at), item.dense, item.sparse,
                     (EVERYONE,))
        for at, item in enumerate(items)
    ]  # fmt: skip
    runtime.store.add(identifier, sha256[:16], owned)
    runtime.library.switch(entry, Reading("text/plain", 0, len(items), ()))


def _owned(chunk: Chunk, document: str, version: str, at: int) -> Chunk:
    """Without page and boxes: there is no original to look them up in."""
    return Chunk(
        chunk_id(document, version, at), document, version, at, chunk.text, chunk.section,
        language=chunk.language,
    )  # fmt: skip


def ask(settings: Settings, count: int) -> dict[str, Any]:
    """Reopen what `build` made and ask `count` questions, after ten to warm up."""
    questions: list[str] = json.loads((settings.data_dir / _QUESTIONS).read_text("utf-8"))
    started = time.perf_counter()
    with open_runtime(settings) as runtime:
        opened = time.perf_counter() - started
        for question in questions[-10:]:
            _first_sentence(runtime, question)
        asked = questions[:count]
        retrieved = [_retrieval(runtime, question) for question in asked]
        said = [ms for q in asked if (ms := _first_sentence(runtime, q)) is not None]
        return {
            "open_s": round(opened, 2),
            "asked": len(asked),
            "answered": len(said),
            "retrieve_ms": _spread(retrieved),
            "first_sentence_ms": _spread(said),
            **memory(),
        }


def _retrieval(runtime: Runtime, question: str) -> float:
    limit, principal = runtime.settings.passages, Principal("bench")
    with runtime.tracer.trace("bench", input=question) as trace:
        started = time.perf_counter()
        runtime.retriever.passages(question, principal, limit, trace)
        return (time.perf_counter() - started) * 1000


def _first_sentence(runtime: Runtime, question: str) -> float | None:
    """Milliseconds to the first sentence; None for a refusal."""
    started = time.perf_counter()
    first = None
    for event in runtime.answerer.ask(question, Principal("bench")):
        if first is None and isinstance(event, Said):
            first = (time.perf_counter() - started) * 1000
    return first


def _spread(values: Sequence[float]) -> dict[str, float]:
    found = {"p50": percentile(values, 50), "p95": percentile(values, 95)}
    return {name: round(value, 1) for name, value in found.items() if value is not None}


def memory() -> dict[str, Any]:
    """Resident memory of this process in MiB, now and at its highest."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "rss_mib": round(resident() / 2**20),
        "peak_rss_mib": round(peak / 1024),
    }
