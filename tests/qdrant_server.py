"""A loopback HTTP server that speaks as much of Qdrant's REST as `rag/store/server.py` asks.

It passes each request to the client's own in-memory engine, so what is true of one process is true
of several. A fake at the wire: the real client talks to it.
"""

import re
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import TypeAdapter
from qdrant_client import QdrantClient, models

from tests.loopback import Handler

Handle = Callable[..., Any]


class QdrantServer:
    """Started on entering, in a process of its own; ended on leaving. `url` is where it is."""

    url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            # The engine warns that it is no server.
            [sys.executable, "-W", "ignore", "-m", "tests.qdrant_server"],
            cwd=Path(__file__).parent.parent,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the fake Qdrant server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


class Engine:
    """Answers requests, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client = QdrantClient(":memory:")

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one request."""
        if path == "/":  # the client looks whether it fits the server
            return 200, {"title": "a fake", "version": version("qdrant-client")}
        for verb, pattern, handle in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and verb == method:
                try:
                    with self._lock:
                        result = handle(self._client, *match.groups(), *([body] if body else []))
                except ValueError as error:
                    missing = "not found" in str(error)
                    return 404 if missing else 400, {"status": {"error": str(error)}}
                plain = TypeAdapter(Any).dump_python(result, mode="json")
                return 200, {"result": plain, "status": "ok", "time": 0.0}
        return 404, {"status": {"error": f"The fake does not know {method} {path}"}}


def _read(kind: Any, body: bytes) -> Any:
    return TypeAdapter(kind).validate_json(body)


def _create(client: QdrantClient, name: str, body: bytes) -> bool:
    asked = _read(models.CreateCollection, body)
    return client.create_collection(
        name,
        vectors_config=asked.vectors,
        sparse_vectors_config=asked.sparse_vectors,
        metadata=asked.metadata,
    )


def _index(client: QdrantClient, name: str, body: bytes) -> Any:
    asked = _read(models.CreateFieldIndex, body)
    return client.create_payload_index(name, asked.field_name, asked.field_schema)


def _alias(client: QdrantClient, body: bytes) -> bool:
    return client.update_collection_aliases(_read(models.ChangeAliasesOperation, body).actions)


def _batch(client: QdrantClient, name: str, body: bytes) -> Any:
    return client.batch_update_points(name, _read(models.UpdateOperations, body).operations)


def _upsert(client: QdrantClient, name: str, body: bytes) -> Any:
    return client.upsert(name, _read(models.PointsList, body).points)


def _retrieve(client: QdrantClient, name: str, body: bytes) -> Any:
    asked = _read(models.PointRequest, body)
    return client.retrieve(
        name, asked.ids, asked.with_payload or False, with_vectors=asked.with_vector or False
    )


def _delete(client: QdrantClient, name: str, body: bytes) -> Any:
    return client.delete(name, _read(models.PointsSelector, body))


def _payload(client: QdrantClient, name: str, body: bytes) -> Any:
    asked = _read(models.SetPayload, body)
    chosen = asked.filter if asked.points is None else asked.points
    return client.set_payload(name, asked.payload, points=chosen, key=asked.key)


def _count(client: QdrantClient, name: str, body: bytes) -> Any:
    return client.count(name, count_filter=_read(models.CountRequest, body).filter)


def _scroll(client: QdrantClient, name: str, body: bytes) -> Any:
    asked = _read(models.ScrollRequest, body)
    points, following = client.scroll(
        name,
        scroll_filter=asked.filter,
        limit=asked.limit or 10,
        offset=asked.offset,
        with_payload=True if asked.with_payload is None else asked.with_payload,
        with_vectors=asked.with_vector or False,
    )
    return {"points": points, "next_page_offset": following}


def _query(client: QdrantClient, name: str, body: bytes) -> Any:
    asked = _read(models.QueryRequest, body)
    return client.query_points(
        name,
        query=asked.query,
        using=asked.using,
        prefetch=asked.prefetch,
        query_filter=asked.filter,
        limit=asked.limit or 10,
        with_payload=True if asked.with_payload is None else asked.with_payload,
        with_vectors=asked.with_vector or False,
    )


_ONE = r"/collections/([^/]+)"
_ROUTES: list[tuple[str, str, Handle]] = [
    ("GET", "/aliases", lambda client: client.get_aliases()),
    ("GET", "/collections", lambda client: client.get_collections()),
    ("POST", "/collections/aliases", _alias),
    ("GET", _ONE + "/exists", lambda client, name: {"exists": client.collection_exists(name)}),
    ("GET", _ONE, lambda client, name: client.get_collection(name)),
    ("PUT", _ONE, _create),
    ("DELETE", _ONE, lambda client, name: client.delete_collection(name)),
    ("PUT", _ONE + "/index", _index),
    ("PUT", _ONE + "/points", _upsert),
    ("POST", _ONE + "/points", _retrieve),
    ("POST", _ONE + "/points/batch", _batch),
    ("POST", _ONE + "/points/delete", _delete),
    ("POST", _ONE + "/points/payload", _payload),
    ("POST", _ONE + "/points/count", _count),
    ("POST", _ONE + "/points/scroll", _scroll),
    ("POST", _ONE + "/points/query", _query),
]


def _handler(engine: Engine) -> type[Handler]:
    class Answering(Handler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            path = urlsplit(self.path).path
            self.send_json(*engine.answer(self.command, path, self.body()))

    return Answering


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # its clients are killed, too
            super().handle_error(request, client_address)


def main() -> None:
    server = _Server(("127.0.0.1", 0), _handler(Engine()))
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
