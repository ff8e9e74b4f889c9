"""One content to what the index needs: parsed, judged, chunked, embedded.

This module does not know which version answers, nor about access groups until they are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.chunk import chunk
from ingest.guard.parser import Parser
from ingest.members import Taken, plan
from ingest.progress import Progress, Report
from ingest.quality.inspection import inspect
from rag.library import Library, version_of
from rag.originals import Reading
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
    members: Sequence[Taken] = ()
    """Files that came inside it; they are gone with the folder that was given."""

    def indexed(self, groups: Sequence[str]) -> list[IndexedChunk]:
        """The chunks with both vectors, readable by `groups`."""
        encoder, readers = SparseEncoder(), tuple(groups)
        return [
            IndexedChunk(chunk, dense, encoder.document(chunk.embedded_text), readers)
            for chunk, dense in zip(self.chunks, self.vectors, strict=True)
        ]


class Encoder:
    """Reads files in processes of their own. Safe to share between threads."""

    def __init__(self, library: Library, parser: Parser, embedder: "Embedder") -> None:
        self._library = library
        self._parser = parser
        self._embedder = embedder

    def encode(self, document: Document, sha256: str, folder: Path, progress: Report) -> Encoded:
        """Parse, judge, chunk and embed a content of `document`; files in it go to `folder`.

        Raises:
            RejectedFile: it cannot be read, or has no text and nothing inside.
            ModelUnavailable: the embeddings server does not answer.
            OSError: the disk is full, or no process could be started.
            Cancelled: from `progress`.
        """
        embedder = self._embedder
        progress(Progress(document.id, "parse", 0, 1))
        parsed = self._parser.parse(self._library.original(sha256), document.name, folder)
        progress(Progress(document.id, "parse", 1, 1))
        members, parsed = plan(document, parsed, self._library, self._parser.limits)
        chunks = chunk(
            parsed.elements,
            document.id,
            version_of(sha256),
            embedder.count_tokens,
            embedder.max_tokens,
        )
        if not chunks and not parsed.members and not parsed.skipped:
            raise RejectedFile(
                f"{document.name}: no text was found in it. Add a version with text."
            )
        report = inspect(parsed, chunks, document, sha256, self._library)
        reading = Reading(
            parsed.media_type,
            parsed.pages,
            len(chunks),
            [_plain(element) for element in parsed.elements],
            report,
            parsed.words,
            len(members),
        )
        return Encoded(reading, chunks, _embed(document.id, chunks, embedder, progress), members)


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
