"""The catalogue on a real PostgreSQL server: what several machines rely on."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rag.library import Library, version_of
from rag.originals import Reading
from rag.sketches import VALUES
from rag.types import Document, State, document_id
from serving.errors import ConfigError
from tests.services import postgres_server

READING = Reading("text/plain", 0, 3, [])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database."""
    from sqlalchemy import create_engine

    name = f"catalogue{abs(hash(request.node.name))}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.removesuffix("postgres") + name
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


@pytest.fixture
def machine(url: str, tmp_path: Path) -> Iterator[Callable[[], Library]]:
    """Opens the library as one more machine would."""
    opened: list[Library] = []

    def open_one() -> Library:
        opened.append(Library(tmp_path / "library", url=url))
        return opened[-1]

    yield open_one
    for library in opened:
        library.close()


def new(name: str, sha256: str = "a" * 64, groups: tuple[str, ...] = ("everyone",)) -> Document:
    return Document(document_id(name), name, sha256, "", "", groups, size=5)


def test_a_document_from_waiting_to_removed(machine):
    library, other = machine(), machine()
    first = library.add(new("Отпуск ёж.txt", groups=("hr", "board")))
    assert other.list(frozenset({"hr"})) == [first]
    assert other.list(frozenset({"everyone"})) == []
    entry = other.begin(first.id, "w1", 60)
    assert other.heartbeat(first.id, "w1", "embed", 3, 9)
    assert library.progress(first.id) == ("embed", 3, 9)
    assert other.switch(entry, READING)
    ready = library.get(first.id)
    assert (ready.state, ready.version, ready.chunks) == (State.READY, version_of("a" * 64), 3)
    library.await_version(first.id, "b" * 64, 7, ["hr"])
    assert other.switch(other.begin(first.id, "w1", 60), READING)
    assert [v.version for v in library.versions(first.id)] == ["b" * 16, "a" * 16]
    assert other.remove(first.id)
    assert library.list() == []
    assert library.unsynced() == [first.id]


def test_one_of_many_workers_gets_a_document(machine):
    libraries = [machine() for _ in range(4)]
    ids = [libraries[0].add(new(f"{n}.txt", f"{n:064}")).id for n in range(10)]
    barrier = threading.Barrier(8)

    def claim(number: int) -> list[str]:
        barrier.wait(30)
        library = libraries[number % 4]
        return [i for i in ids if library.begin(i, f"worker {number}", 60) is not None]

    with ThreadPoolExecutor(8) as pool:
        claimed = [i for got in pool.map(claim, range(8)) for i in got]
    assert sorted(claimed) == sorted(ids)


def test_a_dead_workers_documents_are_free_after_its_lease(machine):
    library = machine()
    document = library.add(new("a.txt"))
    assert library.takeable(5) == [document.id]
    entry = library.begin(document.id, "dead", -1.0)
    assert library.takeable(5) == [document.id]
    assert machine().begin(document.id, "alive", 60) is not None
    assert library.takeable(5) == []
    assert not library.heartbeat(document.id, "dead", "embed", 1, 2)
    assert not library.switch(entry, READING), "its work was taken over"


def test_one_file_added_by_two_machines_at_once_is_one_document(machine):
    libraries = [machine() for _ in range(2)]
    barrier = threading.Barrier(2)

    def add(library: Library) -> list[str]:
        barrier.wait(30)
        return [library.add(new(f"{n}.txt")).id for n in range(20)]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(add, libraries)
    assert first == second
    assert len(libraries[0].list()) == 20


def test_machines_that_start_together_make_the_tables_once(url, tmp_path):
    barrier = threading.Barrier(4)

    def start(number: int) -> int:
        barrier.wait(30)
        library = Library(tmp_path / str(number), url=url)
        found = len(library.list())
        library.close()
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == [0] * 4


def test_groups_facts_and_sketches(machine):
    library, other = machine(), machine()
    document = library.add(new("a.txt"))
    assert library.switch(library.begin(document.id), READING)
    library.set_groups(document.id, ["hr"])
    assert other.count_readable(frozenset({"hr"})) == 1
    assert other.count_readable(frozenset({"everyone"})) == 0
    library.remember("sample", "да")
    library.remember("sample", "yes")
    assert other.fact("sample") == "yes"
    sketch = np.arange(VALUES, dtype=np.uint32)
    library.sketches.keep(document.id, version_of("a" * 64), sketch)
    assert other.sketches.find(sketch, "another") == [(document.id, 1.0)]


def test_connections_that_the_server_closed_cost_nobody_an_error(machine, server, url):
    from sqlalchemy import create_engine, text

    library = machine()
    document = library.add(new("a.txt"))
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
    with engine.connect() as connection:
        assert connection.execute(ended, {"name": url.rsplit("/", 1)[1]}).all()
    engine.dispose()
    assert library.list() == [document]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/x", "write it like"),
        ("nonsense", "write it like"),
        ("postgresql+psycopg://u:secret@127.0.0.1:1/x", "does not open"),
    ],
)
def test_a_bad_address_is_one_line_without_the_password(url, said, tmp_path):
    with pytest.raises(ConfigError, match=said) as raised:
        Library(tmp_path, url=url)
    assert "\n" not in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "FOOTNOTE_CATALOGUE_URL" in str(raised.value)
