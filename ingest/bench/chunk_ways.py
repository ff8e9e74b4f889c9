"""The ways of chunking that `ingest/bench/chunks.py` compares: each cuts a document's elements."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.chunk import TARGET, chunk
from rag.library import version_of
from rag.text import language_of, split_sentences, split_to_tokens
from rag.types import Chunk, chunk_id, document_id
from serving.embedding import Embedder

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

Way = Callable[["Sequence[Element]", str, Embedder], list[Chunk]]


def _ours(target: int) -> Way:
    def way(elements: "Sequence[Element]", name: str, embedder: Embedder) -> list[Chunk]:
        doc, version = document_id(name), version_of("0" * 64)
        return chunk(elements, doc, version, embedder.count_tokens, embedder.max_tokens, target)

    return way


def _without_path(elements: "Sequence[Element]", name: str, embedder: Embedder) -> list[Chunk]:
    return [replace(c, section=()) for c in _ours(TARGET)(elements, name, embedder)]


def _overlapping(elements: "Sequence[Element]", name: str, embedder: Embedder) -> list[Chunk]:
    """As ours; a chunk begins with the last sentence of the one before in its section."""
    found = _ours(TARGET)(elements, name, embedder)
    made = found[:1]
    for before, this in pairwise(found):
        start, end = split_sentences(before.text)[-1]
        longer = replace(this, text=f"{before.text[start:end]}\n{this.text}")
        fits = embedder.count_tokens([longer.embedded_text])[0] <= embedder.max_tokens
        made.append(longer if fits and before.section[:1] == this.section[:1] else this)
    return made


def _plain(elements: "Sequence[Element]", name: str, embedder: Embedder) -> list[Chunk]:
    """LlamaIndex's SentenceSplitter on the whole text, with its usual eighth of overlap."""
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(
        chunk_size=TARGET,
        chunk_overlap=TARGET // 8,
        tokenizer=lambda text: [0] * embedder.count_tokens([text])[0],
        chunking_tokenizer_fn=_with_gaps,
    )
    return _named(splitter.split_text("\n\n".join(e.text for e in elements)), name)


def _with_gaps(text: str) -> list[str]:
    """Sentences, each with the blanks and line ends after it."""
    starts = [0, *(start for start, _ in split_sentences(text)[1:]), len(text)]
    return [text[a:b] for a, b in pairwise(starts)]


def _by_title(elements: "Sequence[Element]", name: str, embedder: Embedder) -> list[Chunk]:
    """unstructured's chunk_by_title at about the same length (a token is about four letters)."""
    from unstructured.chunking.title import chunk_by_title

    del embedder
    made = chunk_by_title(list(elements), max_characters=4 * TARGET, new_after_n_chars=3 * TARGET)
    return _named([element.text for element in made], name)


def _named(texts: Sequence[str], name: str) -> list[Chunk]:
    doc, version = document_id(name), version_of("0" * 64)
    return [
        Chunk(chunk_id(doc, version, n), doc, version, n, text, language=language_of(text))
        for n, text in enumerate(texts)
    ]


def _sections(elements: "Sequence[Element]", name: str, embedder: Embedder) -> list[Chunk]:
    """Every section by itself, whatever its size; cut only where the model's limit is."""
    groups: list[tuple[tuple[str, ...], list[str]]] = []
    stack: list[tuple[int, str]] = []
    for element in elements:
        if element.category == "Title":
            depth = element.metadata.category_depth or 0
            stack = [*(s for s in stack if s[0] < depth), (depth, element.text)]
            groups.append((tuple(t for _, t in stack), []))
        elif groups:
            groups[-1][1].append(element.text)
        else:
            groups.append(((), [element.text]))
    found: list[Chunk] = []
    for path, texts in groups:
        text = "\n".join(texts)
        room = embedder.max_tokens - embedder.count_tokens([" › ".join(path)])[0]
        for start, end in split_to_tokens(text, room, embedder.count_tokens):
            found += _named([text[start:end]], name)
            found[-1] = replace(found[-1], section=path)
    doc, version = document_id(name), version_of("0" * 64)
    return [replace(c, id=chunk_id(doc, version, n), ordinal=n) for n, c in enumerate(found)]


WAYS: dict[str, Way] = {
    "structure-256": _ours(256),
    "structure-128": _ours(128),
    "structure-384": _ours(384),
    "structure-512": _ours(512),
    "structure-256-no-path": _without_path,
    "structure-256-overlap": _overlapping,
    "one-section": _sections,
    "SentenceSplitter-256": _plain,
    "chunk_by_title-1024": _by_title,
}
