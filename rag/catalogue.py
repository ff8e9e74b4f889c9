"""The catalogue's tables and the engine that holds them (SQLAlchemy core).

On SQLite: write-ahead log, synced at every commit, writers queue for ten seconds. Nothing here
but `open_engine` knows which database it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
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
    create_engine,
    delete,
    event,
    insert,
    select,
    update,
)

from rag.types import Document, State

METADATA = MetaData()

DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("name", String, nullable=False, unique=True),
    # The version that answers; empty before the first one is ready.
    Column("sha256", String(64), nullable=False, default=""),
    Column("version", String(16), nullable=False, default=""),
    Column("media_type", String, nullable=False, default=""),
    Column("pages", Integer, nullable=False, default=0),
    Column("chunks", Integer, nullable=False, default=0),
    Column("size", Integer, nullable=False, default=0),
    Column("groups", JSON, nullable=False),
    # The version that is to answer next; empty where there is none.
    Column("pending_sha256", String(64), nullable=False, default=""),
    Column("pending_size", Integer, nullable=False, default=0),
    Column("pending_groups", JSON, nullable=False),
    # The index lost the chunks of `version`; they are to be made again from the original.
    Column("stale", Boolean, nullable=False, default=False),
    Column("state", String(16), nullable=False, index=True),
    Column("reason", String, nullable=False, default=""),
    Column("added_at", String(32), nullable=False),
)

ACCESS = Table(
    "access",
    METADATA,
    Column("document_id", String(36), primary_key=True),
    Column("group", String, primary_key=True, index=True),
)
"""`documents.groups` once more, one row each, for queries by group."""

CONTENTS = Table(
    "contents",
    METADATA,
    Column("document_id", String(36), primary_key=True),
    Column("sha256", String(64), primary_key=True, index=True),
)
"""Every content that a document has had: kept so that earlier answers can still be checked."""

UNSYNCED = Table("unsynced", METADATA, Column("document_id", String(36), primary_key=True))
"""Documents whose groups or removal the index may not have seen yet."""

FACTS = Table(
    "facts",
    METADATA,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with what is to be done about it."""

    document: Document
    sha256: str
    """Of the version that answers; empty if none does."""
    pending_sha256: str
    pending_groups: tuple[str, ...]
    """Take effect with the pending version."""
    stale: bool
    """The index lost the version that answers."""

    @property
    def target(self) -> str:
        """SHA-256 of the content to index next; empty if there is none."""
        return self.sha256 if self.stale else self.pending_sha256


def open_engine(file: Path) -> Engine:
    """Engine on a SQLite file, its tables created."""
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 10})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    with writing(engine).begin() as connection:
        METADATA.create_all(connection)
    return engine


def writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take the write lock at their start."""
    return engine.execution_options(footnote_writes=True)


def _configure(connection: Any, _record: object) -> None:
    # The driver's own transactions begin too late to make read-then-write atomic.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("footnote_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def document_of(row: Row[Any]) -> Document:
    """A row of `documents`; before its first version answers, with the pending content."""
    answers = bool(row.version)
    return Document(
        id=row.id,
        name=row.name,
        sha256=row.sha256 if answers else row.pending_sha256,
        media_type=row.media_type,
        version=row.version,
        groups=tuple(row.groups),
        pages=row.pages,
        state=State(row.state),
        reason=row.reason,
        chunks=row.chunks,
        size=row.size if answers else row.pending_size,
        added_at=row.added_at,
    )


def entry_in(connection: Connection, document_id: str) -> Entry | None:
    """The entry with this id as the transaction sees it."""
    row = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id == document_id)).one_or_none()
    if row is None:
        return None
    return Entry(
        document=document_of(row),
        sha256=row.sha256,
        pending_sha256=row.pending_sha256,
        pending_groups=tuple(row.pending_groups),
        stale=row.stale,
    )


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
    """Whether the document still waits for what `entry` says that it waits for."""
    return and_(
        DOCUMENTS.c.id == entry.document.id,
        DOCUMENTS.c.state.in_([State.WAITING, State.WORKING]),
        DOCUMENTS.c.sha256 == entry.sha256,
        DOCUMENTS.c.pending_sha256 == entry.pending_sha256,
        DOCUMENTS.c.stale == entry.stale,
    )


def set_access(connection: Connection, document_id: str, groups: Sequence[str]) -> None:
    """Make `groups` the rows of `access`."""
    connection.execute(delete(ACCESS).where(ACCESS.c.document_id == document_id))
    for group in groups:
        connection.execute(insert(ACCESS).values(document_id=document_id, group=group))


def add_content(connection: Connection, document_id: str, sha256: str) -> None:
    """Note that a document has had this content."""
    values = {"document_id": document_id, "sha256": sha256}
    known = select(CONTENTS).filter_by(**values)
    if sha256 and connection.execute(known).first() is None:
        connection.execute(insert(CONTENTS).values(values))


def note_unsynced(connection: Connection, document_id: str) -> None:
    """Note that the index has yet to see the document's groups or removal."""
    known = select(UNSYNCED).filter_by(document_id=document_id)
    if connection.execute(known).first() is None:
        connection.execute(insert(UNSYNCED).values(document_id=document_id))
