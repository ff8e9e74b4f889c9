"""Takes a removed document's words out of the local traces.

A trace in which the document was found loses every text but the question: passages, prompts,
answers, whoever's words they are, because an answer mixes them. Times, scores and numbers stay. So
do later traces of the same user lose theirs in which such an answer comes back as history. A trace
that is still being written is caught when its steps arrive. This module does not know what the
asker typed: a question that quotes the document stays.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence

from rag.trace_values import Json, dumps

SCHEMA = """
CREATE TABLE IF NOT EXISTS forgotten (name TEXT PRIMARY KEY, at_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS erased (trace_id TEXT PRIMARY KEY);
"""
ERASED = "[erased]"
_SHORTEST = 20
"""Characters of an answer from which it is looked for in later prompts."""
_KEPT = frozenset({"mode", "refused", "language", "notice", "model", "prompt_version", "usage"})
"""Keys whose values are none of a document's words."""


def note(db: sqlite3.Connection, names: Iterable[str], at_ns: int) -> None:
    """Remember what is forgotten, for the steps that are yet to come."""
    db.executemany("INSERT OR REPLACE INTO forgotten VALUES (?, ?)", [(n, at_ns) for n in names])


def mentioning(
    db: sqlite3.Connection, name: str, until_ns: int, within: Sequence[str] = ()
) -> set[str]:
    """Traces begun until a moment in which a document of this name was found."""
    pattern = f'"document":{dumps(name)}'
    query = "SELECT DISTINCT trace_id FROM spans WHERE start_ns <= ? AND instr(output, ?) > 0"
    if within:
        query += f" AND trace_id IN ({','.join('?' * len(within))})"
    return {row[0] for row in db.execute(query, (until_ns, pattern, *within))}


def quoting(db: sqlite3.Connection, traces: Iterable[str]) -> set[str]:
    """Later traces of the same user that have an answer of these among their inputs."""
    found: set[str] = set()
    for trace_id in traces:
        root = db.execute(
            "SELECT output, start_ns FROM spans WHERE trace_id = ? AND parent_id = ''", (trace_id,)
        ).fetchone()
        if root is None or len(root[0]) < _SHORTEST or ERASED in root[0]:
            continue
        rows = db.execute(
            "SELECT DISTINCT spans.trace_id FROM spans JOIN traces USING (trace_id)"
            " WHERE spans.start_ns > ? AND instr(spans.input, ?) > 0"
            " AND traces.user = (SELECT user FROM traces WHERE trace_id = ?)",
            (root[1], root[0].strip('"'), trace_id),
        )
        found |= {row[0] for row in rows}
    return found


def erase(db: sqlite3.Connection, traces: Iterable[str]) -> None:
    """Take the words out of all steps of these traces."""
    for trace_id in traces:
        db.execute("INSERT OR REPLACE INTO erased VALUES (?)", (trace_id,))
        spans = db.execute(
            "SELECT span_id, parent_id, input, output, metadata FROM spans WHERE trace_id = ?",
            (trace_id,),
        ).fetchall()
        for span_id, parent, put_in, put_out, metadata in spans:
            db.execute(
                "UPDATE spans SET input = ?, output = ?, metadata = ?"
                " WHERE trace_id = ? AND span_id = ?",
                (
                    _without_words(put_in) if parent else put_in,
                    _without_words(put_out),
                    _without_words(metadata),
                    trace_id,
                    span_id,
                ),
            )


def forget(db: sqlite3.Connection, names: Sequence[str], at_ns: int) -> int:
    """Take the words of documents out of what was traced until now; how many traces that was."""
    note(db, names, at_ns)
    found: set[str] = set()
    for name in names:
        found |= mentioning(db, name, at_ns)
    fresh = found
    while fresh := quoting(db, fresh) - found:
        found |= fresh
    erase(db, found)
    return len(found)


def catch(db: sqlite3.Connection, traces: Sequence[str], since_ns: int) -> None:
    """Erase those of `traces` whose steps arrived after their document was forgotten."""
    forgotten = db.execute("SELECT name, at_ns FROM forgotten WHERE at_ns >= ?", (since_ns,))
    for name, at_ns in forgotten.fetchall():
        erase(db, mentioning(db, name, at_ns, traces))
    marks = ",".join("?" * len(traces))
    again = db.execute(
        f"SELECT trace_id FROM erased WHERE trace_id IN ({marks})",  # noqa: S608 - only marks
        traces,
    )
    erase(db, [row[0] for row in again.fetchall()])


def _without_words(stored: str) -> str:
    return dumps(_blank(json.loads(stored)))


def _blank(value: Json) -> Json:
    if isinstance(value, str):
        return ERASED if value else value
    if isinstance(value, list):
        return [_blank(item) for item in value]
    if isinstance(value, dict):
        return {key: item if key in _KEPT else _blank(item) for key, item in value.items()}
    return value
