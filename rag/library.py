"""The library: which documents there are, which version of each may answer, and their files.

The catalogue is the truth; the index follows it. A document has at most two versions in play:
the one that answers, and a pending one that takes its place by a single UPDATE once its chunks
are in the index. This module does not know how a file is read or indexed (`ingest/pipeline.py`).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, delete, exists, func, insert, or_, select, update

from rag.catalogue import (
    ACCESS,
    CONTENTS,
    DOCUMENTS,
    FACTS,
    UNSYNCED,
    Entry,
    add_content,
    change,
    document_of,
    entry_in,
    note_unsynced,
    open_engine,
    require,
    set_access,
    waits_for,
    writing,
)
from rag.originals import Originals, Reading
from rag.types import Document, State

_BATCH = 500
"""Ids per query: databases limit the number of parameters."""


Documents = list[Document]
"""Because `Library.list` hides the builtin from annotations."""


def version_of(sha256: str) -> str:
    """The version that a content makes: the first 16 hex digits."""
    return sha256[:16]


class Library:
    """Catalogue and files under one folder. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.files = Originals(folder)
        self._engine = open_engine(folder / "catalogue.db")
        self._writer = writing(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """The catalogue's, for tables that other modules keep beside its own."""
        return self._engine

    def get(self, document_id: str) -> Document | None:
        entry = self.entry(document_id)
        return entry.document if entry else None

    def entry(self, document_id: str) -> Entry | None:
        with self._engine.begin() as connection:
            return entry_in(connection, document_id)

    def get_many(self, ids: Iterable[str]) -> dict[str, Document]:
        """The documents with these ids; unknown ids are left out."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, Document] = {}
        with self._engine.begin() as connection:
            for start in range(0, len(wanted), _BATCH):
                batch = wanted[start : start + _BATCH]
                for row in connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id.in_(batch))):
                    found[row.id] = document_of(row)
        return found

    def list(self, groups: frozenset[str] | None = None) -> Documents:
        """By name: those that any of `groups` may read, or all."""
        query = select(DOCUMENTS).order_by(DOCUMENTS.c.name)
        if groups is not None:
            query = query.where(DOCUMENTS.c.id.in_(_readable(groups)))
        with self._engine.begin() as connection:
            return [document_of(row) for row in connection.execute(query)]

    def count_readable(self, groups: frozenset[str]) -> int:
        """How many documents with a version that answers any of `groups` may read."""
        query = (
            select(func.count())
            .select_from(DOCUMENTS)
            .where(DOCUMENTS.c.version != "", DOCUMENTS.c.id.in_(_readable(groups)))
        )
        with self._engine.begin() as connection:
            return int(connection.execute(query).scalar_one())

    def unfinished(self) -> Sequence[str]:
        """Ids of documents WAITING or WORKING, oldest first."""
        query = (
            select(DOCUMENTS.c.id)
            .where(DOCUMENTS.c.state.in_([State.WAITING, State.WORKING]))
            .order_by(DOCUMENTS.c.added_at, DOCUMENTS.c.name)
        )
        with self._engine.begin() as connection:
            return [row.id for row in connection.execute(query)]

    # Files

    def keep_original(self, path: Path) -> str:
        """Copy a file into the library; its SHA-256. It stays only if a document takes it up."""
        with path.open("rb") as source:
            return self.files.keep(source)

    def original(self, sha256: str) -> Path:
        """Where the bytes of a content are."""
        return self.files.path(sha256)

    def elements(self, document: Document) -> Sequence[dict[str, Any]]:
        """What was read from the version that `document` names: type, text, page, depth, html."""
        reading = self.files.reading(document.sha256)
        return reading.elements if reading else []

    # Changing

    def add(self, document: Document) -> Document:
        """A first version: `document.sha256` is pending unless it is empty (REJECTED at once)."""
        row = {
            "id": document.id,
            "name": document.name,
            "pending_sha256": document.sha256,
            "pending_size": document.size,
            "pending_groups": list(document.groups),
            "groups": list(document.groups),
            "state": document.state,
            "reason": document.reason,
            "added_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with self._writer.begin() as connection:
            connection.execute(insert(DOCUMENTS).values(row))
            set_access(connection, document.id, document.groups)
            add_content(connection, document.id, document.sha256)
            return require(connection, document.id).document

    def await_version(
        self, document_id: str, sha256: str, size: int, groups: Sequence[str]
    ) -> Document:
        """Make a content pending; `groups` take effect with it. Nothing that answers changes."""
        with self._writer.begin() as connection:
            change(
                connection,
                document_id,
                pending_sha256=sha256,
                pending_size=size,
                pending_groups=list(groups),
                state=State.WAITING,
                reason="",
            )
            add_content(connection, document_id, sha256)
            return require(connection, document_id).document

    def keep_version(self, document_id: str, stale: bool) -> Document:
        """Drop what is pending: the version that answers stays; `stale` if it needs indexing."""
        state = State.WAITING if stale else State.READY
        with self._writer.begin() as connection:
            change(connection, document_id, pending_sha256="", stale=stale, state=state, reason="")
            return require(connection, document_id).document

    def mark(self, document_id: str, state: State, reason: str = "") -> Document:
        with self._writer.begin() as connection:
            change(connection, document_id, state=state, reason=reason)
            return require(connection, document_id).document

    def begin(self, document_id: str) -> Entry | None:
        """Mark an unfinished document WORKING; None if there is nothing to be done."""
        with self._writer.begin() as connection:
            entry = entry_in(connection, document_id)
            if entry is None or entry.document.state not in (State.WAITING, State.WORKING):
                return None
            change(connection, document_id, state=State.WORKING, reason="")
            return require(connection, document_id)

    def switch(self, entry: Entry, reading: Reading) -> bool:
        """Let the target of `entry` answer; False if the document no longer waits for it."""
        sha256 = entry.target
        values: dict[str, Any] = {
            "sha256": sha256,
            "version": version_of(sha256),
            "media_type": reading.media_type,
            "pages": reading.pages,
            "chunks": reading.chunks,
            "stale": False,
            "state": State.READY,
            "reason": "",
        }
        if entry.stale:
            values["state"] = State.WAITING if entry.pending_sha256 else State.READY
        else:
            values |= {"pending_sha256": "", "size": DOCUMENTS.c.pending_size}
            values["groups"] = list(entry.pending_groups)
        with self._writer.begin() as connection:
            done = connection.execute(
                update(DOCUMENTS).where(waits_for(entry)).values(values)
            ).rowcount
            if done and not entry.stale:
                set_access(connection, entry.document.id, entry.pending_groups)
        return bool(done)

    def give_up(self, entry: Entry, state: State, reason: str, answers: bool) -> bool:
        """Record that the target of `entry` was not indexed; `answers`: its version still does."""
        values: dict[str, Any] = {"state": state, "reason": reason}
        if entry.stale and state is State.REJECTED:
            values["stale"] = False
            if not answers:
                values |= {"sha256": "", "version": "", "chunks": 0, "pages": 0}
            if entry.pending_sha256:
                values["state"] = State.WAITING
            elif not answers:
                values |= {"pending_sha256": entry.sha256, "pending_size": entry.document.size}
        query = update(DOCUMENTS).where(waits_for(entry)).values(values)
        with self._writer.begin() as connection:
            return bool(connection.execute(query).rowcount)

    def set_groups(
        self, document_id: str, groups: Sequence[str], pending: Sequence[str] | None = None
    ) -> None:
        """Who may read, now and (`pending`) with the next version; noted until `synced`."""
        later = list(groups if pending is None else pending)
        with self._writer.begin() as connection:
            change(connection, document_id, groups=list(groups), pending_groups=later)
            set_access(connection, document_id, groups)
            note_unsynced(connection, document_id)

    def expire_index(self, document_id: str = "") -> None:
        """Note that the index holds nothing (of one document): it is to be indexed again."""
        has_content = or_(DOCUMENTS.c.version != "", DOCUMENTS.c.pending_sha256 != "")
        query = update(DOCUMENTS).where(has_content)
        if document_id:
            query = query.where(DOCUMENTS.c.id == document_id)
        query = query.values(stale=DOCUMENTS.c.version != "", state=State.WAITING, reason="")
        with self._writer.begin() as connection:
            connection.execute(query)

    def remove(self, document_id: str) -> bool:
        """Forget a document and the files that no other has had; noted until `synced`."""
        with self._writer.begin() as connection:
            query = delete(DOCUMENTS).where(DOCUMENTS.c.id == document_id)
            found = bool(connection.execute(query).rowcount)
            set_access(connection, document_id, ())
            note_unsynced(connection, document_id)
        self._discard_contents(document_id)
        return found

    # What a crash may have left undone

    def unsynced(self) -> Sequence[str]:
        """Documents whose groups or removal the index may not have seen."""
        with self._engine.begin() as connection:
            return [row.document_id for row in connection.execute(select(UNSYNCED))]

    def synced(self, document_id: str) -> None:
        """The index has seen the document's groups or removal."""
        with self._writer.begin() as connection:
            connection.execute(delete(UNSYNCED).where(UNSYNCED.c.document_id == document_id))

    def finish_removals(self) -> None:
        """Delete the files of documents whose removal was interrupted."""
        known = exists().where(DOCUMENTS.c.id == CONTENTS.c.document_id)
        with self._engine.begin() as connection:
            query = select(CONTENTS.c.document_id).where(~known).distinct()
            left = [row.document_id for row in connection.execute(query)]
        for document_id in left:
            self._discard_contents(document_id)

    def _discard_contents(self, document_id: str) -> None:
        others = CONTENTS.alias()
        shared = exists().where(
            others.c.sha256 == CONTENTS.c.sha256, others.c.document_id != document_id
        )
        own = CONTENTS.c.document_id == document_id
        with self._writer.begin() as connection:
            for row in connection.execute(select(CONTENTS.c.sha256).where(own, ~shared)):
                self.files.discard(row.sha256)
            connection.execute(delete(CONTENTS).where(own))

    def fact(self, key: str) -> str:
        """A remembered value; empty if there is none."""
        with self._engine.begin() as connection:
            query = select(FACTS.c.value).where(FACTS.c.key == key)
            return connection.execute(query).scalar() or ""

    def remember(self, key: str, value: str) -> None:
        with self._writer.begin() as connection:
            connection.execute(delete(FACTS).where(FACTS.c.key == key))
            connection.execute(insert(FACTS).values(key=key, value=value))


def _readable(groups: frozenset[str]) -> Select[tuple[str]]:
    return select(ACCESS.c.document_id).where(ACCESS.c.group.in_(sorted(groups)))
