"""The stores under contract: embedded, client in memory, and a server where one is configured."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from qdrant_client import QdrantClient

from rag.store import Store
from tests.store.places import SERVER, EdgePlace, Place, ServerPlace


@pytest.fixture(params=["edge", "memory", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Each of the stores in turn, empty."""
    if request.param == "server" and not SERVER:
        pytest.skip("FOOTNOTE_TEST_QDRANT_URL is not set")
    found: Place
    if request.param == "edge":
        found = EdgePlace(tmp_path / "index")
    elif request.param == "memory":
        found = ServerPlace(QdrantClient(":memory:"))
    else:
        found = ServerPlace(QdrantClient(SERVER))
    yield found
    found.close()


@pytest.fixture
def store(place: Place) -> Store:
    """An empty store."""
    return place.open()
