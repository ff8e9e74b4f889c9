"""What only the server's store has: an alias, a wire, and a server that may be gone."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from qdrant_client import QdrantClient, models

from rag.store import StoreQuery
from rag.store.payload import KEYWORDS
from rag.store.server import ServerStore
from serving.errors import ConfigError, IndexMismatch, ModelUnavailable
from tests.loopback import Handler, LoopbackServer
from tests.store.oracle import DIMENSION, SPEC, indexed, question

pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local:UserWarning"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact .brute-force. search"),
]


class FakeQdrant(LoopbackServer):
    """Speaks the REST protocol as far as the store uses it; keeps what it was asked."""

    waits = True

    def __init__(self) -> None:
        self.aliases: list[dict[str, str]] = []
        self.status = 200
        self.asked: list[tuple[str, str, Any]] = []
        super().__init__(_handler(self))

    def client(self) -> QdrantClient:
        return QdrantClient(self.url, check_compatibility=False)

    def answer(self, method: str, path: str) -> object:
        """The `result` of a request."""
        if path == "/aliases":
            return {"aliases": self.aliases}
        if path.endswith("/exists"):
            return {"exists": False}
        if path == "/collections":
            return {"collections": [{"name": "footnote-7"}, {"name": "else-9"}]}
        if path.endswith("/points/query"):
            return {"points": []}
        if path.endswith("/points/count"):
            return {"count": 3}
        if method == "GET":
            return _description()
        return True if path == "/collections/aliases" or path.count("/") == 2 else UPDATED


UPDATED = {"operation_id": 1, "status": "completed"}


def _description() -> object:
    """What a server says of a collection that the store made; its metadata is the spec."""
    with_one = QdrantClient(":memory:")
    ServerStore(with_one, "footnote", SPEC)
    told = with_one.get_collection("footnote").model_dump(mode="json")
    with_one.close()
    return told


def _handler(fake: FakeQdrant) -> type[Handler]:
    class Answering(Handler):
        def answer(self) -> None:
            body = self.body()
            path = self.path.partition("?")[0]
            fake.asked.append((self.command, path, json.loads(body) if body else None))
            result = fake.answer(self.command, path)
            if path.endswith("/points/batch"):
                result = [UPDATED]
            self.send_json(fake.status, {"result": result, "status": "ok", "time": 0.0})

    return Answering


@pytest.fixture
def fake() -> Iterator[FakeQdrant]:
    with FakeQdrant() as running:
        yield running


def opened(fake: FakeQdrant) -> ServerStore:
    fake.aliases = [{"alias_name": "footnote", "collection_name": "footnote-7"}]
    store = ServerStore(fake.client(), "footnote", SPEC)
    fake.asked.clear()
    return store


def test_indexes_are_there_before_the_alias_shows_the_collection(fake: FakeQdrant) -> None:
    store = ServerStore(fake.client(), "footnote", SPEC)
    store.close()
    writes = [(path, body) for method, path, body in fake.asked if method != "GET"]
    assert [path for path, _ in writes] == [
        "/collections/footnote-8",
        *["/collections/footnote-8/index"] * len(KEYWORDS),
        "/collections/aliases",
    ]
    made = writes[0][1]
    assert made["vectors"]["dense"]["size"] == DIMENSION
    assert made["vectors"]["dense"]["on_disk"] is True
    assert made["vectors"]["dense"]["quantization_config"]["scalar"]["type"] == "int8"
    assert made["sparse_vectors"]["sparse"]["modifier"] == "idf"
    assert made["metadata"]["footnote"]["embedder"] == SPEC.embedder
    assert {body["field_name"] for _, body in writes[1:-1]} == set(KEYWORDS)


def test_access_is_filtered_inside_each_half(fake: FakeQdrant) -> None:
    store = opened(fake)
    dense, sparse = question(0)
    groups = frozenset({"hr", "it"})
    store.search(StoreQuery(groups, dense=dense, sparse=sparse, language="ru"))
    store.close()
    ((_, path, body),) = fake.asked
    assert path == "/collections/footnote/points/query"
    assert body["query"] == {"fusion": "dbsf"}
    access = {"key": "groups", "match": {"any": ["hr", "it"]}}
    language = {"key": "language", "match": {"any": ["ru"]}}
    filters = [half["filter"]["must"] for half in body["prefetch"]]
    assert [bare(must) for must in filters] == [[access], [access, language], [access]]
    assert bare(body["prefetch"][2]["filter"]["must_not"]) == [language]
    assert body["prefetch"][0]["params"]["quantization"]["rescore"] is True


def bare(conditions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the fields that are null."""
    return [{k: v for k, v in condition.items() if v is not None} for condition in conditions]


def test_writes_wait_until_they_are_in_effect(fake: FakeQdrant) -> None:
    store = opened(fake)
    store.add("d", "v1", [indexed("d", n) for n in range(300)])
    store.set_groups("d", ("hr",))
    store.delete("d")
    store.close()
    paths = [path.removeprefix("/collections/footnote/points") for _, path, _ in fake.asked]
    assert paths == ["/batch", "/batch", "/batch", "/payload", "/count", "/delete"]


def test_a_server_that_is_gone(fake: FakeQdrant) -> None:
    store = opened(fake)
    fake.status = 503
    with pytest.raises(ModelUnavailable, match=r"error 503\. Try again"):
        store.count()
    client = fake.client()
    fake.stop()
    with pytest.raises(ModelUnavailable, match=r"Qdrant server does not answer\. Try again"):
        store.count()
    with pytest.raises(ConfigError, match=r"does not answer.*FOOTNOTE_QDRANT_URL"):
        ServerStore(client, "footnote", SPEC)
    store.close()
    client.close()


def test_a_key_that_is_refused(fake: FakeQdrant) -> None:
    fake.status = 401
    client = fake.client()
    with pytest.raises(ConfigError, match="FOOTNOTE_QDRANT_KEY"):
        ServerStore(client, "footnote", SPEC)
    client.close()


def test_clear_switches_the_alias_to_a_new_collection() -> None:
    client = QdrantClient(":memory:")
    store = ServerStore(client, "footnote", SPEC)
    store.add("d", "v1", [indexed("d", 0)])
    assert [c.name for c in client.get_collections().collections] == ["footnote-1"]
    store.clear()
    assert [c.name for c in client.get_collections().collections] == ["footnote-2"]
    assert store.count() == 0
    store.close()


def test_a_collection_of_someone_else_is_left_alone() -> None:
    client = QdrantClient(":memory:")
    client.create_collection(
        "taken", vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT)
    )
    with pytest.raises(ConfigError, match="FOOTNOTE_COLLECTION"):
        ServerStore(client, "taken", SPEC, rebuild=True)
    alias = models.CreateAlias(collection_name="taken", alias_name="footnote")
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=alias)])
    with pytest.raises(IndexMismatch, match="does not say what it was built with"):
        ServerStore(client, "footnote", SPEC)
    assert ServerStore(client, "footnote", SPEC, rebuild=True).count() == 0
    assert client.collection_exists("taken")
    client.close()
