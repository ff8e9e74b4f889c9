"""Opens the catalogue's database and brings an older one up to date.

On SQLite: write-ahead log, synced at every commit, writers queue for ten seconds, and what is
deleted is overwritten with zeros. On PostgreSQL, for several machines: writers queue likewise, for
a lock that each of their transactions takes at its start; what is deleted is in the files until
the server vacuums them. Only this module knows which database it is.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.schema import CreateColumn, CreateIndex

from rag.catalogue import DOCUMENTS, FACTS, METADATA, SCHEMA, VERSIONS, writing
from serving.errors import ConfigError

_SCHEMA_FACT = "schema"
_POSTGRES = "postgresql+psycopg"
_WAIT_SECONDS = 10
_WRITE_LOCK = 0x666F6F74
"""Number of the advisory lock in the catalogue's database, `foot` in ASCII."""


def open_engine(file: Path, url: str = "") -> Engine:
    """Engine on the database, its tables created or brought up to date.

    Args:
        file: of SQLite; unused where `url` is given.
        url: SQLAlchemy's address of a PostgreSQL database, `postgresql+psycopg://…`.

    Raises:
        ConfigError: the catalogue was written by a newer release, or `url` is no PostgreSQL
            that answers.
    """
    if url:
        return _open_postgres(url)
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": _WAIT_SECONDS})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    bring_up_to_date(engine)
    return engine


def _open_postgres(url: str) -> Engine:
    try:
        address = make_url(url)
        if address.drivername != _POSTGRES:
            raise ArgumentError
    except ArgumentError:
        raise ConfigError(
            f"FOOTNOTE_CATALOGUE_URL is no address of PostgreSQL: write it like "
            f"{_POSTGRES}://user:password@host:5432/database."
        ) from None
    engine = create_engine(
        address,
        pool_pre_ping=True,  # a restarted server costs nobody an error
        max_overflow=40,  # one connection for each request that the app can have in hand
        connect_args={
            "connect_timeout": _WAIT_SECONDS,
            "options": f"-c lock_timeout={_WAIT_SECONDS}s",
        },
    )
    event.listen(engine, "begin", _take_turn)
    try:
        bring_up_to_date(engine)
    except OperationalError as error:
        engine.dispose()
        raise ConfigError(
            f"The catalogue at {address.host} does not open ({_first_line(error)}). Start the "
            "PostgreSQL server, or correct FOOTNOTE_CATALOGUE_URL."
        ) from error
    return engine


def _first_line(error: OperationalError) -> str:
    return (str(error.orig).strip() or type(error).__name__).splitlines()[0]


def bring_up_to_date(engine: Engine) -> None:
    """Create what is missing: tables, columns with their defaults, indexes; in one transaction.

    Raises:
        ConfigError: the catalogue was written by a newer release.
    """
    with writing(engine).begin() as connection:
        known = _columns(connection)
        found = _schema(connection, known)
        if found > SCHEMA:
            raise ConfigError(
                f"The catalogue was written by a newer release of Footnote (its schema is {found}, "
                f"this release knows {SCHEMA}). Install that release again."
            )
        METADATA.create_all(connection)
        for table in METADATA.sorted_tables:
            _add_columns(connection, table, known.get(table.name, ()))
        if found < SCHEMA:
            if "contents" in known:
                _adopt_contents(connection)
            connection.execute(delete(FACTS).where(FACTS.c.key == _SCHEMA_FACT))
            connection.execute(insert(FACTS).values(key=_SCHEMA_FACT, value=str(SCHEMA)))


def scrub(engine: Engine) -> None:
    """Let no deleted word stay in the files: on SQLite the log is written back and cut."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()


def _configure(connection: Any, _record: object) -> None:
    # The driver's own transactions begin too late to make read-then-write atomic.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("footnote_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _take_turn(connection: Connection) -> None:
    if connection.get_execution_options().get("footnote_writes", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")


def _columns(connection: Connection) -> Mapping[str, Sequence[str]]:
    """Names of the columns that there are, by table."""
    inspector = inspect(connection)
    return {
        table: [column["name"] for column in inspector.get_columns(table)]
        for table in inspector.get_table_names()
    }


def _schema(connection: Connection, known: Mapping[str, Sequence[str]]) -> int:
    """Of the catalogue as it is; 0: there is none yet, 1: release 0.1, which kept no number."""
    if DOCUMENTS.name not in known:
        return 0
    query = select(FACTS.c.value).where(FACTS.c.key == _SCHEMA_FACT)
    return int(connection.execute(query).scalar() or 1)


def _add_columns(connection: Connection, table: Table, known: Sequence[str]) -> None:
    missing = [column for column in table.columns if known and column.name not in known]
    for column in missing:
        described = CreateColumn(column).compile(dialect=connection.dialect)
        connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {described}"))
    for index in table.indexes:
        if any(column in missing for column in index.columns):
            connection.execute(CreateIndex(index, if_not_exists=True))


def _adopt_contents(connection: Connection) -> None:
    """Release 0.1 knew of earlier contents only that they were; the rest is told of those that
    answer or are pending."""
    old = Table("contents", MetaData(), autoload_with=connection)
    query = select(
        old.c.document_id, old.c.sha256, func.coalesce(DOCUMENTS.c.added_at, "")
    ).join_from(old, DOCUMENTS, DOCUMENTS.c.id == old.c.document_id, isouter=True)
    columns = ["document_id", "sha256", "added_at"]
    connection.execute(insert(VERSIONS).from_select(columns, query, include_defaults=False))
    for row in connection.execute(select(DOCUMENTS)).all():
        _describe(connection, row.id, row.pending_sha256, size=row.pending_size)
        _describe(
            connection,
            row.id,
            row.sha256,
            size=row.size,
            media_type=row.media_type,
            pages=row.pages,
            chunks=row.chunks,
        )
    old.drop(connection)


def _describe(connection: Connection, document_id: str, sha256: str, **values: Any) -> None:
    own = (VERSIONS.c.document_id == document_id, VERSIONS.c.sha256 == sha256)
    connection.execute(VERSIONS.update().where(*own).values(values))
