"""A visitor to other people's web servers: polite, bounded, and never led astray.

Only hosts that the operator named are asked, whatever a redirect or a sitemap says; names that
lead to private addresses are the operator's choice then. robots.txt is obeyed (RFC 9309), requests
keep a distance, and a reply is given up beyond its bytes or seconds. No proxy, no cookies.
"""

import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from protego import Protego

from ingest.sources import Gone, TooLarge
from serving.errors import SourceUnavailable

AGENT = "Footnote"
_REDIRECTS = 5
_ROBOTS_BYTES = 512 << 10
_LONGEST_DELAY = 30.0
_PORTS = {"http": 80, "https": 443}
_NO_HEADERS: MappingProxyType[str, str] = MappingProxyType({})

Host = tuple[str, int]
"""Name in lower case, port (or `ANY_PORT`)."""
ANY_PORT = -1


class Refused(SourceUnavailable):
    """A reply that is neither a body nor that it is gone."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply whose body is in the file that was asked for; `unchanged`: there is none (304)."""

    url: str
    """Where redirects led."""
    headers: httpx.Headers
    unchanged: bool


class Visitor:
    """For one thread at a time."""

    def __init__(self, hosts: frozenset[Host], delay: float, seconds: float) -> None:
        self._hosts = hosts
        self._delay = delay
        self._seconds = seconds
        self._closed = threading.Event()
        self._next = 0.0
        self._robots: dict[str, Any] = {}
        self._client = httpx.Client(
            timeout=httpx.Timeout(min(10.0, seconds)),
            trust_env=False,
            headers={"user-agent": f"{AGENT}/1.0", "accept-encoding": "gzip"},
        )

    def close(self) -> None:
        self._closed.set()
        self._client.close()

    def may_visit(self, url: str) -> bool:
        """Whether the operator named its host."""
        host = host_of(url)
        return host is not None and (host in self._hosts or (host[0], ANY_PORT) in self._hosts)

    def may_read(self, url: str) -> bool:
        """Whether robots.txt allows it.

        Raises:
            SourceUnavailable: the server has one and does not say what stands in it.
        """
        return bool(self._rules(url).can_fetch(url, AGENT))

    def forget_rules(self) -> None:
        """Ask for every robots.txt again."""
        self._robots.clear()

    def get(
        self,
        url: str,
        path: Path,
        max_bytes: int,
        headers: MappingProxyType[str, str] | dict[str, str] = _NO_HEADERS,
        obey: bool = True,
    ) -> Reply:
        """Fetch into `path`, following redirects among the named hosts.

        Raises:
            Gone: 404 or 410.
            TooLarge: more than `max_bytes`.
            SourceUnavailable: anything else, with what the server said.
        """
        end = time.monotonic() + self._seconds
        target = url
        for _ in range(_REDIRECTS + 1):
            if not self.may_visit(target):
                raise SourceUnavailable(
                    f"{url}: leads to {urlsplit(target).netloc}, which is not among its hosts."
                )
            if obey and not self.may_read(target):
                raise SourceUnavailable(f"{url}: robots.txt forbids {target}.")
            self._keep_distance()
            try:
                with self._client.stream("GET", target, headers=dict(headers)) as response:
                    if not response.has_redirect_location:
                        unchanged = self._take(url, response, path, max_bytes, end)
                        return Reply(target, response.headers, unchanged)
                    target = urljoin(target, response.headers["location"])
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise SourceUnavailable(f"{url}: {type(error).__name__}.") from error
        raise SourceUnavailable(f"{url}: more than {_REDIRECTS} redirects.")

    def _take(
        self, url: str, response: httpx.Response, path: Path, max_bytes: int, end: float
    ) -> bool:
        code = response.status_code
        if code == httpx.codes.NOT_MODIFIED:
            return True
        if code in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
            raise Gone(f"{url}: HTTP {code}.")
        if code != httpx.codes.OK:
            raise Refused(f"{url}: HTTP {code}.", code)
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length) > max_bytes:
            raise TooLarge(f"{url}: is too large.", int(length))
        size = 0
        with path.open("wb") as file:
            for piece in response.iter_bytes():
                size += len(piece)
                if size > max_bytes:
                    raise TooLarge(f"{url}: is too large.", size)
                if time.monotonic() > end:
                    raise SourceUnavailable(f"{url}: took more than {self._seconds:.0f} seconds.")
                file.write(piece)
        return False

    def _keep_distance(self) -> None:
        if self._closed.wait(max(0.0, self._next - time.monotonic())):
            raise SourceUnavailable("The visit was stopped.")
        self._next = time.monotonic() + self._delay

    def _rules(self, url: str) -> Any:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            self._robots[origin] = rules = Protego.parse(self._robots_text(origin))
            wanted = rules.crawl_delay(AGENT) or 0.0
            self._delay = max(self._delay, min(float(wanted), _LONGEST_DELAY))
        return self._robots[origin]

    def _robots_text(self, origin: str) -> str:
        with tempfile.NamedTemporaryFile() as file:
            path = Path(file.name)
            try:
                self.get(f"{origin}/robots.txt", path, _ROBOTS_BYTES, obey=False)
            except (Gone, TooLarge):
                return ""
            except Refused as error:
                if httpx.codes.is_client_error(error.code):
                    return ""  # RFC 9309: there is none, so all is allowed
                raise
            return path.read_text(encoding="utf-8", errors="replace")


def host_of(url: str) -> Host | None:
    """Host and port of an http address; None for anything else, and for one with a user in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None or not port:
        return None
    return parts.hostname, port
