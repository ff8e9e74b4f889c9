"""The documents half of the API, mounted at `/api`: list, add, remove, read again, original, page.

The list and the contents are those that the local user's groups may read; a document outside them
is answered like one that is not there. Whoever knows a document's id may follow, refresh and remove
it: on one machine that is its operator, and the command line hands its work in this way.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import FastAPI, Form, Request, UploadFile
from fastapi.responses import FileResponse, JSONResponse, Response

from app.services import Services, local_principal
from ingest.parse.decode import decode_bytes
from rag.pages import has_pages, page_png
from rag.types import Document, Principal, State
from serving.errors import FootnoteError, Forbidden, RejectedFile

_HTML = "text/html"
_SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg", _HTML})
"""Types that a browser shows as they are."""
_TEXT = frozenset({"text/plain", "text/markdown", "text/csv", "text/tab-separated-values"})
"""Types that it shows as plain text. Everything else is a download."""
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def create_api(services: Services) -> FastAPI:
    """The application to mount at `/api`."""
    api = FastAPI(title="Footnote", docs_url=None, redoc_url=None, openapi_url=None)
    api.add_exception_handler(FootnoteError, _failed)
    principal = local_principal(services.runtime.settings)
    _add_collection(api, services, principal)
    _add_single(api, services)
    _add_contents(api, services, principal)
    _add_history(api, services, principal)
    _add_sources(api, services)
    return api


def _add_collection(api: FastAPI, services: Services, principal: Principal) -> None:
    @api.get("/documents")
    def list_documents() -> dict[str, Any]:
        documents = services.runtime.library.list(principal.groups)
        return {"documents": [describe(document) for document in documents]}

    @api.post("/documents", status_code=202)
    def add_document(
        file: UploadFile,
        name: Annotated[str, Form()] = "",
        groups: Annotated[list[str] | None, Form()] = None,
    ) -> dict[str, Any]:
        chosen = name.strip() or file.filename or ""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "upload"
            with path.open("wb") as copy:
                shutil.copyfileobj(file.file, copy)
            return describe(accept(services, path, chosen, groups))


def _add_single(api: FastAPI, services: Services) -> None:
    @api.get("/documents/{document_id}")
    def get_document(document_id: str) -> dict[str, Any]:
        return describe(existing(services, document_id))

    @api.delete("/documents/{document_id}", status_code=204)
    def delete_document(document_id: str) -> None:
        services.pipeline.remove(existing(services, document_id).id)

    @api.post("/documents/{document_id}/reingest", status_code=202)
    def reingest(document_id: str) -> dict[str, Any]:
        document = existing(services, document_id)
        services.jobs.submit(document.id)
        return describe(existing(services, document_id))


def _add_contents(api: FastAPI, services: Services, principal: Principal) -> None:
    @api.get("/documents/{document_id}/original", response_model=None)
    def original(document_id: str) -> Response:
        document = readable(services, principal, document_id)
        if not document.sha256:
            raise Forbidden("There is no version of this document to show yet.")
        return original_response(services.runtime.library.original(document.sha256), document)

    @api.get("/documents/{document_id}/pages/{page}.png", response_model=None)
    def page(document_id: str, page: int) -> Response:
        document = readable(services, principal, document_id)
        if not has_pages(document.media_type) or not 1 <= page <= document.pages:
            raise Forbidden("There is no such page.")
        image = page_png(services.runtime.library.original(document.sha256), page)
        return Response(image, media_type="image/png")


def _add_history(api: FastAPI, services: Services, principal: Principal) -> None:
    library = services.runtime.library

    @api.get("/documents/{document_id}/versions")
    def versions(document_id: str) -> dict[str, Any]:
        document = readable(services, principal, document_id)
        return {"versions": [asdict(version) for version in library.versions(document.id)]}

    @api.get("/documents/{document_id}/report")
    def report(document_id: str) -> dict[str, Any]:
        document = readable(services, principal, document_id)
        found = library.report(document)
        named = library.get_many(f.detail for f in found.findings) if found else {}
        hidden = {other.id for other in named.values() if not principal.may_read(other.groups)}
        return {"report": found.without(hidden).to_dict() if found else None}

    @api.get("/documents/{document_id}/receipts")
    def receipts(document_id: str) -> dict[str, Any]:
        kept = library.receipts()
        return {"receipts": [r for r in kept if r["document_id"] == document_id]}


def _add_sources(api: FastAPI, services: Services) -> None:
    @api.get("/sources")
    def list_sources() -> dict[str, Any]:
        return {"sources": [asdict(status) for status in services.sources.statuses()]}

    @api.post("/sources/{name}/sync", status_code=202)
    def sync_source(name: str, force: bool = False) -> dict[str, Any]:
        services.sources.request(name, force)
        return list_sources()


def existing(services: Services, document_id: str) -> Document:
    """The document with this id. Forbidden: there is none."""
    document = services.runtime.library.get(document_id)
    if document is None:
        raise Forbidden("There is no such document.")
    return document


def readable(services: Services, principal: Principal, document_id: str) -> Document:
    """The document, if there is one that this principal may read.

    Raises:
        Forbidden: otherwise.
    """
    document = existing(services, document_id)
    if not principal.may_read(document.groups):
        raise Forbidden("There is no such document.")
    return document


def accept(services: Services, path: Path, name: str, groups: Sequence[str] | None) -> Document:
    """Take a file in and queue it; a rejected one is returned with its reason, not queued.

    Raises:
        RejectedFile: the name or the groups cannot be used.
    """
    document = services.pipeline.accept(path, name, groups)
    if document.state is State.WAITING:
        services.jobs.submit(document.id)
    return document


def describe(document: Document) -> dict[str, Any]:
    """A document as JSON: the catalogue's fields and the paths to it."""
    return {**asdict(document), "original": f"/api/documents/{document.id}/original"}


def original_response(path: Path, document: Document) -> Response:
    """The original file; nothing in it runs, nor loads anything, nor counts as this site."""
    media_type = document.media_type
    shown = media_type in _SHOWN | _TEXT
    file_name = quote(document.name.rsplit("/", 1)[-1], safe="")
    disposition = "inline" if shown else "attachment"
    headers = {"content-disposition": f"{disposition}; filename*=UTF-8''{file_name}"}
    if media_type != "application/pdf":  # the browser's own PDF viewer does not load sandboxed
        headers["content-security-policy"] = _SANDBOX
    if media_type in _TEXT:
        data = path.read_bytes()
        text = decode_bytes(data)
        return Response(data if text is None else text, media_type="text/plain", headers=headers)
    if media_type == _HTML:
        headers["content-type"] = _HTML  # the charset stands in the page
    return FileResponse(path, media_type=media_type, headers=headers)


def _failed(_request: Request, error: Exception) -> JSONResponse:
    status = (
        404 if isinstance(error, Forbidden) else 400 if isinstance(error, RejectedFile) else 503
    )
    return JSONResponse({"error": {"message": str(error)}}, status_code=status)
