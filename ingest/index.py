"""Keeps the index in line with the catalogue, which alone says which version answers.

A version's chunks are added beside those of the version before, one UPDATE of the catalogue
switches, and then the old chunks go: whoever asks meanwhile finds the version that the catalogue
names, whole (`rag/retrieve.py`). A crash leaves either chunks that the catalogue does not name
yet, which `finish_switch` lets answer if they are all there, or chunks that it names no longer,
which `sync` drops; the document stands in the catalogue's list of the unsynced until then.

Other processes may do the same at the same time. So chunks go by the name of their version, as
the catalogue knew it when it said which to keep: a version that came since is never hit. Groups
are written again until the catalogue has not changed meanwhile.
"""

import threading

from ingest.encode import Encoded
from rag.catalogue import Entry
from rag.library import Library, version_of
from rag.store import Store
from rag.types import State

_UNFINISHED = (State.WAITING, State.WORKING)


class Index:
    """The store as the pipeline uses it. Safe to share between threads."""

    def __init__(self, library: Library, store: Store) -> None:
        self.lock = threading.RLock()
        """Held where this process changes library and index together; never while reading a
        file or embedding."""
        self._library = library
        self._store = store

    def commit(self, entry: Entry, encoded: Encoded) -> bool:
        """Index, then switch; False if the document is gone or waits for something else now."""
        document_id = entry.document.id
        with self.lock:
            now = self._library.entry(document_id)
            if now is None or not _same(now, entry):
                return False
            groups = now.document.groups if now.stale else now.pending_groups
            version = version_of(entry.target)
            self._store.add(document_id, version, encoded.indexed(groups))
            switched = self._library.switch(now, encoded.reading)
            self.sync(document_id)
        return switched

    def sync(self, document_id: str) -> None:
        """Let the index follow the catalogue: what is gone, what answers, who may read."""
        with self.lock:
            state = self._library.held(document_id)
            while True:
                wanted, _coming, past = state
                if self._library.entry(document_id) is None:
                    self._store.delete(document_id)
                else:
                    self._store.drop(document_id, past)
                    for version, groups in wanted.items():
                        self._store.set_groups(document_id, groups, version)
                after = self._library.held(document_id)
                if after == state:
                    break
                state = after
            self._library.synced(document_id)

    def holds(self, entry: Entry) -> bool:
        """Whether the index has the version that is to answer, whole."""
        document = entry.document
        if not document.version or entry.pruned:
            return False
        return self._store.count(document.id, document.version) == document.chunks

    def finish_switch(self, document_id: str) -> None:
        """Switch where a crash came between index and catalogue."""
        with self.lock:
            entry = self._library.entry(document_id)
            if entry is None or not entry.target or entry.document.state not in _UNFINISHED:
                return
            reading = self._library.files.reading(entry.target)
            if reading is None or not reading.chunks or reading.members:
                return
            if self._store.count(document_id, version_of(entry.target)) == reading.chunks:
                self._library.switch(entry, reading)
                self.sync(document_id)

    def is_lost(self) -> bool:
        """Whether nothing is there although something should be."""
        return not self._store.count() and any(
            document.version and document.chunks for document in self._library.list()
        )

    def clear(self) -> None:
        """Empty the index and note that all is to be indexed again."""
        with self.lock:
            self._library.expire_index()
            self._store.clear()


def _same(now: Entry, entry: Entry) -> bool:
    """Whether the work that `entry` stands for is still wanted, and from the same worker."""
    return now.document.state in _UNFINISHED and (now.target, now.stale, now.worker) == (
        entry.target,
        entry.stale,
        entry.worker,
    )
