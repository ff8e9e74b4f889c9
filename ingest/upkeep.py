"""What is due without anybody asking: validity that begins or ends, old versions, lost members,
and what a crash left undone. Every step can be repeated, and by several processes at once."""

import logging
import os
import socket
from uuid import uuid4

from ingest.index import Index
from ingest.receipt import Removal
from rag.library import Library, version_of

logger = logging.getLogger(__name__)


class Upkeep:
    """Tidies a library and its index. Safe to share between threads."""

    def __init__(self, library: Library, index: Index, removal: Removal, keep: int) -> None:
        self._library = library
        self._index = index
        self._removal = removal
        self._keep = keep

    def maintain(self) -> int:
        """Write down which versions took over or are over, and let the index follow.

        What answers changed at its moment already. How many documents it concerned.
        """
        switched, expired = self._library.due()
        done = [d for d in switched if self._library.promote(d)]
        done += [d for d in expired if self._library.prune_expired(d)]
        for document_id in done:
            self._index.sync(document_id)
            self.settle(document_id)
        self._removal.scrub()
        return len(done)

    def settle(self, document_id: str) -> None:
        """After a switch: remove members that are in no version any more, and old versions."""
        for orphan in self._library.orphans(document_id):
            document = self._library.get(orphan)
            if document:
                self._removal.remove(document)
        for sha256 in self._library.forget_versions(document_id, self._keep):
            self._library.sketches.drop(document_id, version_of(sha256))

    def recover(self) -> None:
        """Bring index and files in line with the catalogue after a crash; embeds nothing."""
        with self._index.lock:
            for worker in self._library.workers():
                if has_ended(worker):
                    self._library.release(worker)
            self._library.finish_removals()
            for document_id in self._library.unsynced():
                self._index.sync(document_id)
                self.settle(document_id)
            if self._index.is_lost():
                self._library.expire_index()  # an interrupted rebuild, or a lost folder
            for document_id in self._library.unfinished():
                self._index.finish_switch(document_id)
            self._removal.complete()


def new_worker() -> str:
    """A name for this process in the catalogue, unlike any other's: host, process id, a token."""
    return f"{socket.gethostname()}/{os.getpid()}/{_TOKEN}/{uuid4().hex[:8]}"


def has_ended(worker: str) -> bool:
    """Whether a worker of this machine is gone; of another machine its lease must run out."""
    host, number, token, _ = worker.split("/")
    if host != socket.gethostname():
        return False
    if int(number) == os.getpid():  # in a container every process has the same number
        return token != _TOKEN
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


_TOKEN = uuid4().hex[:8]
