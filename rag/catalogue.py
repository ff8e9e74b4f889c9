"""The catalogue's tables, and a document's row as an `Entry` (SQLAlchemy core).

Nothing here knows which database it is; `rag/engine.py` opens it and brings older ones up to date.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    and_,
    delete,
    false,
    insert,
    select,
    text,
    update,
)

from rag.types import Document, State

SCHEMA = 2
"""Of these tables; release 0.1 had 1. A new column needs a default for the rows that exist."""

METADATA = MetaData()


def _words(name: str, size: int | None = None, **options: Any) -> Column[str]:
    return Column(name, String(size), nullable=False, default="", server_default="", **options)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, default=0, server_default="0")


def _truth(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, default=False, server_default=false())


def _names(name: str) -> Column[Any]:
    return Column(name, JSON, nullable=False, default=list, server_default=text("'[]'"))


DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("name", String, nullable=False, unique=True),
    # The version that answers, within its validity; empty before the first one is ready.
    _words("sha256", 64),
    _words("version", 16),
    _words("media_type"),
    _number("pages"),
    _number("chunks"),
    _number("size"),
    Column("groups", JSON, nullable=False),
    _words("valid_from", 32),
    _words("valid_until", 32),
    _names("findings"),
    # Its validity is over and the index has let go of it.
    _truth("pruned"),
    # When the next version that is indexed ahead takes over; empty where there is none.
    _words("next_at", 32, index=True),
    # The version that is to be indexed next; empty where there is none.
    _words("pending_sha256", 64),
    _number("pending_size"),
    Column("pending_groups", JSON, nullable=False),
    # The index lost the chunks of `version`; they are to be made again from the original.
    _truth("stale"),
    Column("state", String(16), nullable=False, index=True),
    _words("reason"),
    Column("added_at", String(32), nullable=False),
    _words("parent", 36, index=True),
    _words("source", index=True),
    # Failures for a transient reason, and when it is tried again by itself.
    _number("attempts"),
    _words("retry_at", 32),
    # Who works on it, until when at the latest, and how far that is.
    _words("worker"),
    _words("lease_until", 32),
    _words("stage", 16),
    _number("done"),
    _number("total"),
)

VERSIONS = Table(
    "versions",
    METADATA,
    Column("document_id", String(36), primary_key=True),
    Column("sha256", String(64), primary_key=True, index=True),
    _number("size"),
    # When this content last came.
    _words("added_at", 32),
    _words("media_type"),
    _number("pages"),
    _number("chunks"),
    _words("valid_from", 32),
    _words("valid_until", 32),
    _names("findings"),
    # Indexed before its time: answers from `valid_from`, and then these may read it.
    _truth("ahead"),
    _names("groups"),
    # Indexed ahead, but the index has lost it since.
    _truth("lost"),
)
"""Every content that a document has had: kept so that earlier answers can still be checked."""

MEMBERS = Table(
    "members",
    METADATA,
    Column("container_id", String(36), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("document_id", String(36), primary_key=True),
)
"""Which documents were inside which content of a container."""

ACCESS = Table(
    "access",
    METADATA,
    Column("document_id", String(36), primary_key=True),
    Column("group", String, primary_key=True, index=True),
)
"""`documents.groups` once more, one row each, for queries by group."""

UNSYNCED = Table("unsynced", METADATA, Column("document_id", String(36), primary_key=True))
"""Documents of which the index may not have seen the groups, the switch or the removal yet."""

RECEIPTS = Table(
    "receipts",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("document_id", String(36), nullable=False, index=True),
    Column("at", String(32), nullable=False, index=True),
    Column("receipt", JSON, nullable=False),
)
"""What removals left behind: counts and names, no content."""

FACTS = Table(
    "facts",
    METADATA,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with what is to be done about it, whatever the time is."""

    document: Document
    sha256: str
    """Of the version that answers within its validity; empty if there is none."""
    pending_sha256: str
    pending_groups: tuple[str, ...]
    """Take effect with the pending version."""
    stale: bool
    """The index lost the version that answers."""
    pruned: bool
    """The validity of the version that answered is over, and the index has let go of it."""
    worker: str
    """Who works on it; empty: nobody, or somebody without a lease."""

    @property
    def target(self) -> str:
        """SHA-256 of the content to index next; empty if there is none."""
        return self.sha256 if self.stale else self.pending_sha256


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take the write lock at their start."""
    return engine.execution_options(footnote_writes=True)


def version_of(sha256: str) -> str:
    """The version that a content makes: the first 16 hex digits."""
    return sha256[:16]


def document_of(row: Row[Any]) -> Document:
    """A row of `documents` whatever the time is; before a first version, the pending content."""
    indexed = bool(row.version)
    return Document(
        id=row.id,
        name=row.name,
        sha256=row.sha256 if indexed else row.pending_sha256,
        media_type=row.media_type,
        version=row.version,
        groups=tuple(row.groups),
        pages=row.pages,
        state=State(row.state),
        reason=row.reason,
        chunks=row.chunks,
        size=row.size if indexed else row.pending_size,
        added_at=row.added_at,
        parent=row.parent,
        source=row.source,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        findings=tuple(row.findings),
        attempts=row.attempts,
        retry_at=row.retry_at,
    )


def at_moment(document: Document, now: str) -> Document:
    """The document as of `now`: without a version outside the validity of the one it has."""
    begun = document.valid_from <= now
    over = bool(document.valid_until) and document.valid_until <= now
    return document if begun and not over else replace(document, version="")


def entry_of(row: Row[Any]) -> Entry:
    """A row of `documents` with what is to be done about it."""
    return Entry(
        document=document_of(row),
        sha256=row.sha256,
        pending_sha256=row.pending_sha256,
        pending_groups=tuple(row.pending_groups),
        stale=row.stale,
        pruned=row.pruned,
        worker=row.worker,
    )


def entry_in(connection: Connection, document_id: str) -> Entry | None:
    """The entry with this id as the transaction sees it."""
    row = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id == document_id)).one_or_none()
    return None if row is None else entry_of(row)


def require(connection: Connection, document_id: str) -> Entry:
    """The entry with this id. KeyError: there is none."""
    entry = entry_in(connection, document_id)
    if entry is None:
        raise KeyError(document_id)
    return entry


def change(connection: Connection, document_id: str, **values: Any) -> None:
    """Set columns of one document."""
    connection.execute(update(DOCUMENTS).where(DOCUMENTS.c.id == document_id).values(values))


def waits_for(entry: Entry) -> ColumnElement[bool]:
    """Whether the document still waits for what `entry` says, and from the same worker."""
    return and_(
        DOCUMENTS.c.id == entry.document.id,
        DOCUMENTS.c.state.in_([State.WAITING, State.WORKING]),
        DOCUMENTS.c.sha256 == entry.sha256,
        DOCUMENTS.c.pending_sha256 == entry.pending_sha256,
        DOCUMENTS.c.stale == entry.stale,
        DOCUMENTS.c.worker == entry.worker,
    )


def set_access(connection: Connection, document_id: str, groups: Sequence[str]) -> None:
    """Make `groups` the rows of `access`."""
    connection.execute(delete(ACCESS).where(ACCESS.c.document_id == document_id))
    for group in groups:
        connection.execute(insert(ACCESS).values(document_id=document_id, group=group))


def note_unsynced(connection: Connection, document_id: str) -> None:
    """Note that the index has yet to see the document's groups, switch or removal."""
    known = select(UNSYNCED).filter_by(document_id=document_id)
    if connection.execute(known).first() is None:
        connection.execute(insert(UNSYNCED).values(document_id=document_id))
