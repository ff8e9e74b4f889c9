"""Work on documents: who does it, what came of it, and from when on it answers.

Every method is one transaction that checks what it relies on: a worker whose lease was taken, or
whose content was superseded meanwhile, changes nothing. How a file is read or indexed this module
does not know (`ingest/pipeline.py`).
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from rag import versions
from rag.catalogue import (
    DOCUMENTS,
    Entry,
    change,
    note_unsynced,
    require,
    set_access,
    version_of,
    waits_for,
)
from rag.changes import AFRESH, IDLE, Changes
from rag.moments import stamp
from rag.originals import Reading
from rag.types import Document, State

_UNFINISHED = (State.WAITING, State.WORKING)
ENDS = 5
"""Workers that may end at one document before it is left alone."""


class Work(Changes):
    """The part of `rag.library.Library` that a worker needs."""

    def begin(self, document_id: str, worker: str = "", seconds: float = 0.0) -> Entry | None:
        """Mark an unfinished document WORKING; None if there is nothing to be done here.

        With `worker`, nobody else gets it for so many seconds, unless `heartbeat` extends them or
        the worker lets go. Without, whoever asks gets it.
        """
        now = self._clock()
        free = or_(
            DOCUMENTS.c.state == State.WAITING,
            DOCUMENTS.c.worker.in_(["", worker]),
            DOCUMENTS.c.lease_until < stamp(now),
        )
        mine = and_(DOCUMENTS.c.id == document_id, DOCUMENTS.c.state.in_(_UNFINISHED), free)
        values = IDLE | {"state": State.WORKING, "reason": "", "worker": worker}
        if worker:
            values["lease_until"] = stamp(now + timedelta(seconds=seconds))
        with self._writer.begin() as connection:
            if not connection.execute(update(DOCUMENTS).where(mine).values(values)).rowcount:
                return None
            return require(connection, document_id)

    def heartbeat(
        self,
        document_id: str,
        worker: str,
        stage: str,
        done: int,
        total: int,
        seconds: float = 60.0,
    ) -> bool:
        """Extend the lease and say how far the work is; False: it is no longer this worker's."""
        until = stamp(self._clock() + timedelta(seconds=seconds)) if worker else ""
        values = {"lease_until": until, "stage": stage, "done": done, "total": total}
        mine = and_(
            DOCUMENTS.c.id == document_id,
            DOCUMENTS.c.worker == worker,
            DOCUMENTS.c.state == State.WORKING,
        )
        with self._writer.begin() as connection:
            return bool(connection.execute(update(DOCUMENTS).where(mine).values(values)).rowcount)

    def release(self, worker: str) -> None:
        """Let go of all that a worker held, because it has ended: WAITING again.

        A document at which workers ended `ENDS` times is FAILED until somebody asks: it may be
        what ends them, and must not end every one that comes.
        """
        self._interrupt(DOCUMENTS.c.worker == worker)

    def release_expired(self) -> None:
        """The same for workers whose lease is over."""
        self._interrupt(and_(DOCUMENTS.c.worker != "", DOCUMENTS.c.lease_until < self.now()))

    def _interrupt(self, which: ColumnElement[bool]) -> None:
        held = and_(which, DOCUMENTS.c.state == State.WORKING)
        last = DOCUMENTS.c.attempts >= ENDS - 1
        counted = IDLE | {"attempts": DOCUMENTS.c.attempts + 1}
        said = f": the program has ended {ENDS} times at it. Look at the log, then try again."
        failed = counted | {"state": State.FAILED, "reason": DOCUMENTS.c.name + said}
        with self._writer.begin() as connection:
            connection.execute(update(DOCUMENTS).where(held, last).values(failed))
            connection.execute(
                update(DOCUMENTS).where(held).values(counted | {"state": State.WAITING})
            )

    def switch(self, entry: Entry, reading: Reading) -> bool:
        """Let the target of `entry` answer; False if the document no longer waits for it.

        From that moment, or from its `valid_from` if that is to come and another version is
        there to answer until then. What the index is to let go of is noted until `synced`.
        """
        document_id, sha256, now = entry.document.id, entry.target, self.now()
        with self._writer.begin() as connection:
            if not connection.execute(select(DOCUMENTS.c.id).where(waits_for(entry))).first():
                return False
            values, ahead = self._switched(connection, entry, reading, now)
            query = update(DOCUMENTS).where(waits_for(entry)).values(AFRESH | values)
            if not connection.execute(query).rowcount:
                return False
            told = versions.describe(reading) | {"lost": False}
            if not entry.stale:
                told |= {"ahead": ahead, "groups": list(entry.pending_groups)}
                if not ahead:
                    set_access(connection, document_id, entry.pending_groups)
            versions.note(connection, document_id, sha256, **told)
            if not entry.stale:
                versions.settle_ahead(connection, document_id, now)
            versions.await_lost(connection, document_id)
            note_unsynced(connection, document_id)
        return True

    @staticmethod
    def _switched(
        connection: Connection, entry: Entry, reading: Reading, now: str
    ) -> tuple[dict[str, Any], bool]:
        """Columns of the document after the switch, and whether it is one ahead of its time."""
        answering = versions.describe(reading) | {"stale": False, "pruned": False}
        if entry.stale:
            state = State.WAITING if entry.pending_sha256 else State.READY
            return answering | {"state": state}, False
        row = versions.find(connection, entry.document.id, entry.target)
        settled = {"state": State.READY, "pending_sha256": ""}
        if row.valid_from > now and entry.sha256:
            return settled, True
        answering |= {
            "sha256": entry.target,
            "version": version_of(entry.target),
            "size": DOCUMENTS.c.pending_size,
            "groups": list(entry.pending_groups),
            "valid_from": row.valid_from,
            "valid_until": row.valid_until,
        }
        return settled | answering, False

    def give_up(
        self, entry: Entry, state: State, reason: str, answers: bool, retry_at: str = ""
    ) -> bool:
        """Record that the target of `entry` was not indexed; `answers`: its version still does."""
        values: dict[str, Any] = IDLE | {"state": state, "reason": reason, "retry_at": retry_at}
        if state is State.FAILED:
            values["attempts"] = DOCUMENTS.c.attempts + 1
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

    # Validity

    def set_validity(
        self, document_id: str, version: str, valid_from: str, valid_until: str
    ) -> Document:
        """From and until when a version answers (`rag.moments.stamp`, empty: without end).

        At once for one that is indexed, with its switch for one that is pending. KeyError: there
        is no such document or version.
        """
        validity = {"valid_from": valid_from, "valid_until": valid_until}
        with self._writer.begin() as connection:
            entry = require(connection, document_id)
            row = versions.find(connection, document_id, version)
            versions.note(connection, document_id, row.sha256, **validity)
            if row.sha256 == entry.sha256:
                change(connection, document_id, **validity)
                if entry.pruned:  # its chunks are gone: to be indexed again if it is to answer
                    change(connection, document_id, stale=True, state=State.WAITING, pruned=False)
            elif row.ahead:
                versions.promote(connection, document_id, self.now())
                versions.settle_ahead(connection, document_id, self.now())
            return require(connection, document_id).document

    def promote(self, document_id: str) -> bool:
        """Write down that a version indexed ahead has taken over; noted until `synced`."""
        with self._writer.begin() as connection:
            return versions.promote(connection, document_id, self.now())

    def prune_expired(self, document_id: str) -> bool:
        """Note that the index is to let go of a version whose validity is over."""
        over = _over(self.now())
        query = update(DOCUMENTS).where(DOCUMENTS.c.id == document_id, over).values(pruned=True)
        with self._writer.begin() as connection:
            if not connection.execute(query).rowcount:
                return False
            note_unsynced(connection, document_id)
            return True

    def due(self) -> tuple[list[str], list[str]]:
        """Documents with a version that has taken over, and those whose version is over."""
        now = self.now()
        over = DOCUMENTS.c.next_at != "", DOCUMENTS.c.next_at <= now
        with self._engine.begin() as connection:
            switched = connection.execute(select(DOCUMENTS.c.id).where(*over)).scalars().all()
            expired = connection.execute(select(DOCUMENTS.c.id).where(_over(now))).scalars().all()
        return list(switched), list(expired)


def _over(now: str) -> ColumnElement[bool]:
    """Whether the version that answered is past its validity and still in the index."""
    return and_(
        DOCUMENTS.c.version != "",
        DOCUMENTS.c.valid_until != "",
        DOCUMENTS.c.valid_until <= now,
        ~DOCUMENTS.c.pruned,
    )
