"""Chooses the store: a Qdrant server where a url is configured, else the embedded one."""

from pathlib import Path

from rag.store import Store
from rag.store.edge import EdgeStore
from rag.types import IndexSpec


def open_store(
    folder: Path, url: str, key: str, collection: str, spec: IndexSpec, *, rebuild: bool = False
) -> Store:
    """The store for `spec`.

    Args:
        folder: of the embedded store; unused where `url` is given.
        rebuild: empty it and adopt `spec`.

    Raises:
        ConfigError: the server does not answer or refuses the key.
        IndexMismatch: built with another spec.
        StoreBusy: another process holds the folder.
    """
    if not url:
        return EdgeStore(folder, spec, rebuild=rebuild)
    # Imported here because the client takes a second, and most installations have no server.
    from qdrant_client import QdrantClient

    from rag.store.server import ServerStore

    client = QdrantClient(url=url, api_key=key or None, check_compatibility=False)
    return ServerStore(client, collection, spec, rebuild=rebuild)
