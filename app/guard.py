"""ASGI middleware before everything: who may talk to a server on loopback, and what pages may load.

Against DNS rebinding a request must name a loopback host, and against cross-site requests one that
changes something must come from the same origin. The content security policy lets the browser
load from this server alone, whatever a document's text says. It knows no users: sign-in is
another layer.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Streamlit's frontend needs inline styles, eval (its charts) and blobs.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)


class Guard:
    """Refuses foreign hosts (where `host` is loopback) and foreign origins; sets the headers."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._local = host in LOOPBACK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        problem = self._problem(scope)
        if problem:
            await _refuse(problem, scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", _POLICY)
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "no-referrer"
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _problem(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._local and urlsplit(f"//{host}").hostname not in LOOPBACK:
            return "This server answers only to localhost."
        origin = headers.get("origin")
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        if changes and origin is not None and urlsplit(origin).netloc != host:
            return "Requests from another site are refused."
        return ""


async def _refuse(problem: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": problem})
        return
    error = {"message": problem, "type": "invalid_request_error", "param": None, "code": None}
    await JSONResponse({"error": error}, status_code=403)(scope, receive, send)
