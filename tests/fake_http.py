"""A loopback HTTP server that keeps what it was sent: a fake at the wire, for exporters."""

import threading
from dataclasses import dataclass

from tests.loopback import Handler, LoopbackServer


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


class HttpSink(LoopbackServer):
    """Answers every request with `status` once `gate` is set (it is, unless cleared)."""

    waits = True

    def __init__(self, status: int = 200, body: bytes = b"") -> None:
        self.status = status
        self.body = body
        self.received: list[Received] = []
        self.arrived = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        super().__init__(_handler(self))

    def stop(self) -> None:
        self.gate.set()
        super().stop()


def _handler(sink: HttpSink) -> type[Handler]:
    class Sinking(Handler):
        def answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            sink.received.append(Received(self.command, self.path, headers, self.body()))
            sink.arrived.set()
            sink.gate.wait(30)
            self.send(sink.status, sink.body)

    return Sinking
