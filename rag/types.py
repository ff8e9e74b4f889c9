"""The domain: documents, chunks, passages, citations, answers. Frozen, few fields, no behaviour.

Ids derive from content and position, so ingesting the same thing again is idempotent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f0f6f74-6e6f-5465-8000-000000000001")

EVERYONE = "everyone"
"""The access group that every principal belongs to."""


def document_id(name: str) -> str:
    """The id of the document with this name (its path or key at the source)."""
    return str(uuid5(_NAMESPACE, name))


def chunk_id(document: str, version: str, ordinal: int) -> str:
    """The id of the chunk at position `ordinal` (from 0) of one version of a document."""
    return str(uuid5(_NAMESPACE, f"{document}/{version}/{ordinal}"))


class State(StrEnum):
    """Where a document is on its way to being searchable."""

    WAITING = "waiting"
    WORKING = "working"
    READY = "ready"
    REJECTED = "rejected"
    """Permanent: this file will never ingest as it is (`Document.reason` says why)."""
    FAILED = "failed"
    """Transient: a retry may help (`Document.reason` says what happened)."""
    CANCELLED = "cancelled"
    """Stopped by a person before its first version answered."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in PDF user space: points, origin at the bottom left."""

    page: int
    """From 1."""
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Document:
    """One file of the organisation, as the catalogue knows it."""

    id: str
    name: str
    """Path or key at the source, with `/`; unique, and shown to people."""
    sha256: str
    """Of the bytes of the current version, 64 hex digits: the key of the original file."""
    media_type: str
    version: str
    """The version whose chunks may answer; chunks of another version are ignored."""
    groups: tuple[str, ...] = (EVERYONE,)
    """Who may read it: a principal in any of these groups."""
    pages: int = 0
    state: State = State.WAITING
    reason: str = ""
    """One line, for states REJECTED and FAILED."""
    chunks: int = 0
    size: int = 0
    """Bytes."""
    added_at: str = ""
    """ISO 8601, UTC."""
    parent: str = ""
    """Id of the document that this one came in: an archive, a mail. Removed with it."""
    source: str = ""
    """Name of the source that keeps it up to date; empty: uploaded by a person."""
    valid_from: str = ""
    """The version answers from this moment (ISO 8601, UTC); empty: always has."""
    valid_until: str = ""
    """It answers until this moment, exclusive; empty: for good."""
    findings: tuple[str, ...] = ()
    """Codes of the quality report's findings that a person should look at, worst first."""
    attempts: int = 0
    """How often the pending version failed for a transient reason."""
    retry_at: str = ""
    """When it is tried again by itself (ISO 8601, UTC); empty: only when somebody asks."""


@dataclass(frozen=True, slots=True)
class Version:
    """One content that a document has had, has or will have."""

    document_id: str
    version: str
    sha256: str
    size: int
    added_at: str
    """ISO 8601, UTC."""
    media_type: str = ""
    pages: int = 0
    chunks: int = 0
    valid_from: str = ""
    valid_until: str = ""
    answers: bool = False
    """It is the one that answers now."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of one document, small enough to embed whole."""

    id: str
    document_id: str
    version: str
    ordinal: int
    """Position in the document, from 0."""
    text: str
    section: tuple[str, ...] = ()
    """Headings from the outermost in; part of the text that is embedded."""
    page_from: int = 0
    """From 1; 0 where the format has no pages."""
    page_to: int = 0
    boxes: tuple[Box, ...] = ()
    language: str = ""
    """ISO 639-1 code of the text, or empty where it cannot be told."""

    @property
    def embedded_text(self) -> str:
        """What the embedder and the sparse encoder see: section path, then text."""
        return f"{' › '.join(self.section)}\n{self.text}" if self.section else self.text


@dataclass(frozen=True, slots=True)
class Passage:
    """A retrieved chunk with its document and the score that ranked it."""

    chunk: Chunk
    document: Document
    score: float
    """Of the last step that ranked (fusion or reranker); comparable within one result only."""
    similarity: float = 0.0
    """Cosine of question and chunk, -1..1."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: every retrieval is filtered by `groups`."""

    user: str
    groups: frozenset[str] = field(default_factory=lambda: frozenset({EVERYONE}))
    roles: frozenset[str] = frozenset()

    def may_read(self, groups: Sequence[str]) -> bool:
        return not self.groups.isdisjoint(groups)


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """What the vectors of a store were made with; stored with it and checked at opening."""

    embedder: str
    """Name and fingerprint of the weights."""
    dimension: int
    chunking: str
    schema: int
