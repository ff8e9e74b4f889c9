"""One content to what the index needs: parsed, chunked, embedded. Changes nothing.

This module does not know about the catalogue, nor about access groups until they are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.chunk import chunk
from ingest.guard import guarded_parse
from ingest.progress import Progress, Report
from rag.originals import Reading
from rag.settings import Settings
from rag.store import IndexedChunk
from rag.store.sparse import SparseEncoder
from rag.types import Chunk, Document
from serving.errors import RejectedFile

if TYPE_CHECKING:  # it imports LlamaIndex, which `list` can do without
    from serving.embedding import Embedder

BATCH = 64
"""Passages per call of the embedder, and per step of the progress."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What one content became."""

    reading: Reading
    chunks: Sequence[Chunk]
    vectors: Sequence[Sequence[float]]
    """One per chunk, unit length."""

    def indexed(self, groups: tuple[str, ...]) -> list[IndexedChunk]:
        """The chunks with both vectors, readable by `groups`."""
        encoder = SparseEncoder()
        return [
            IndexedChunk(chunk, dense, encoder.document(chunk.embedded_text), groups)
            for chunk, dense in zip(self.chunks, self.vectors, strict=True)
        ]


def encode(
    path: Path,
    document: Document,
    version: str,
    embedder: "Embedder",
    settings: Settings,
    progress: Report,
) -> Encoded:
    """Parse (in a child process), chunk and embed the file at `path` as `document`'s `version`.

    Raises:
        RejectedFile: it cannot be read, or has no text.
        ModelUnavailable: the embeddings server does not answer.
        Cancelled: from `progress`.
    """
    progress(Progress(document.id, "parse", 0, 1))
    parsed = guarded_parse(
        path, document.name, settings.max_parse_seconds, settings.max_parse_memory_mb
    )
    progress(Progress(document.id, "parse", 1, 1))
    chunks = chunk(
        parsed.elements, document.id, version, embedder.count_tokens, embedder.max_tokens
    )
    if not chunks:
        raise RejectedFile(f"{document.name}: no text was found in it. Add a version with text.")
    elements = [_plain(element) for element in parsed.elements]
    reading = Reading(parsed.media_type, parsed.pages, len(chunks), elements)
    return Encoded(reading, chunks, _embed(document.id, chunks, embedder, progress))


def _embed(
    document_id: str, chunks: Sequence[Chunk], embedder: "Embedder", progress: Report
) -> list[list[float]]:
    """Longest first, because a batch is padded to its longest text."""
    texts = [chunk.embedded_text for chunk in chunks]
    order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
    vectors: list[list[float]] = [[]] * len(texts)
    for start in range(0, len(order), BATCH):
        progress(Progress(document_id, "embed", start, len(order)))
        batch = order[start : start + BATCH]
        found = embedder.embed_passages([texts[i] for i in batch])
        for i, vector in zip(batch, found, strict=True):
            vectors[i] = vector.tolist()
    progress(Progress(document_id, "embed", len(order), len(order)))
    return vectors


def _plain(element: Any) -> dict[str, Any]:
    """An unstructured element as the library keeps it."""
    metadata = element.metadata
    return {
        "type": element.category,
        "text": element.text,
        "page": metadata.page_number or 0,
        "depth": metadata.category_depth or 0,
        "html": metadata.text_as_html or "",
    }
