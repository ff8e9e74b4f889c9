"""Where the command line hands files in: this process, or the app that holds the index.

Both take a file in first and finish it afterwards, so that an interrupted run has already said
what it wanted, and whoever comes next goes on with it.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import quote

import httpx

from ingest.pipeline import Pipeline
from ingest.progress import Progress, Report
from ingest.sources.config import choose
from ingest.sources.opening import configured
from ingest.sources.seen import Synced, synced_of
from ingest.sources.sync import Told, sync_configured
from rag.settings import Settings
from rag.types import Document, State, document_id
from serving.errors import ConfigError, ModelUnavailable, RejectedFile, StoreBusy

_POLL_SECONDS = 0.3
_UNFINISHED = (State.WAITING, State.WORKING)


class Desk(Protocol):
    """What the commands need."""

    def submit(self, path: Path, name: str, groups: Sequence[str] | None) -> Document:
        """Take a file in. RejectedFile: it will not be."""

    def finish(self, documents: Sequence[Document], progress: Report) -> Iterator[Document | None]:
        """Each READY, REJECTED or FAILED, in order; None if it was removed meanwhile."""

    def remove(self, name: str) -> None:
        """Remove the document with this name."""

    def sync(self, name: str, force: bool, told: Told) -> Iterator[tuple[Synced, list[str]]]:
        """Follow one source, or all (`name` empty): for each what was done, and the reasons of
        the documents that could not be read.

        Raises:
            ConfigError: there is no such source, or none at all.
        """


class LocalDesk:
    """The pipeline of this process."""

    def __init__(self, pipeline: Pipeline, settings: Settings) -> None:
        self._pipeline = pipeline
        self._settings = settings

    def submit(self, path: Path, name: str, groups: Sequence[str] | None) -> Document:
        return self._pipeline.accept(path, name, groups)

    def finish(self, documents: Sequence[Document], progress: Report) -> Iterator[Document | None]:
        return self._pipeline.process_all([document.id for document in documents], progress)

    def remove(self, name: str) -> None:
        self._pipeline.remove(document_id(name))

    def sync(self, name: str, force: bool, told: Told) -> Iterator[tuple[Synced, list[str]]]:
        for config in choose(configured(self._settings), name):
            waiting: list[str] = []
            synced = sync_configured(
                config, self._pipeline, waiting.append, self._settings, force=force, told=told
            )
            # An interrupted sync may have left some of them.
            left = [i for i in self._pipeline.library.unfinished() if i not in waiting]
            read = self._pipeline.process_all(waiting + left, lambda p: told(p.stage, p.done))
            yield synced, [d.reason for d in read if d and d.state is not State.READY]


class RemoteDesk:
    """The running app, over HTTP on this machine."""

    def __init__(self, settings: Settings) -> None:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
        self._base = f"http://[{host}]" if ":" in host else f"http://{host}"
        self._base += f":{settings.port}"
        # Not through a proxy that the environment may name.
        self._client = httpx.Client(
            base_url=self._base, timeout=httpx.Timeout(30, read=120), trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def submit(self, path: Path, name: str, groups: Sequence[str] | None) -> Document:
        fields: dict[str, Any] = {"name": name}
        if groups is not None:
            fields["groups"] = list(groups)
        try:
            with path.open("rb") as file:
                response = self._ask("POST", "/api/documents", data=fields, files={"file": file})
        except OSError as error:
            raise RejectedFile(f"{name}: cannot be opened ({error.strerror}).") from error
        return self._document(response)

    def finish(self, documents: Sequence[Document], progress: Report) -> Iterator[Document | None]:
        return (self._wait_for(document, progress) for document in documents)

    def _wait_for(self, document: Document, progress: Report) -> Document | None:
        while document.state in _UNFINISHED:
            response = self._ask("GET", f"/api/documents/{document.id}", missing_ok=True)
            if response.status_code == httpx.codes.NOT_FOUND:
                return None
            document = self._document(response)
            if document.state in _UNFINISHED:
                progress(Progress(document.id, document.state, 0, 1))
                time.sleep(_POLL_SECONDS)
        return document

    def remove(self, name: str) -> None:
        self._ask("DELETE", f"/api/documents/{document_id(name)}", missing_ok=True)

    def sync(self, name: str, force: bool, told: Told) -> Iterator[tuple[Synced, list[str]]]:
        names = list(self._sources())
        if name and name not in names:
            known = ", ".join(names) or "none"
            raise ConfigError(f"No source is named {name!r}. The running app follows: {known}.")
        if not names:
            raise ConfigError("The running app follows no source: FOOTNOTE_SOURCES was empty.")
        for each in [name] if name else names:
            self._ask("POST", f"/api/sources/{quote(each)}/sync", params={"force": force})
            while (status := self._sources()[each])["waiting"]:
                told(status["document"], status["done"])
                time.sleep(_POLL_SECONDS)
            yield synced_of(status["last"]), []

    def _sources(self) -> dict[str, Any]:
        response = self._ask("GET", "/api/sources")
        try:
            return {status["name"]: status for status in response.json()["sources"]}
        except (ValueError, KeyError, TypeError) as error:
            raise self._stranger() from error

    def _ask(
        self, method: str, path: str, missing_ok: bool = False, **options: Any
    ) -> httpx.Response:
        try:
            response = self._client.request(method, path, **options)
        except httpx.TransportError as error:
            raise StoreBusy(
                f"Another process holds the index, and no app answers at {self._base} "
                f"({type(error).__name__}). Stop that process, or check FOOTNOTE_PORT."
            ) from error
        missing = response.status_code == httpx.codes.NOT_FOUND
        if response.is_success or (missing and missing_ok):
            return response
        if missing:
            raise self._stranger()
        message = _message(response)
        if response.is_client_error:
            raise RejectedFile(message)
        raise ModelUnavailable(f"The app at {self._base} answered: {message}")

    def _document(self, response: httpx.Response) -> Document:
        """The API's document; fields that this version does not know are ignored."""
        try:
            value = response.json()
            known = {key: value[key] for key in Document.__dataclass_fields__ if key in value}
            known |= {"groups": tuple(known["groups"]), "state": State(known["state"])}
            return Document(**known)
        except (ValueError, KeyError, TypeError) as error:
            raise self._stranger() from error

    def _stranger(self) -> StoreBusy:
        return StoreBusy(
            f"Another process holds the index, and what answers at {self._base} is not Footnote. "
            "Check FOOTNOTE_HOST and FOOTNOTE_PORT."
        )


def _message(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"
