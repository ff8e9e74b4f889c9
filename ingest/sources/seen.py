"""What each source looked like when it was last looked at: tables beside the catalogue's.

A row of `seen` says that the content with this fingerprint is in the library; it is written after
the library has taken the content in, so that what a crash interrupted is fetched again. Losing
these tables costs fetching everything once more, and nothing else.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Engine, MetaData, String, Table, delete, insert, select

from rag.catalogue import writing
from rag.library import Library
from rag.moments import stamp, utc_now

_METADATA = MetaData()
_SEEN = Table(
    "source_seen",
    _METADATA,
    Column("document_id", String(36), primary_key=True),
    Column("source", String, nullable=False, index=True),
    Column("fingerprint", String, nullable=False),
)
_SYNCS = Table(
    "source_syncs",
    _METADATA,
    Column("source", String, primary_key=True),
    Column("started_at", String(32), nullable=False),
    Column("outcome", String, nullable=False),
)
MOST_PROBLEMS = 200
"""Lines kept of one sync; more are counted."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What one sync did. Counts are of items of the source, not of what containers hold."""

    source: str
    started_at: str
    """ISO 8601, UTC."""
    finished_at: str
    """Empty where the sync was interrupted."""
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    rejected: int = 0
    """Will not be taken in as they are; `problems` says why."""
    unsettled: int = 0
    """Still being written: for the next look."""
    refused_removal: int = 0
    """Documents that the source no longer has, kept by the safety stop."""
    problems: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """The library is what the source is."""
        return bool(self.finished_at) and not (self.problems or self.unsettled)

    @property
    def summary(self) -> str:
        """One line for people."""
        if not self.finished_at:
            return f"{self.source}: interrupted; the next sync goes on from there."
        words = ["added", "changed", "unchanged", "removed"]
        words += [w for w in ("rejected", "unsettled") if getattr(self, w)]
        counts = ", ".join(f"{getattr(self, word)} {word}" for word in words)
        kept = f", {self.refused_removal} kept by the safety stop" if self.refused_removal else ""
        return f"{self.source}: {counts}{kept}."


class Seen:
    """Fingerprints and the last sync of each source. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = writing(engine)
        with self._writer.begin() as connection:
            _METADATA.create_all(connection)

    def fingerprints(self, source: str) -> dict[str, str]:
        """By document id."""
        with self._engine.begin() as connection:
            query = select(_SEEN).where(_SEEN.c.source == source)
            return {row.document_id: row.fingerprint for row in connection.execute(query)}

    def remember(self, source: str, document_id: str, fingerprint: str) -> None:
        """The library has taken in the content with this fingerprint."""
        values = {"document_id": document_id, "source": source, "fingerprint": fingerprint}
        with self._writer.begin() as connection:
            connection.execute(delete(_SEEN).where(_SEEN.c.document_id == document_id))
            connection.execute(insert(_SEEN).values(values))

    def forget(self, document_id: str) -> None:
        with self._writer.begin() as connection:
            connection.execute(delete(_SEEN).where(_SEEN.c.document_id == document_id))

    def begin(self, source: str) -> str:
        """Note that a sync starts now; the moment (ISO 8601, UTC)."""
        started = now()
        self.finish(Synced(source, started, ""))
        return started

    def finish(self, synced: Synced) -> None:
        """Keep the outcome in place of the one before."""
        values: dict[str, Any] = asdict(synced)
        with self._writer.begin() as connection:
            connection.execute(delete(_SYNCS).where(_SYNCS.c.source == synced.source))
            connection.execute(
                insert(_SYNCS).values(
                    source=synced.source,
                    started_at=synced.started_at,
                    outcome=json.dumps(values),
                )
            )

    def last(self) -> list[Synced]:
        """The last sync of each source, by name."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(_SYNCS.c.outcome).order_by(_SYNCS.c.source)).all()
        return [synced_of(json.loads(row.outcome)) for row in rows]


def last_syncs(library: Library) -> list[Synced]:
    """The last sync of each source that ever was synced, by name."""
    return Seen(library.engine).last()


def synced_of(values: dict[str, Any]) -> Synced:
    """From the fields as JSON keeps them; those that this version does not know are ignored."""
    known = {key: values[key] for key in Synced.__dataclass_fields__ if key in values}
    return Synced(**{**known, "problems": tuple(known.get("problems", ()))})


def now() -> str:
    return stamp(utc_now())
