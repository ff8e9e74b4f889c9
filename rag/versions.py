"""The contents that a document has had, has and will have, and which of them answers when.

At a moment the version answers that came last among the one in `documents` and those indexed
ahead whose `valid_from` has come; outside its own validity nothing of the document answers, and
no earlier version comes back. All functions work inside the caller's transaction and decide by
the moment that they are given (`rag.moments.stamp`), so what a question is answered from changes
in that very moment, whether or not somebody has noted it since (`promote`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, select, update

from rag.catalogue import (
    DOCUMENTS,
    MEMBERS,
    VERSIONS,
    at_moment,
    change,
    document_of,
    note_unsynced,
    set_access,
    version_of,
)
from rag.originals import Reading
from rag.report import Severity
from rag.types import Document, State, Version

_READY_AHEAD = and_(VERSIONS.c.ahead, ~VERSIONS.c.lost)


def this(document_id: str, sha256: str) -> ColumnElement[bool]:
    """The row of one content of one document."""
    return and_(VERSIONS.c.document_id == document_id, VERSIONS.c.sha256 == sha256)


def note(connection: Connection, document_id: str, sha256: str, **values: Any) -> None:
    """Note that a document has this content; `values` are columns of `versions`."""
    own = this(document_id, sha256)
    if not sha256:
        return
    if connection.execute(select(VERSIONS.c.sha256).where(own)).first() is None:
        new = {"document_id": document_id, "sha256": sha256} | values
        connection.execute(insert(VERSIONS).values(new))
    elif values:
        connection.execute(update(VERSIONS).where(own).values(values))


def describe(reading: Reading) -> dict[str, Any]:
    """The columns, of either table, that tell what was read."""
    codes = [f.code for f in reading.report.findings if f.severity is not Severity.NOTE]
    return {
        "media_type": reading.media_type,
        "pages": reading.pages,
        "chunks": reading.chunks,
        "findings": list(dict.fromkeys(codes)),
    }


def as_of(connection: Connection, rows: Sequence[Row[Any]], now: str) -> list[Document]:
    """Rows of `documents` as documents at the moment `now`, in the same order."""
    due = [row.id for row in rows if row.next_at and row.next_at <= now]
    takes_over = _taking_over(connection, due, now) if due else {}
    found = []
    for row in rows:
        document = document_of(row)
        if row.id in takes_over:
            document = replace(document, **_columns_of(takes_over[row.id]))
        found.append(at_moment(document, now))
    return found


def promote(connection: Connection, document_id: str, now: str) -> bool:
    """Write down that a version indexed ahead has taken over; False if none has."""
    row = _taking_over(connection, [document_id], now).get(document_id)
    if row is None:
        return False
    values = _columns_of(row)
    values |= {"groups": list(row.groups), "findings": list(row.findings), "pruned": False}
    change(connection, document_id, **values)
    set_access(connection, document_id, row.groups)
    settle_ahead(connection, document_id, now)
    note_unsynced(connection, document_id)
    return True


def settle_ahead(connection: Connection, document_id: str, now: str) -> None:
    """The versions whose time has come are no longer ahead; note when the next one's will."""
    passed = and_(VERSIONS.c.document_id == document_id, VERSIONS.c.valid_from <= now)
    connection.execute(update(VERSIONS).where(passed).values(ahead=False, lost=False))
    query = select(func.min(VERSIONS.c.valid_from)).where(
        VERSIONS.c.document_id == document_id, VERSIONS.c.ahead
    )
    change(connection, document_id, next_at=connection.execute(query).scalar() or "")


Held = tuple[dict[str, Sequence[str]], str, list[str]]
"""Versions that the index is to hold, each with who may read it; the one to come, empty if there
is none; and all others that the document has had."""


def held(connection: Connection, document_id: str) -> Held:
    """What the index is to hold of a document."""
    row = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id == document_id)).one_or_none()
    if row is None:
        return {}, "", []
    found: dict[str, Sequence[str]] = {}
    if row.version and not row.pruned:
        found[row.version] = row.groups
    past = []
    for other in connection.execute(select(VERSIONS).where(VERSIONS.c.document_id == document_id)):
        version = version_of(other.sha256)
        if other.ahead and not other.lost:
            found[version] = other.groups
        elif version not in (row.version if not row.pruned else "", version_of(row.pending_sha256)):
            past.append(version)
    return found, version_of(row.pending_sha256), sorted(past)


def list_of(connection: Connection, document_id: str, now: str) -> list[Version]:
    """All contents of a document, the one that came last first."""
    row = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id == document_id)).one_or_none()
    answering = as_of(connection, [row], now)[0].version if row is not None else ""
    query = (
        select(VERSIONS)
        .where(VERSIONS.c.document_id == document_id)
        .order_by(VERSIONS.c.added_at.desc(), VERSIONS.c.sha256)
    )
    return [_version(found, answering) for found in connection.execute(query)]


def find(connection: Connection, document_id: str, version: str) -> Row[Any]:
    """The row of a version. KeyError: the document has had no such version."""
    query = select(VERSIONS).where(
        VERSIONS.c.document_id == document_id, VERSIONS.c.sha256.startswith(version)
    )
    row = connection.execute(query).first() if version else None
    if row is None:
        raise KeyError(version)
    return row


def superfluous(connection: Connection, document_id: str, keep: int) -> list[str]:
    """SHA-256 of the contents beyond the `keep` last ones, none that is in play."""
    row = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id == document_id)).one_or_none()
    if row is None:
        return []
    query = (
        select(VERSIONS.c.sha256, VERSIONS.c.ahead)
        .where(VERSIONS.c.document_id == document_id)
        .order_by(VERSIONS.c.added_at.desc(), VERSIONS.c.sha256)
        .offset(keep)
    )
    in_play = (row.sha256, row.pending_sha256)
    return [
        found.sha256
        for found in connection.execute(query)
        if not found.ahead and found.sha256 not in in_play
    ]


def await_lost(connection: Connection, document_id: str) -> None:
    """Have a version that was indexed ahead, and that the index lost, indexed again."""
    row = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id == document_id)).one_or_none()
    lost = select(VERSIONS).where(
        VERSIONS.c.document_id == document_id, VERSIONS.c.ahead, VERSIONS.c.lost
    )
    first = connection.execute(lost.order_by(VERSIONS.c.valid_from)).first()
    if row is None or first is None or row.pending_sha256:
        return
    change(
        connection,
        document_id,
        pending_sha256=first.sha256,
        pending_size=first.size,
        pending_groups=list(first.groups),
        state=State.WAITING,
        reason="",
    )


def set_members(
    connection: Connection, container_id: str, sha256: str, members: Iterable[str]
) -> None:
    """Which documents are inside one content of a container."""
    own = and_(MEMBERS.c.container_id == container_id, MEMBERS.c.sha256 == sha256)
    connection.execute(delete(MEMBERS).where(own))
    for member in dict.fromkeys(members):
        row = {"container_id": container_id, "sha256": sha256, "document_id": member}
        connection.execute(insert(MEMBERS).values(row))


def orphans(connection: Connection, container_id: str) -> list[str]:
    """Members that no content of the container in play has inside."""
    row = connection.execute(select(DOCUMENTS).where(DOCUMENTS.c.id == container_id)).one_or_none()
    if row is None:
        return []
    ahead = select(VERSIONS.c.sha256).where(
        VERSIONS.c.document_id == container_id, VERSIONS.c.ahead
    )
    in_play = [row.sha256, row.pending_sha256, *connection.execute(ahead).scalars()]
    inside = select(MEMBERS.c.document_id).where(
        MEMBERS.c.container_id == container_id, MEMBERS.c.sha256.in_(in_play)
    )
    query = select(DOCUMENTS.c.id).where(
        DOCUMENTS.c.parent == container_id, DOCUMENTS.c.id.not_in(inside)
    )
    return list(connection.execute(query).scalars())


def _taking_over(connection: Connection, ids: Sequence[str], now: str) -> dict[str, Row[Any]]:
    """Of each document the version indexed ahead whose time came last; none left out."""
    query = (
        select(VERSIONS)
        .where(VERSIONS.c.document_id.in_(ids), _READY_AHEAD, VERSIONS.c.valid_from <= now)
        .order_by(VERSIONS.c.valid_from, VERSIONS.c.added_at)
    )
    return {row.document_id: row for row in connection.execute(query)}


def _columns_of(row: Row[Any]) -> dict[str, Any]:
    """What a version brings to its document, as fields of `Document`."""
    return {
        "sha256": row.sha256,
        "version": version_of(row.sha256),
        "media_type": row.media_type,
        "pages": row.pages,
        "chunks": row.chunks,
        "size": row.size,
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
        "groups": tuple(row.groups),
        "findings": tuple(row.findings),
    }


def _version(row: Row[Any], answering: str) -> Version:
    return Version(
        document_id=row.document_id,
        version=version_of(row.sha256),
        sha256=row.sha256,
        size=row.size,
        added_at=row.added_at,
        media_type=row.media_type,
        pages=row.pages,
        chunks=row.chunks,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        answers=version_of(row.sha256) == answering,
    )
