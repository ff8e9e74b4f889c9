"""Pages of a web site as a source: those of a sitemap, or of a list of addresses.

Each sync asks for every page with the validators of the last one, so that an unchanged page costs
one short reply (RFC 9110, conditional requests). A page is kept without its navigation
(`ingest/sources/page.py`); anything else that an address leads to is kept as it is.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import httpx

from ingest.sources import Gone, Item
from ingest.sources.config import WebConfig
from ingest.sources.page import main_page
from ingest.sources.sitemap import MAX_BYTES, Sitemap, read_sitemap
from ingest.sources.visitor import ANY_PORT, Host, Visitor, host_of
from serving.errors import SourceUnavailable

_SITEMAPS = 1000
_KEY_BYTES = 180
_HTML = ("text/html", "application/xhtml+xml")


class WebSource:
    """A `Source`. The fingerprint is the page's validators, empty where it has none."""

    def __init__(self, config: WebConfig, max_bytes: int) -> None:
        self.name = config.name
        self.groups = config.groups
        self._config = config
        self._max_bytes = max_bytes
        self._problems: list[str] = []
        self._addresses: dict[str, str] = {}
        self._visitor: Visitor | None = None

    def items(self) -> Iterator[Item]:
        self.close()
        self._problems, self._addresses = [], {}
        listed = self._listed_by_hand() if self._config.urls else [self._config.sitemap]
        hosts = {host for host in map(host_of, listed) if host} | _named(self._config.hosts)
        self._visitor = Visitor(frozenset(hosts), self._config.delay, self._config.seconds)
        addresses = iter(listed) if self._config.urls else self._in_sitemaps(self._visitor)
        forbidden = 0
        for address in addresses:
            url = urldefrag(address).url
            if not self._may_visit(self._visitor, url):
                continue
            if not self._visitor.may_read(url):
                forbidden += 1
            elif key := self._new_key(url):
                yield Item(key)
        if forbidden:
            self._problems.append(f"{self.name}: robots.txt forbids {forbidden} of the pages.")

    def fetch(self, item: Item, path: Path, known: str) -> str | None:
        assert self._visitor is not None, "items() comes first"
        url = self._addresses[item.key]
        try:
            reply = self._visitor.get(url, path, self._max_bytes, self._validators(known))
        except Gone as error:
            self._problems.append(f"{self.name}: {error} It is listed all the same.")
            raise
        if reply.unchanged:
            return None
        kind, _, rest = reply.headers.get("content-type", "").partition(";")
        if kind.strip().lower() in _HTML and not self._config.whole_page:
            charset = rest.partition("charset=")[2].strip("\"' ")
            path.write_bytes(main_page(path.read_bytes(), charset, reply.url))
        return self._fingerprint(reply.headers)

    def problems(self) -> list[str]:
        return self._problems

    def close(self) -> None:
        if self._visitor:
            self._visitor.close()

    def _listed_by_hand(self) -> list[str]:
        assert self._config.urls
        try:
            lines = self._config.urls.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SourceUnavailable(
                f"{self.name}: {self._config.urls} cannot be read ({type(error).__name__})."
            ) from error
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]

    def _in_sitemaps(self, visitor: Visitor) -> Iterator[str]:
        waiting, known = [self._config.sitemap], {self._config.sitemap}
        while waiting:
            url = waiting.pop(0)
            if not self._may_visit(visitor, url):
                continue
            found = self._sitemap(visitor, url)
            if not found.is_index:
                yield from found.addresses
                continue
            waiting += [address for address in found.addresses if address not in known]
            known.update(found.addresses)
            if len(known) > _SITEMAPS:
                raise SourceUnavailable(f"{self.name}: more than {_SITEMAPS} sitemaps.")

    def _sitemap(self, visitor: Visitor, url: str) -> Sitemap:
        with tempfile.NamedTemporaryFile() as file:
            path = Path(file.name)
            visitor.get(url, path, MAX_BYTES, obey=False)
            try:
                return read_sitemap(path.read_bytes())
            except ValueError as error:
                raise SourceUnavailable(f"{self.name}: {url} {error}.") from error

    def _may_visit(self, visitor: Visitor, url: str) -> bool:
        if visitor.may_visit(url):
            return True
        self._problems.append(f"{self.name}: {url} is not on one of its hosts; left out.")
        return False

    def _new_key(self, url: str) -> str:
        """Its key; empty where another address has it.

        Raises:
            SourceUnavailable: there are too many.
        """
        key = key_of(url)
        if first := self._addresses.get(key):
            if first != url:
                self._problems.append(f"{self.name}: {url} has the name of {first}; left out.")
            return ""
        if len(self._addresses) == self._config.max_pages:
            raise SourceUnavailable(
                f"{self.name}: more pages than max_pages = {self._config.max_pages}."
            )
        self._addresses[key] = url
        return key

    def _fingerprint(self, headers: httpx.Headers) -> str:
        values = [headers.get("etag", ""), headers.get("last-modified", "")]
        return json.dumps([self._config.whole_page, *values]) if any(values) else ""

    def _validators(self, known: str) -> dict[str, str]:
        """What to ask with; nothing where the page was kept in another way."""
        if not known:
            return {}
        whole, etag, modified = json.loads(known)
        if whole != self._config.whole_page:
            return {}
        found = {"if-none-match": etag, "if-modified-since": modified}
        return {name: value for name, value in found.items() if value}


def key_of(url: str) -> str:
    """`host/path` as people read it; an over-long one is cut and told apart by a hash."""
    parts = urlsplit(url)
    key = parts.netloc.lower() + unquote(parts.path, errors="replace").rstrip("/")
    if parts.query:
        key += f"?{unquote(parts.query, errors='replace')}"
    if len(key.encode()) <= _KEY_BYTES:
        return key
    digest = hashlib.sha256(url.encode()).hexdigest()[:12]
    return key.encode()[: _KEY_BYTES - 13].decode("utf-8", "ignore") + f"-{digest}"


def _named(hosts: tuple[str, ...]) -> set[Host]:
    """Each with its port, or with any."""
    parts = [urlsplit(f"//{host}") for host in hosts]
    return {(part.hostname or "", part.port or ANY_PORT) for part in parts}
