"""A web site on loopback whose pages, headers and bad habits a test writes down."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.loopback import Handler, LoopbackServer


@dataclass
class Page:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    """Answers 304 to whoever has it."""
    stream: Callable[["WebSite"], "object"] | None = None
    """Gives pieces of a body without a length, instead of `body`."""


class WebSite(LoopbackServer):
    """Serves `pages` by path; notes what was asked for in `asked`."""

    waits = True

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.stopping = threading.Event()
        super().__init__(_handler(self))

    def html(self, path: str, body: str, etag: str = "", kind: str = "text/html") -> None:
        self.pages[path] = Page(body.encode(), headers={"content-type": kind}, etag=etag)

    def sitemap(self, *paths: str, at: str = "/sitemap.xml", kind: str = "urlset") -> None:
        entry = "url" if kind == "urlset" else "sitemap"
        locations = "".join(
            f"<{entry}><loc>{path if '://' in path else self.url + path}</loc></{entry}>"
            for path in paths
        )
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        self.pages[at] = Page(f'<{kind} xmlns="{space}">{locations}</{kind}>'.encode())

    def stop(self) -> None:
        self.stopping.set()
        super().stop()


def _handler(site: WebSite) -> type[Handler]:
    class Serving(Handler):
        def answer(self) -> None:
            path = unquote(self.path)
            site.asked.append(path)
            site.agents.add(self.headers.get("user-agent", ""))
            page = site.pages.get(path, Page(status=404))
            if page.etag and self.headers.get("if-none-match") == page.etag:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if page.etag:
                self.send_header("etag", page.etag)
            if page.stream is None:
                self.send_header("content-length", str(len(page.body)))
            self.end_headers()
            try:
                for piece in page.stream(site) if page.stream else [page.body]:  # type: ignore[attr-defined]
                    self.wfile.write(piece)
            except OSError:
                return  # the visitor had enough

    return Serving
