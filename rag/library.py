"""The library: which documents there are, which version of each may answer, and their files.

The catalogue is the truth; the index follows it. A document has one version that answers, at most
one pending that takes its place by a single UPDATE once its chunks are in the index, and any
number indexed ahead of the moment from which they are valid (`rag/versions.py`). What answers is
decided by the clock that the library is given. This module does not know how a file is read or
indexed (`ingest/pipeline.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, and_, delete, func, insert, or_, select

from rag import versions
from rag.catalogue import (
    ACCESS,
    DOCUMENTS,
    FACTS,
    MEMBERS,
    RECEIPTS,
    VERSIONS,
    Entry,
    entry_in,
)
from rag.catalogue import version_of as version_of
from rag.engine import open_engine, scrub
from rag.moments import Clock, utc_now
from rag.originals import Originals, Reading
from rag.report import QualityReport
from rag.settings import Settings
from rag.sketches import Sketches
from rag.types import Document, State, Version
from rag.versions import Held
from rag.work import Work

_BATCH = 500
"""Ids per query: databases limit the number of parameters."""


Documents = list[Document]
"""Because `Library.list` hides the builtin from annotations."""


class Library(Work):
    """Catalogue and files under one folder. Safe to share between threads."""

    def __init__(self, folder: Path, clock: Clock = utc_now, *, url: str = "") -> None:
        """Open or create it.

        Args:
            url: of a catalogue on PostgreSQL; empty: SQLite in `folder`.

        Raises:
            ConfigError: as `rag.engine.open_engine` says.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().__init__(open_engine(folder / "catalogue.db", url), Originals(folder), clock)
        self.sketches = Sketches(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """The catalogue's, for tables that other modules keep beside its own."""
        return self._engine

    def get(self, document_id: str) -> Document | None:
        """The document as it is now: `version` is empty if nothing of it answers."""
        return self.get_many([document_id]).get(document_id)

    def entry(self, document_id: str) -> Entry | None:
        """The document as it is written down, whatever the time is."""
        with self._engine.begin() as connection:
            return entry_in(connection, document_id)

    def get_many(self, ids: Iterable[str]) -> dict[str, Document]:
        """The documents with these ids as they are now; unknown ids are left out."""
        wanted, now = list(dict.fromkeys(ids)), self.now()
        found: dict[str, Document] = {}
        with self._engine.begin() as connection:
            for start in range(0, len(wanted), _BATCH):
                batch = wanted[start : start + _BATCH]
                rows = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id.in_(batch))).all()
                found |= {d.id: d for d in versions.as_of(connection, rows, now)}
        return found

    def list(self, groups: frozenset[str] | None = None) -> Documents:
        """By name: those that any of `groups` may read, or all."""
        query = select(DOCUMENTS).order_by(DOCUMENTS.c.name)
        if groups is not None:
            query = query.where(DOCUMENTS.c.id.in_(_readable(groups)))
        return self._documents(query)

    def children(self, document_id: str) -> Documents:
        """By name: the documents that came inside this one."""
        query = select(DOCUMENTS).where(DOCUMENTS.c.parent == document_id)
        return self._documents(query.order_by(DOCUMENTS.c.name))

    def members(self, document_id: str, sha256: str) -> Sequence[str]:
        """Ids of the documents that came inside one content of this one."""
        query = select(MEMBERS.c.document_id).where(
            MEMBERS.c.container_id == document_id, MEMBERS.c.sha256 == sha256
        )
        return self._ids(query)

    def orphans(self, document_id: str) -> Sequence[str]:
        """Ids of documents that came inside this one, and are in no content of it any more."""
        with self._engine.begin() as connection:
            return versions.orphans(connection, document_id)

    def versions(self, document_id: str) -> Sequence[Version]:
        """All contents that the document has had, has or will have; what came last is first."""
        with self._engine.begin() as connection:
            return versions.list_of(connection, document_id, self.now())

    def held(self, document_id: str) -> Held:
        """What the index is to hold of a document."""
        with self._engine.begin() as connection:
            return versions.held(connection, document_id)

    def is_ahead(self, document_id: str, sha256: str) -> bool:
        """Whether the content is indexed ahead of its time."""
        query = select(VERSIONS.c.ahead).where(versions.this(document_id, sha256))
        with self._engine.begin() as connection:
            return bool(connection.execute(query).scalar())

    def validity(self, document_id: str, sha256: str) -> tuple[str, str]:
        """From and until when a content answers; KeyError: the document has not had it."""
        with self._engine.begin() as connection:
            row = versions.find(connection, document_id, sha256)
            return row.valid_from, row.valid_until

    def is_used(self, sha256: str) -> bool:
        """Whether any document has had this content."""
        query = select(VERSIONS.c.sha256).where(VERSIONS.c.sha256 == sha256)
        with self._engine.begin() as connection:
            return connection.execute(query).first() is not None

    def with_content(self, sha256: str) -> Sequence[str]:
        """Ids of the documents whose answering or pending content this is, oldest first."""
        ahead = select(VERSIONS.c.document_id).where(VERSIONS.c.sha256 == sha256, VERSIONS.c.ahead)
        query = (
            select(DOCUMENTS.c.id)
            .where(
                or_(
                    and_(DOCUMENTS.c.sha256 == sha256, DOCUMENTS.c.version != ""),
                    DOCUMENTS.c.pending_sha256 == sha256,
                    DOCUMENTS.c.id.in_(ahead),
                )
            )
            .order_by(DOCUMENTS.c.added_at, DOCUMENTS.c.name)
        )
        return self._ids(query)

    def count_readable(self, groups: frozenset[str]) -> int:
        """How many documents with a version that answers any of `groups` may read."""
        now = self.now()
        valid = and_(
            DOCUMENTS.c.version != "",
            DOCUMENTS.c.valid_from <= now,
            or_(DOCUMENTS.c.valid_until == "", DOCUMENTS.c.valid_until > now),
        )
        takes_over = and_(DOCUMENTS.c.next_at != "", DOCUMENTS.c.next_at <= now)
        query = (
            select(func.count())
            .select_from(DOCUMENTS)
            .where(or_(valid, takes_over), DOCUMENTS.c.id.in_(_readable(groups)))
        )
        with self._engine.begin() as connection:
            return int(connection.execute(query).scalar_one())

    def unfinished(self) -> Sequence[str]:
        """Ids of documents WAITING or WORKING, oldest first."""
        query = select(DOCUMENTS.c.id).where(DOCUMENTS.c.state.in_([State.WAITING, State.WORKING]))
        return self._ids(query.order_by(DOCUMENTS.c.added_at, DOCUMENTS.c.name))

    def retry_due(self) -> Sequence[str]:
        """Ids of FAILED documents that are to be tried again by now, longest due first."""
        query = select(DOCUMENTS.c.id).where(
            DOCUMENTS.c.state == State.FAILED,
            DOCUMENTS.c.retry_at != "",
            DOCUMENTS.c.retry_at <= self.now(),
        )
        return self._ids(query.order_by(DOCUMENTS.c.retry_at))

    def takeable(self, limit: int) -> Sequence[str]:
        """Ids of at most so many documents that nobody works on and that are due, oldest first."""
        now = self.now()
        left = or_(DOCUMENTS.c.worker == "", DOCUMENTS.c.lease_until < now)
        again = and_(DOCUMENTS.c.retry_at != "", DOCUMENTS.c.retry_at <= now)
        query = select(DOCUMENTS.c.id).where(
            or_(
                DOCUMENTS.c.state == State.WAITING,
                and_(DOCUMENTS.c.state == State.WORKING, left),
                and_(DOCUMENTS.c.state == State.FAILED, again),
            )
        )
        return self._ids(query.order_by(DOCUMENTS.c.added_at, DOCUMENTS.c.name).limit(limit))

    def workers(self) -> Sequence[str]:
        """Who works on documents, or ended without letting go of them."""
        query = select(DOCUMENTS.c.worker).where(DOCUMENTS.c.worker != "").distinct()
        return self._ids(query)

    def progress(self, document_id: str) -> tuple[str, int, int] | None:
        """Stage, done and total of the work on a document; None if nobody works on it."""
        query = select(DOCUMENTS).where(
            DOCUMENTS.c.id == document_id, DOCUMENTS.c.state == State.WORKING
        )
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return (row.stage, row.done, row.total) if row is not None and row.stage else None

    # Files

    def keep_original(self, path: Path) -> str:
        """Copy a file into the library; its SHA-256. It stays only if a document takes it up."""
        with path.open("rb") as source:
            return self.files.keep(source)

    def original(self, sha256: str) -> Path:
        """Where the bytes of a content are."""
        return self.files.path(sha256)

    def report(self, document: Document, reading: Reading | None = None) -> QualityReport | None:
        """What was found in the content of the version that `document` names, if it was read.

        `reading` is what was read of it, where the caller has that already. Documents of one
        content share it, so which they are is told as of now.
        """
        reading = reading or self.files.reading(document.sha256)
        if reading is None:
            return None
        same = [other for other in self.with_content(document.sha256) if other != document.id]
        return reading.report.with_duplicates(same)

    def elements(self, document: Document) -> Sequence[dict[str, Any]]:
        """What was read from the version that `document` names: type, text, page, depth, html."""
        reading = self.files.reading(document.sha256)
        return reading.elements if reading else []

    # Facts and receipts

    def fact(self, key: str) -> str:
        """A remembered value; empty if there is none."""
        with self._engine.begin() as connection:
            query = select(FACTS.c.value).where(FACTS.c.key == key)
            return connection.execute(query).scalar() or ""

    def remember(self, key: str, value: str) -> None:
        with self._writer.begin() as connection:
            connection.execute(delete(FACTS).where(FACTS.c.key == key))
            connection.execute(insert(FACTS).values(key=key, value=value))

    def keep_receipt(self, receipt: Mapping[str, Any]) -> None:
        """Keep what a removal did, instead of what was kept under the same `id`.

        `id`, `document_id` and `at` are among the keys.
        """
        row = {key: receipt[key] for key in ("id", "document_id", "at")}
        with self._writer.begin() as connection:
            connection.execute(delete(RECEIPTS).where(RECEIPTS.c.id == receipt["id"]))
            connection.execute(insert(RECEIPTS).values(row | {"receipt": dict(receipt)}))

    def receipts(self, limit: int = 100) -> Sequence[dict[str, Any]]:
        """Of the last removals, the latest first."""
        query = select(RECEIPTS.c.receipt).order_by(RECEIPTS.c.at.desc(), RECEIPTS.c.id)
        with self._engine.begin() as connection:
            return [dict(row) for row in connection.execute(query.limit(limit)).scalars()]

    def scrub(self) -> None:
        """Let no deleted word stay in the catalogue's files."""
        scrub(self._engine)

    def _documents(self, query: Select[Any]) -> Documents:
        with self._engine.begin() as connection:
            rows = connection.execute(query).all()
            return versions.as_of(connection, rows, self.now())

    def _ids(self, query: Select[tuple[str]]) -> Sequence[str]:
        with self._engine.begin() as connection:
            return [str(identifier) for identifier in connection.execute(query).scalars()]


def open_library(settings: Settings) -> Library:
    """The library that the settings name. ConfigError: as `Library` says."""
    folder = settings.data_dir / "library"
    return Library(folder, url=settings.catalogue_url.get_secret_value())


def _readable(groups: frozenset[str]) -> Select[tuple[str]]:
    return select(ACCESS.c.document_id).where(ACCESS.c.group.in_(sorted(groups)))
