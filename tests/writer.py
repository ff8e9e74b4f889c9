"""A model server on loopback that writes as slowly as the test lets it."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.loopback import Handler, LoopbackServer
from tests.openai_server import ChatHandler

DIES = "\x00"
"""A piece that is not sent: the connection breaks in its place."""


class Writer(LoopbackServer):
    """Answers every question with `pieces`, one for each `let`; notes who hangs up."""

    base = "/v1"

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.sent = 0
        """Pieces of the reply under way or of the last one."""
        self.asked = threading.Event()
        self.hung_up = threading.Event()
        self._steps = threading.Semaphore(0)
        super().__init__(_handler(self))

    def stop(self) -> None:
        self.let(1000)
        super().stop()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens meanwhile."""
        self.stop()
        yield
        self.start_again()

    def will_write(self, *pieces: str) -> None:
        """The next reply; nothing of it is sent until `let`."""
        self.pieces = list(pieces)
        self.sent = 0
        self.asked.clear()
        self.hung_up.clear()
        self._steps = threading.Semaphore(0)

    def let(self, count: int = 1) -> None:
        """Send so many pieces more."""
        self._steps.release(count)

    def next_piece(self, connection: socket.socket) -> bool:
        """Wait for leave to go on; False where the asker has hung up meanwhile."""
        while not self._steps.acquire(timeout=0.02):
            if select.select([connection], [], [], 0)[0]:
                self.hung_up.set()
                return False
        return True


def _handler(writer: Writer) -> type[Handler]:
    class Writing(ChatHandler):
        def answer(self) -> None:
            self.body()
            writer.asked.set()
            self.begin_stream()
            for piece in writer.pieces:
                if not writer.next_piece(self.connection):
                    return
                if piece == DIES:
                    self.break_off()
                    return
                try:
                    self.send_piece(piece)
                except OSError:
                    writer.hung_up.set()
                    return
                writer.sent += 1
            self.end_stream()

    return Writing
