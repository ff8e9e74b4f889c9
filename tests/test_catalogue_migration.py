"""A catalogue that release 0.1 wrote opens in this one, with all that it knew."""

import sqlite3
from pathlib import Path

import pytest

from rag.library import Library
from rag.types import State
from serving.errors import ConfigError

RELEASE_0_1 = """
CREATE TABLE documents (
    id VARCHAR(36) NOT NULL, name VARCHAR NOT NULL, sha256 VARCHAR(64) NOT NULL,
    version VARCHAR(16) NOT NULL, media_type VARCHAR NOT NULL, pages INTEGER NOT NULL,
    chunks INTEGER NOT NULL, size INTEGER NOT NULL, groups JSON NOT NULL,
    pending_sha256 VARCHAR(64) NOT NULL, pending_size INTEGER NOT NULL,
    pending_groups JSON NOT NULL, stale BOOLEAN NOT NULL, state VARCHAR(16) NOT NULL,
    reason VARCHAR NOT NULL, added_at VARCHAR(32) NOT NULL,
    PRIMARY KEY (id), UNIQUE (name)
);
CREATE INDEX ix_documents_state ON documents (state);
CREATE TABLE access (
    document_id VARCHAR(36) NOT NULL, "group" VARCHAR NOT NULL, PRIMARY KEY (document_id, "group")
);
CREATE INDEX ix_access_group ON access ("group");
CREATE TABLE contents (
    document_id VARCHAR(36) NOT NULL, sha256 VARCHAR(64) NOT NULL,
    PRIMARY KEY (document_id, sha256)
);
CREATE INDEX ix_contents_sha256 ON contents (sha256);
CREATE TABLE unsynced (document_id VARCHAR(36) NOT NULL, PRIMARY KEY (document_id));
CREATE TABLE facts (key VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (key));
"""
OLD, NOW, NEXT, GONE = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
WHEN = "2026-05-01T10:00:00+00:00"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library of release 0.1: one document with three contents, one half removed."""
    database = sqlite3.connect(tmp_path / "catalogue.db")
    database.executescript(RELEASE_0_1)
    database.execute(
        "INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        ("id-1", "rules.pdf", NOW, NOW[:16], "application/pdf", 7, 31, 2048, '["hr"]', NEXT,
         99, '["hr"]', 0, "waiting", "", WHEN),
    )  # fmt: skip
    database.execute("INSERT INTO access VALUES ('id-1', 'hr')")
    for document, sha256 in (("id-1", OLD), ("id-1", NOW), ("id-1", NEXT), ("id-2", GONE)):
        database.execute("INSERT INTO contents VALUES (?, ?)", (document, sha256))
    database.execute("INSERT INTO facts VALUES ('sample', 'loaded')")
    database.commit()
    database.close()
    return tmp_path


def test_all_that_was_known_is_known(folder: Path) -> None:
    for _ in range(2):  # the second time there is nothing left to be done
        library = Library(folder)
        (document,) = library.list(frozenset({"hr"}))
        assert (document.name, document.version, document.pages) == ("rules.pdf", NOW[:16], 7)
        assert (document.state, document.parent, document.findings) == (State.WAITING, "", ())
        assert library.fact("sample") == "loaded"
        versions = {version.sha256: version for version in library.versions("id-1")}
        assert versions.keys() == {OLD, NOW, NEXT}
        assert (versions[NOW].size, versions[NOW].chunks, versions[NOW].answers) == (2048, 31, True)
        assert (versions[NEXT].size, versions[NEXT].answers) == (99, False)
        assert {version.added_at for version in versions.values()} == {WHEN}
        assert list(library.with_content(NOW)) == list(library.with_content(NEXT)) == ["id-1"]
        assert list(library.unfinished()) == ["id-1"]
        library.close()


def test_a_removal_that_was_cut_short_is_finished(folder: Path) -> None:
    library = Library(folder)
    assert library.is_used(GONE)
    library.finish_removals()
    assert not library.is_used(GONE)
    assert library.is_used(OLD)
    library.close()


def test_the_columns_are_those_of_a_new_catalogue(folder: Path, tmp_path: Path) -> None:
    Library(folder).close()
    Library(tmp_path / "new").close()
    assert columns(folder) == columns(tmp_path / "new")


def columns(folder: Path) -> dict[str, dict[str, tuple[object, ...]]]:
    """Of each table: name to type, whether it may be null, and default, in any order."""
    database = sqlite3.connect(folder / "catalogue.db")
    tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    found: dict[str, dict[str, tuple[object, ...]]] = {}
    for (table,) in tables:
        rows = database.execute(f"PRAGMA table_info({table})").fetchall()
        found[table] = {row[1]: (row[2], row[3]) for row in rows}
    indexes = database.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
    found["indexes"] = {name: () for (name,) in indexes}
    database.close()
    return found


def test_a_catalogue_of_a_newer_release_is_left_alone(folder: Path) -> None:
    library = Library(folder)
    library.remember("schema", "99")
    library.close()
    with pytest.raises(ConfigError, match=r"newer release.*schema is 99"):
        Library(folder)
