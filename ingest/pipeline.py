"""From a file to an answerable document: keep, parse, chunk, embed, index, switch.

The index is written before the catalogue, and every step can be repeated: a crash at any moment
leaves the document unfinished and it is done again. What a failure means is decided in
`Pipeline.process` alone. This module does not know when it runs (`ingest/jobs.py`, the command
line) nor how a format is read (`ingest/parse`).
"""

import logging
import stat
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.encode import Encoded, encode
from ingest.names import clean_groups, clean_name
from ingest.progress import Cancelled, Report, ignore
from ingest.progress import Progress as Progress
from rag.catalogue import Entry
from rag.library import Library, version_of
from rag.settings import Settings
from rag.store import Store
from rag.types import EVERYONE, Document, State, document_id
from serving.errors import FootnoteError, RejectedFile

if TYPE_CHECKING:  # it imports LlamaIndex, which `list` can do without
    from serving.embedding import Embedder

logger = logging.getLogger(__name__)

_UNFINISHED = (State.WAITING, State.WORKING)
_PARALLEL = 2
"""Documents at a time: reading takes one core in a child process, embedding the others."""


class Pipeline:
    """Changes library and index together. Safe to share between threads of one process."""

    def __init__(
        self, library: Library, store: Store, embedder: "Embedder", settings: Settings
    ) -> None:
        self.library = library
        self._store = store
        self._embedder = embedder
        self._settings = settings
        # Held where library and index change together; never while parsing or embedding.
        self._lock = threading.RLock()

    def accept(self, path: Path, name: str, groups: Sequence[str] | None = None) -> Document:
        """Take a file in under `name`; WAITING, or READY if this very content answers already.

        `groups` None: as before, everyone for a new document. A new version's groups narrow
        access at once and widen it only when that version answers. An empty or oversized file
        is REJECTED here, and an earlier version goes on answering.

        Raises:
            RejectedFile: unsafe name, no group, or a file that cannot be opened.
            OSError: it could not be kept (disk full).
        """
        name = clean_name(name)
        wanted = None if groups is None else clean_groups(groups)
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
                raise RejectedFile(f"{name}: is not a file.")
            path.open("rb").close()
        except OSError as error:
            raise RejectedFile(f"{name}: cannot be opened ({error.strerror}).") from error
        size = status.st_size
        if reason := self._unacceptable(name, size):
            return self._reject(name, wanted, size, reason)
        with self._lock:
            sha256 = self.library.keep_original(path)
            entry = self.library.entry(document_id(name))
            if entry is None:
                return self.library.add(_new(name, sha256, size, wanted or (EVERYONE,)))
            return self._renew(entry, sha256, size, wanted or entry.pending_groups)

    def process(self, document_id: str, progress: Report = ignore) -> Document | None:
        """Do all that is to be done for a document; None if it was removed meanwhile.

        READY, REJECTED (permanent) or FAILED (a retry may help) when this returns; asking for
        a REJECTED or FAILED document tries again. Cancelled passes through.
        """
        self._retry(document_id)
        while (entry := self.library.begin(document_id)) is not None:
            name = entry.document.name
            try:
                self._index(entry, progress)
            except Cancelled:
                self.library.give_up(entry, State.WAITING, "", answers=True)
                raise
            except RejectedFile as error:
                self._give_up(entry, State.REJECTED, str(error))
            except FootnoteError as error:
                self._give_up(entry, State.FAILED, f"{name}: {error}")
            except OSError as error:
                what = error.strerror or type(error).__name__
                self._give_up(entry, State.FAILED, f"{name}: {what}. Try again.")
            except Exception as error:
                logger.exception("Processing document %s failed", document_id)
                what = f"unexpected {type(error).__name__}, see the log. Try again."
                self._give_up(entry, State.FAILED, f"{name}: {what}")
        return self.library.get(document_id)

    def process_all(
        self, ids: Sequence[str], progress: Report = ignore
    ) -> Iterator[Document | None]:
        """`process` for each, in order; one document is read while another is embedded."""
        stop = threading.Event()

        def report(step: Progress) -> None:
            if stop.is_set():
                raise Cancelled
            progress(step)

        pool = ThreadPoolExecutor(_PARALLEL)
        try:
            yield from pool.map(lambda identifier: self.process(identifier, report), ids)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def remove(self, document_id: str) -> None:
        """Forget a document, its chunks and its files, also while it is being processed."""
        with self._lock:
            self.library.remove(document_id)
            self._sync(document_id)

    def set_groups(self, document_id: str, groups: Sequence[str]) -> None:
        """Who may read it, in effect when this returns. RejectedFile: no group given."""
        groups = clean_groups(groups)
        with self._lock:
            if self.library.get(document_id):
                self.library.set_groups(document_id, groups)
                self._sync(document_id)

    def recover(self) -> None:
        """Bring index and files in line with the catalogue after a crash; embeds nothing."""
        with self._lock:
            self.library.finish_removals()
            for identifier in self.library.unsynced():
                self._sync(identifier)
            if not self._store.count() and any(d.version for d in self.library.list()):
                self.library.expire_index()  # an interrupted rebuild, or a lost folder
            for identifier in self.library.unfinished():
                self._finish_switch(identifier)

    def refresh(self, document_id: str) -> Document | None:
        """Have a document read and indexed anew from its original: WAITING, to be processed."""
        with self._lock:
            self.library.expire_index(document_id)
            return self.library.get(document_id)

    def rebuild(self, progress: Report = ignore) -> Iterator[Document | None]:
        """Index everything anew from the originals, as the result is iterated over.

        Interrupted, the rest stays WAITING.
        """
        with self._lock:
            self.library.expire_index()
            self._store.clear()
        yield from self.process_all(self.library.unfinished(), progress)

    def _retry(self, document_id: str) -> None:
        with self._lock:
            entry = self.library.entry(document_id)
            if entry and entry.document.state in (State.REJECTED, State.FAILED):
                if entry.target:
                    self.library.mark(document_id, State.WAITING)
                elif entry.sha256:
                    self.library.mark(document_id, State.READY)

    # Taking in

    def _unacceptable(self, name: str, size: int) -> str:
        if size == 0:
            return f"{name}: the file is empty. Save it again at its source and add it."
        limit = self._settings.max_file_mb
        if size > limit << 20:
            return (
                f"{name}: {size / (1 << 20):.0f} MiB is more than the limit of {limit} MiB. "
                "Split the file or raise FOOTNOTE_MAX_FILE_MB."
            )
        return ""

    def _reject(
        self, name: str, groups: tuple[str, ...] | None, size: int, reason: str
    ) -> Document:
        with self._lock:
            before = self.library.get(document_id(name))
            if before is None:
                new = _new(name, "", size, groups or (EVERYONE,))
                return self.library.add(replace(new, state=State.REJECTED, reason=reason))
            if before.state in _UNFINISHED:
                # What is under way goes on; only the caller learns of this file.
                return replace(before, state=State.REJECTED, reason=reason)
            return self.library.mark(before.id, State.REJECTED, _still_answers(before, reason))

    def _renew(self, entry: Entry, sha256: str, size: int, groups: tuple[str, ...]) -> Document:
        document = entry.document
        if entry.sha256 == sha256:
            stale = entry.stale or not self._holds(entry)
            if document.groups != groups or entry.pending_groups != groups:
                self.set_groups(document.id, groups)
            return self.library.keep_version(document.id, stale)
        if not document.version:
            self.set_groups(document.id, groups)
            if document.state in _UNFINISHED and entry.pending_sha256 == sha256:
                return document
        elif not set(document.groups) <= set(groups):
            narrowed = [group for group in document.groups if group in groups]
            self.library.set_groups(document.id, narrowed, groups)
            self._sync(document.id)
        return self.library.await_version(document.id, sha256, size, groups)

    def _holds(self, entry: Entry) -> bool:
        """Whether the index has the version that is to answer, whole and alone."""
        document = entry.document
        if not document.version or self._store.count(document.id) != document.chunks:
            return False
        if document.state is State.READY:
            return True
        # What a crash left of another version could have as many chunks.
        versions = {chunk.version for chunk in self._store.chunks(document.id)}
        return versions == {document.version}

    # Indexing

    def _index(self, entry: Entry, progress: Report) -> None:
        document, sha256 = entry.document, entry.target
        if not sha256:
            raise RejectedFile(f"{document.name}: its content was not kept. Add the file again.")
        encoded = encode(
            self.library.original(sha256),
            document,
            version_of(sha256),
            self._embedder,
            self._settings,
            progress,
        )
        self.library.files.keep_reading(sha256, encoded.reading)
        progress(Progress(document.id, "index", 0, 1))
        self._commit(entry, encoded)

    def _commit(self, entry: Entry, encoded: Encoded) -> None:
        """Index, then switch; nothing if the document was removed or given another content."""
        with self._lock:
            now = self.library.entry(entry.document.id)
            if now is None or now.document.state not in _UNFINISHED:
                return
            if (now.target, now.stale) != (entry.target, entry.stale):
                return
            groups = now.document.groups if now.stale else now.pending_groups
            self._store.replace(now.document.id, encoded.indexed(groups))
            self.library.switch(now, encoded.reading)

    def _give_up(self, entry: Entry, state: State, reason: str) -> None:
        answers = self._holds(entry)
        if answers:
            reason = _still_answers(entry.document, reason)
        self.library.give_up(entry, state, reason, answers)

    # Following the catalogue

    def _sync(self, document_id: str) -> None:
        document = self.library.get(document_id)
        if document is None:
            self._store.delete(document_id)
        else:
            self._store.set_groups(document_id, document.groups)
        self.library.synced(document_id)

    def _finish_switch(self, document_id: str) -> None:
        """Switch where a crash came between index and catalogue."""
        entry = self.library.entry(document_id)
        reading = self.library.files.reading(entry.target) if entry and entry.target else None
        if entry is None or reading is None or self._store.count(document_id) != reading.chunks:
            return
        if {c.version for c in self._store.chunks(document_id)} == {version_of(entry.target)}:
            # Groups may have changed after the index was written.
            groups = entry.document.groups if entry.stale else entry.pending_groups
            self._store.set_groups(document_id, groups)
            self.library.switch(entry, reading)


def _new(name: str, sha256: str, size: int, groups: tuple[str, ...]) -> Document:
    return Document(document_id(name), name, sha256, "", "", groups, size=size)


def _still_answers(document: Document, reason: str) -> str:
    return f"{reason} The previous version still answers." if document.version else reason
