"""The local traces: one SQLite file, written by the tracer's thread, read by the pages.

A trace is listed once its root step has ended. Kept `days` days, counted from its start. What is
deleted is overwritten with zeros in the file.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rag import trace_forget
from rag.trace_values import Json, dumps

_SCHEMA = """
CREATE TABLE IF NOT EXISTS spans (
    trace_id TEXT NOT NULL, span_id TEXT NOT NULL, parent_id TEXT NOT NULL,
    name TEXT NOT NULL, kind TEXT NOT NULL, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,
    input TEXT NOT NULL, output TEXT NOT NULL, metadata TEXT NOT NULL, error TEXT NOT NULL,
    PRIMARY KEY (trace_id, span_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS traces (
    trace_id TEXT PRIMARY KEY, name TEXT NOT NULL, start_ns INTEGER NOT NULL,
    duration_ms REAL NOT NULL, question TEXT NOT NULL, mode TEXT NOT NULL,
    refused INTEGER NOT NULL, error TEXT NOT NULL, user TEXT NOT NULL, session TEXT NOT NULL,
    tags TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS traces_start ON traces (start_ns);
"""
EVALUATION = "evaluation/"
"""How the session of a question begins that no person asked but an evaluation."""

_PURGE_EVERY = 3600.0
_NS_PER_DAY = 86_400 * 10**9


_EPOCH = datetime.fromtimestamp(0, UTC)
"""Times are counted from it in whole numbers: a float loses the last digits."""


@dataclass(frozen=True, slots=True)
class Row:
    """One ended step, as the exporter hands it over. Times in ns since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    """Empty for a root."""
    name: str
    kind: str
    start_ns: int
    end_ns: int
    input: Json
    output: Json
    metadata: dict[str, Json]
    error: str
    user: str
    session: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One line of the list of traces."""

    id: str
    """32 hex digits."""
    started_at: datetime
    """UTC."""
    name: str
    question: str
    mode: str
    """`written`, `extractive`, `refused`, or empty where it failed before."""
    refused: bool
    duration_ms: float
    error: str
    """Empty if all went well; `cancelled` if the asker went away."""
    user: str
    session: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step of a trace with the steps inside it, in the order of their start."""

    name: str
    kind: str
    start_ms: float
    """From the start of the trace."""
    duration_ms: float
    input: Json
    output: Json
    metadata: dict[str, Json]
    error: str
    steps: tuple["TraceStep", ...] = ()


@dataclass(frozen=True, slots=True)
class StoredTrace:
    """A whole trace."""

    summary: TraceSummary
    root: TraceStep


class TraceStore:
    """Safe to share between threads and, thanks to WAL, to open from several processes."""

    def __init__(self, path: Path, days: int = 30) -> None:
        """Open or create the file `path`; keep traces for `days` days."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._days = days
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, timeout=10)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.executescript(_SCHEMA + trace_forget.SCHEMA)
        self._purged = 0.0
        self._purge()

    def add(self, rows: Sequence[Row]) -> None:
        """Write ended steps, in one transaction; writing a step again changes nothing."""
        with self._lock:
            with self._db:
                self._db.executemany(
                    "INSERT OR REPLACE INTO spans VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    [_span_values(row) for row in rows],
                )
                self._db.executemany(
                    "INSERT OR REPLACE INTO traces VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                    [_trace_values(row) for row in rows if not row.parent_id],
                )
                if rows:
                    traces = sorted({row.trace_id for row in rows})
                    trace_forget.catch(self._db, traces, min(row.start_ns for row in rows))
            if time.monotonic() - self._purged > _PURGE_EVERY:
                self._purge()

    def recent(
        self, limit: int = 50, *, user: str | None = None, before: datetime | None = None
    ) -> list[TraceSummary]:
        """The latest traces, newest first; only those of `user` and started before a time.

        Without those of evaluations, which are many and no person's questions.
        """
        where, values = ["session NOT LIKE ?"], list[object]([f"{EVALUATION}%"])
        if user is not None:
            where.append("user = ?")
            values.append(user)
        if before is not None:
            where.append("start_ns < ?")
            values.append((before - _EPOCH) // timedelta(microseconds=1) * 1000)
        query = f"SELECT * FROM traces WHERE {' AND '.join(where)} "  # noqa: S608 - fixed texts
        with self._lock:
            rows = self._db.execute(
                query + "ORDER BY start_ns DESC, rowid DESC LIMIT ?", (*values, limit)
            ).fetchall()
        return [_summary(row) for row in rows]

    def get(self, trace_id: str) -> StoredTrace | None:
        """A trace with its nested steps; None if there is none (any more)."""
        with self._lock:
            head = self._db.execute(
                "SELECT * FROM traces WHERE trace_id = ?", (trace_id,)
            ).fetchone()
            spans = self._db.execute(
                "SELECT * FROM spans WHERE trace_id = ? ORDER BY start_ns, span_id", (trace_id,)
            ).fetchall()
        if head is None:
            return None
        return StoredTrace(_summary(head), _nest(spans))

    def copy_to(self, path: Path, session: str) -> None:
        """Add the traces of a session to the store in another file, which is there already."""
        ids = "(SELECT trace_id FROM main.traces WHERE session = ?)"
        with self._lock:
            self._db.execute("ATTACH ? AS other", (str(path),))
            try:
                with self._db:
                    for table in ("spans", "traces"):
                        rows = f"SELECT * FROM main.{table} WHERE trace_id IN {ids}"  # noqa: S608
                        query = f"INSERT OR REPLACE INTO other.{table} {rows}"
                        self._db.execute(query, (session,))
            finally:
                self._db.execute("DETACH other")

    def forget(self, documents: Sequence[str]) -> int:
        """Take the words of documents with these names out of the traces; out of how many.

        Also out of those that are still being written (`rag/trace_forget.py`).
        """
        with self._lock:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                found = trace_forget.forget(self._db, documents, time.time_ns())
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return found

    def mentions(self, documents: Sequence[str]) -> int:
        """In how many traces a document with one of these names was found and is still named."""
        now = time.time_ns()
        with self._lock:
            named = [trace_forget.mentioning(self._db, name, now) for name in documents]
        return len(set().union(*named))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def _purge(self) -> None:
        """Forget what is older than `days`; the lock is held, or nobody else knows us yet."""
        self._purged = time.monotonic()
        oldest = time.time_ns() - self._days * _NS_PER_DAY
        with self._db:
            self._db.execute("DELETE FROM spans WHERE start_ns < ?", (oldest,))
            self._db.execute("DELETE FROM traces WHERE start_ns < ?", (oldest,))
            self._db.execute(
                "DELETE FROM erased WHERE trace_id NOT IN (SELECT trace_id FROM spans)"
            )
            self._db.execute("DELETE FROM forgotten WHERE at_ns < ?", (oldest,))


def _span_values(row: Row) -> tuple[object, ...]:
    return (
        row.trace_id, row.span_id, row.parent_id, row.name, row.kind, row.start_ns, row.end_ns,
        dumps(row.input), dumps(row.output), dumps(row.metadata), row.error,
    )  # fmt: skip


def _trace_values(row: Row) -> tuple[object, ...]:
    question = row.input if isinstance(row.input, str) else dumps(row.input)
    if isinstance(row.input, dict) and isinstance(row.input.get("question"), str):
        question = str(row.input["question"])
    return (
        row.trace_id, row.name, row.start_ns, (row.end_ns - row.start_ns) / 1e6, question,
        str(row.metadata.get("mode", "")), row.metadata.get("refused") is True, row.error,
        row.user, row.session, dumps(list(row.tags)),
    )  # fmt: skip


def _summary(row: tuple[str, str, int, float, str, str, int, str, str, str, str]) -> TraceSummary:
    trace_id, name, start, duration, question, mode, refused, error, user, session, tags = row
    return TraceSummary(
        id=trace_id,
        started_at=_EPOCH + timedelta(microseconds=start // 1000),
        name=name,
        question=question,
        mode=mode,
        refused=bool(refused),
        duration_ms=duration,
        error=error,
        user=user,
        session=session,
        tags=tuple(json.loads(tags)),
    )


def _nest(
    spans: Sequence[tuple[str, str, str, str, str, int, int, str, str, str, str]],
) -> TraceStep:
    """The tree of a trace's spans; one whose parent is missing hangs from the root."""
    known = {span[1] for span in spans}
    root = next(span for span in spans if not span[2])
    children: dict[str, list[int]] = {}
    for at, span in enumerate(spans):
        if span is not root:
            children.setdefault(span[2] if span[2] in known else root[1], []).append(at)

    def build(at: int) -> TraceStep:
        _, span_id, _, name, kind, start, end, put_in, put_out, metadata, error = spans[at]
        return TraceStep(
            name=name,
            kind=kind,
            start_ms=(start - root[5]) / 1e6,
            duration_ms=(end - start) / 1e6,
            input=json.loads(put_in),
            output=json.loads(put_out),
            metadata=json.loads(metadata),
            error=error,
            steps=tuple(build(child) for child in children.get(span_id, ())),
        )

    return build(spans.index(root))
