"""Questions asked while versions are switched: each is answered from exactly one version, whole.

The writer and the askers have their own library and store, as processes on one machine or several
have. Vectors are a stand-in: every chunk fits every question, so that all that is in the index and
could answer is found.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from ingest.encode import Encoded
from ingest.index import Index
from rag.library import Library, version_of
from rag.originals import Reading
from rag.retrieve import Retriever
from rag.store import Store
from rag.store.edge import EdgeStore
from rag.store.server import ServerStore
from rag.store.sparse import SparseEncoder
from rag.trace import open_tracer
from rag.types import EVERYONE, Chunk, Document, IndexSpec, Principal, chunk_id, document_id
from tests.ingest.crash import StandIn
from tests.qdrant_server import QdrantServer

SPEC = IndexSpec("stand-in", 8, "v1", 1)
NAME = "rules.txt"
SIZE = 4
"""Chunks of a version."""
SWAPS = 60

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local:UserWarning"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact .brute-force. search"),
]

OpenStore = Callable[[], Store]


@pytest.fixture(params=["edge", "memory", "server"])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenStore]:
    """Gives the one store that threads share, or another connection each time."""
    with ExitStack() as stack:
        if request.param == "server":
            server = stack.enter_context(QdrantServer())

            def connect() -> Store:
                client = QdrantClient(server.url, check_compatibility=False)
                store = ServerStore(client, "rules", SPEC)
                stack.callback(store.close)
                return store

            yield connect
            return
        shared: Store
        if request.param == "edge":
            shared = EdgeStore(tmp_path / "index", SPEC)
        else:
            shared = ServerStore(QdrantClient(":memory:"), "rules", SPEC)
        stack.callback(shared.close)
        yield lambda: shared


@dataclass
class Writer:
    """Switches the document to one content after the other, as the pipeline does."""

    library: Library
    store: Store
    contents: Callable[[int], str]
    done: int = -1
    """The last switch that is over."""
    begun: int = 0
    """The last switch that was begun."""
    failure: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._index = Index(self.library, self.store)
        self._id = document_id(NAME)

    def switch(self, number: int) -> None:
        self.begun = number
        sha256 = self.contents(number)
        if number:
            self.library.await_version(self._id, sha256, 1, [EVERYONE])
        else:
            self.library.add(Document(self._id, NAME, sha256, "", ""))
        entry = self.library.begin(self._id)
        assert entry is not None
        assert self._index.commit(entry, encoded(self._id, sha256, number))
        self.done = number

    def run(self) -> None:
        try:
            for number in range(1, SWAPS + 1):
                self.switch(number)
        except BaseException as error:
            self.failure.append(error)
            raise


def encoded(document: str, sha256: str, number: int) -> Encoded:
    version = version_of(sha256)
    chunks = [
        Chunk(chunk_id(document, version, n), document, version, n, f"Rule {n} says {number}.")
        for n in range(SIZE)
    ]
    vectors = StandIn().embed_passages([chunk.text for chunk in chunks]).tolist()
    return Encoded(Reading("text/plain", 0, SIZE, []), chunks, vectors)


def unique(number: int) -> str:
    """Another content each time: what is found tells which switch it came with."""
    return f"{number:016x}" + "0" * 48


def returning(number: int) -> str:
    """Three contents in turn: a version that was left comes back."""
    return f"{number % 3:016x}" + "0" * 48


@pytest.mark.slow
@pytest.mark.parametrize("contents", [unique, returning])
def test_every_question_gets_exactly_one_version(
    open_store: OpenStore, tmp_path: Path, contents: Callable[[int], str]
) -> None:
    own = Library(tmp_path / "library")
    writer = Writer(own, open_store(), contents)
    writer.switch(0)
    tracer = open_tracer(None)
    asked = [0, 0, 0]
    wrong: list[object] = []

    def ask(asker: int) -> None:
        library = Library(tmp_path / "library")
        retriever = Retriever(open_store(), library, StandIn(), SparseEncoder(), 50)
        vector = StandIn().embed_passages(["What is the rule?"])[0]
        try:
            with tracer.trace("ask") as step:
                while thread.is_alive():
                    earliest = writer.done
                    found = retriever.passages("rule?", Principal("a"), 8, step, vector)
                    latest = writer.begun
                    numbers = {int(p.chunk.text.split()[-1].strip(".")) for p in found}
                    whole = sorted(p.chunk.ordinal for p in found) == list(range(SIZE))
                    one = len({p.chunk.version for p in found}) == 1 == len(numbers)
                    if not (whole and one and earliest <= min(numbers) <= latest):
                        wrong.append((earliest, numbers, latest, len(found)))
                    asked[asker] += 1
        except BaseException as error:
            wrong.append(error)
            raise
        finally:
            library.close()

    thread = threading.Thread(target=writer.run)
    askers = [threading.Thread(target=ask, args=(n,)) for n in range(3)]
    thread.start()
    for asker in askers:
        asker.start()
    for each in [thread, *askers]:
        each.join()
    tracer.close()
    own.close()
    assert not writer.failure
    assert not wrong, wrong[:5]
    assert sum(asked) > SWAPS, asked
