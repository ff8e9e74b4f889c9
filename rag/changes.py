"""What changes the catalogue: contents that come and go, and who may read them.

Every method is one transaction that checks what it relies on, so that processes on one database
do not undo each other's work. This module does not know how a file is read or indexed
(`ingest/pipeline.py`), nor when (`ingest/jobs.py`).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    and_,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from rag import versions
from rag.catalogue import (
    DOCUMENTS,
    MEMBERS,
    UNSYNCED,
    VERSIONS,
    change,
    entry_in,
    note_unsynced,
    require,
    set_access,
    writing,
)
from rag.moments import Clock, stamp
from rag.originals import Originals
from rag.types import Document, State

IDLE: dict[str, Any] = {"worker": "", "lease_until": "", "stage": "", "done": 0, "total": 0}
"""Columns of a document that nobody works on."""
AFRESH: dict[str, Any] = {**IDLE, "reason": "", "attempts": 0, "retry_at": ""}
"""And that has no failure behind it."""


class Changes:
    """The part of `rag.library.Library` that writes, but for the work itself (`rag/work.py`)."""

    def __init__(self, engine: Engine, files: Originals, clock: Clock) -> None:
        self.files = files
        self._engine = engine
        self._writer = writing(engine)
        self._clock = clock

    def now(self) -> str:
        """The moment by which validity and leases are decided."""
        return stamp(self._clock())

    # Contents come

    def add(self, document: Document) -> Document:
        """A first version: `document.sha256` is pending unless it is empty (REJECTED at once).

        If the document is there already, it stays as it is and is returned.
        """
        row = {
            "id": document.id,
            "name": document.name,
            "pending_sha256": document.sha256,
            "pending_size": document.size,
            "pending_groups": list(document.groups),
            "groups": list(document.groups),
            "state": document.state,
            "reason": document.reason,
            "added_at": self.now(),
            "parent": document.parent,
            "source": document.source,
        }
        try:
            with self._writer.begin() as connection:
                if entry := entry_in(connection, document.id):
                    return entry.document
                connection.execute(insert(DOCUMENTS).values(row))
                set_access(connection, document.id, document.groups)
                self._note(
                    connection,
                    document.id,
                    document.sha256,
                    document.size,
                    (document.valid_from, document.valid_until),
                )
                return require(connection, document.id).document
        except IntegrityError:  # another process added it at this moment
            with self._engine.begin() as connection:
                return require(connection, document.id).document

    def await_version(
        self,
        document_id: str,
        sha256: str,
        size: int,
        groups: Sequence[str],
        validity: tuple[str, str] = ("", ""),
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
                **AFRESH,
            )
            self._note(connection, document_id, sha256, size, validity)
            return require(connection, document_id).document

    def keep_version(self, document_id: str, stale: bool) -> Document:
        """Drop what is pending: the version that answers stays; `stale` if it needs indexing."""
        state = State.WAITING if stale else State.READY
        with self._writer.begin() as connection:
            change(connection, document_id, pending_sha256="", stale=stale, state=state, **AFRESH)
            return require(connection, document_id).document

    def belong(self, document_id: str, parent: str, source: str) -> None:
        """Say in which container the document came and which source keeps it up to date."""
        with self._writer.begin() as connection:
            change(connection, document_id, parent=parent, source=source)

    def set_members(self, container_id: str, sha256: str, members: Iterable[str]) -> None:
        """Which documents are inside one content of a container."""
        with self._writer.begin() as connection:
            versions.set_members(connection, container_id, sha256, members)

    def mark(self, document_id: str, state: State, reason: str = "") -> Document:
        """Set the state; nobody works on the document any more."""
        with self._writer.begin() as connection:
            values = IDLE | {"state": state, "reason": reason, "retry_at": ""}
            change(connection, document_id, **values)
            return require(connection, document_id).document

    def wake(self, document_id: str, states: Sequence[State], afresh: bool = False) -> bool:
        """Have a document in one of `states` tried again; `afresh`: as if it had never failed.

        False: it is in another state, or there is nothing to be indexed. One that only could not
        take in a new version is READY again.
        """
        values: dict[str, Any] = dict(AFRESH) if afresh else {"reason": "", "retry_at": ""}
        with self._writer.begin() as connection:
            entry = entry_in(connection, document_id)
            if entry is None or entry.document.state not in states:
                return False
            if not entry.target and not entry.sha256:
                return False
            values["state"] = State.WAITING if entry.target else State.READY
            change(connection, document_id, **values)
            return bool(entry.target)

    def cancel(self, document_id: str) -> None:
        """Drop what is pending; a document whose first version it is becomes CANCELLED."""
        waiting = and_(
            DOCUMENTS.c.id == document_id,
            DOCUMENTS.c.state.in_([State.WAITING, State.WORKING, State.FAILED]),
        )
        first = and_(waiting, DOCUMENTS.c.version == "")
        later = and_(waiting, DOCUMENTS.c.version != "")
        values = AFRESH | {"pending_sha256": "", "state": State.READY}
        with self._writer.begin() as connection:
            connection.execute(
                update(DOCUMENTS).where(first).values(AFRESH | {"state": State.CANCELLED})
            )
            # Without its chunks the version cannot answer: indexing them again goes on.
            connection.execute(update(DOCUMENTS).where(later, ~DOCUMENTS.c.stale).values(values))
            values["state"] = State.WAITING
            connection.execute(update(DOCUMENTS).where(later, DOCUMENTS.c.stale).values(values))
            note_unsynced(connection, document_id)

    # Who may read, and what is to be indexed again

    def set_groups(
        self, document_id: str, groups: Sequence[str], pending: Sequence[str] | None = None
    ) -> None:
        """Who may read, now and (`pending`) with the next version; noted until `synced`."""
        later = list(groups if pending is None else pending)
        with self._writer.begin() as connection:
            change(connection, document_id, groups=list(groups), pending_groups=later)
            set_access(connection, document_id, groups)
            ahead = and_(VERSIONS.c.document_id == document_id, VERSIONS.c.ahead)
            connection.execute(update(VERSIONS).where(ahead).values(groups=later))
            note_unsynced(connection, document_id)

    def expire_index(self, document_id: str = "") -> None:
        """Note that the index holds nothing (of one document): it is to be indexed again."""
        indexed = and_(DOCUMENTS.c.version != "", ~DOCUMENTS.c.pruned)
        query = update(DOCUMENTS).where(or_(indexed, DOCUMENTS.c.pending_sha256 != ""))
        lost = update(VERSIONS).where(VERSIONS.c.ahead).values(lost=True)
        if document_id:
            query = query.where(DOCUMENTS.c.id == document_id)
            lost = lost.where(VERSIONS.c.document_id == document_id)
        query = query.values(AFRESH | {"stale": indexed, "state": State.WAITING})
        with self._writer.begin() as connection:
            connection.execute(query)
            connection.execute(lost)

    # Removal

    def remove(self, document_id: str) -> bool:
        """Forget a document and the files that no other has had; noted until `synced`."""
        inside = or_(MEMBERS.c.container_id == document_id, MEMBERS.c.document_id == document_id)
        with self._writer.begin() as connection:
            query = delete(DOCUMENTS).where(DOCUMENTS.c.id == document_id)
            found = bool(connection.execute(query).rowcount)
            connection.execute(delete(MEMBERS).where(inside))
            set_access(connection, document_id, ())
            note_unsynced(connection, document_id)
        self._discard(document_id)
        return found

    def forget_versions(self, document_id: str, keep: int) -> list[str]:
        """Discard the contents beyond the `keep` last, none in play; SHA-256 of each."""
        with self._engine.begin() as connection:
            gone = versions.superfluous(connection, document_id, keep)
        if gone:
            self._discard(document_id, gone)
        return gone

    def unsynced(self) -> Sequence[str]:
        """Documents whose groups, switch or removal the index may not have seen."""
        with self._engine.begin() as connection:
            return list(connection.execute(select(UNSYNCED.c.document_id)).scalars())

    def synced(self, document_id: str) -> None:
        """The index has seen the document's groups, switch or removal."""
        with self._writer.begin() as connection:
            connection.execute(delete(UNSYNCED).where(UNSYNCED.c.document_id == document_id))

    def finish_removals(self) -> None:
        """Delete the files of documents whose removal was interrupted."""
        known = exists().where(DOCUMENTS.c.id == VERSIONS.c.document_id)
        with self._engine.begin() as connection:
            query = select(VERSIONS.c.document_id).where(~known).distinct()
            left = list(connection.execute(query).scalars())
        for document_id in left:
            self._discard(document_id)

    def _note(
        self,
        connection: Connection,
        document_id: str,
        sha256: str,
        size: int,
        validity: tuple[str, str],
    ) -> None:
        valid_from, valid_until = validity
        versions.note(
            connection,
            document_id,
            sha256,
            size=size,
            added_at=self.now(),
            valid_from=valid_from,
            valid_until=valid_until,
        )

    def _discard(self, document_id: str, contents: Sequence[str] | None = None) -> None:
        """Forget these contents of a document, or all, and the files that no other has had."""
        others = VERSIONS.alias()
        shared = exists().where(
            others.c.sha256 == VERSIONS.c.sha256, others.c.document_id != document_id
        )
        own = VERSIONS.c.document_id == document_id
        members = MEMBERS.c.container_id == document_id
        if contents is not None:
            own = and_(own, VERSIONS.c.sha256.in_(contents))
            members = and_(members, MEMBERS.c.sha256.in_(contents))
        with self._writer.begin() as connection:
            for row in connection.execute(select(VERSIONS.c.sha256).where(own, ~shared)):
                self.files.discard(row.sha256)
            connection.execute(delete(VERSIONS).where(own))
            connection.execute(delete(MEMBERS).where(members))
