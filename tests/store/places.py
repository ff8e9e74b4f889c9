"""Where the stores under contract live: a folder, the client's memory, or a real server."""

import os
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from qdrant_client import QdrantClient

from rag.store import Store
from rag.store.edge import EdgeStore
from rag.store.server import ServerStore
from rag.types import IndexSpec
from tests.store.oracle import SPEC

SERVER = os.environ.get("FOOTNOTE_TEST_QDRANT_URL", "")


class Place(Protocol):
    """Somewhere a store lives, to open it there again and again."""

    def open(self, spec: IndexSpec = SPEC, *, rebuild: bool = False) -> Store:
        """The store as a new start of the program would open it."""

    def close(self) -> None:
        """Let go of everything."""


class EdgePlace:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store: EdgeStore | None = None

    def open(self, spec: IndexSpec = SPEC, *, rebuild: bool = False) -> Store:
        self.close()
        self._store = EdgeStore(self.folder, spec, rebuild=rebuild)
        return self._store

    def close(self) -> None:
        if self._store is not None:
            self._store.close()


class ServerPlace:
    def __init__(self, client: QdrantClient) -> None:
        self._client = client
        self._name = f"footnote-test-{uuid4().hex[:8]}"

    def open(self, spec: IndexSpec = SPEC, *, rebuild: bool = False) -> Store:
        return ServerStore(self._client, self._name, spec, rebuild=rebuild)

    def close(self) -> None:
        for collection in self._client.get_collections().collections:
            if collection.name.startswith(self._name):
                self._client.delete_collection(collection.name)
        self._client.close()
