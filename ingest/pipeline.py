"""From a file to an answerable document: keep, parse, judge, chunk, embed, index, switch.

The index is written before the catalogue, and every step can be repeated: a crash at any moment
leaves the document unfinished and it is done again. This is the one door to it all; what is
behind is in `intake`, `processing`, `index`, `upkeep` and `receipt`. It does not know when it
runs (`ingest/jobs.py`, the command line) nor how a format is read (`ingest/parse`).
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.encode import Encoder
from ingest.guard.parser import Parser
from ingest.index import Index
from ingest.intake import Intake, template
from ingest.limits import limits_of
from ingest.names import clean_groups
from ingest.processing import Processor
from ingest.progress import Cancelled, Progress, Report, ignore
from ingest.receipt import Receipt, Removal
from ingest.upkeep import Upkeep
from rag.library import Library
from rag.settings import Settings
from rag.store import Store
from rag.trace_store import TraceStore
from rag.types import Document, State, Version
from serving.errors import RejectedFile

if TYPE_CHECKING:  # it imports LlamaIndex, which `list` can do without
    from serving.embedding import Embedder

__all__ = ["Pipeline", "Progress", "Receipt"]

_PARALLEL = 2
"""Documents at a time: reading takes one core in a child process, embedding the others."""


class Pipeline:
    """Changes library and index together. Safe to share between threads."""

    def __init__(
        self,
        library: Library,
        store: Store,
        embedder: "Embedder",
        settings: Settings,
        traces: TraceStore | None = None,
        parser: Parser | None = None,
    ) -> None:
        """`traces`: where removed documents are to be forgotten too; `parser`: closed by `close`,
        by default one with the limits of the settings."""
        self.library = library
        self._parser = parser or Parser(limits_of(settings))
        self._index = Index(library, store)
        self._intake = Intake(library, self._index, settings.max_file_mb)
        langfuse = bool(settings.langfuse_url)
        self._removal = Removal(library, store, self._index, traces, langfuse)
        self._upkeep = Upkeep(library, self._index, self._removal, settings.keep_versions)
        self._processor = Processor(
            library,
            self._index,
            self._intake,
            Encoder(library, self._parser, embedder),
            self._upkeep,
            settings.max_parse_seconds,
        )

    def close(self) -> None:
        """End the processes that read files."""
        self._parser.close()

    def accept(
        self,
        path: Path,
        name: str,
        groups: Sequence[str] | None = None,
        *,
        parent: str = "",
        source: str = "",
        valid_from: str = "",
        valid_until: str = "",
    ) -> Document:
        """Take a file in under `name`; WAITING, or READY if this very content answers already.

        `groups` None: as before, everyone for a new document. A new version's groups narrow
        access at once and widen it only when that version answers. An empty or oversized file
        is REJECTED here, and an earlier version goes on answering.

        Args:
            parent: id of the document that it came in.
            source: name of the source that keeps it up to date; empty: as before.
            valid_from: from when this version answers, ISO 8601; empty: as soon as it is
                indexed, and as before for a content that the document has already.
            valid_until: until when, exclusive; then nothing of the document answers.

        Raises:
            RejectedFile: unsafe name, no group, a file that cannot be opened, or no date.
            OSError: it could not be kept (disk full).
        """
        new = template(parent, source, valid_from, valid_until)
        return self._intake.accept(path, name, groups, new)

    def process(self, document_id: str, progress: Report = ignore) -> Document | None:
        """Do all that is to be done for a document; None if it was removed meanwhile.

        READY, REJECTED (permanent) or FAILED (a retry may help) when this returns; asking for
        a REJECTED or FAILED document tries again. WORKING: another worker has it. Members that
        came inside it are WAITING. Cancelled passes through.
        """
        return self._processor.process(document_id, progress)

    def process_all(
        self, ids: Sequence[str], progress: Report = ignore
    ) -> Iterator[Document | None]:
        """`process` for each, in order; one document is read while another is embedded.

        What came inside them is processed after them, and is not in the result.
        """
        stop = threading.Event()

        def report(step: Progress) -> None:
            if stop.is_set():
                raise Cancelled
            progress(step)

        def work(identifier: str) -> Document | None:
            document = self.process(identifier, report)
            self._process_inside(identifier, report)
            return document

        pool = ThreadPoolExecutor(_PARALLEL)
        try:
            yield from pool.map(work, ids)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def remove(self, document_id: str, by: str = "") -> Receipt:
        """Forget a document, its chunks, files and traces, and all that came in it.

        Also while it is being processed. `by`: who asked, for the receipt, which is kept.
        """
        entry = self.library.entry(document_id)
        if entry is None:
            return Receipt("", document_id, "", self.library.now(), by, complete=True)
        return self._removal.remove(entry.document, by)

    def set_groups(self, document_id: str, groups: Sequence[str]) -> None:
        """Who may read it and all that came in it, in effect when this returns.

        RejectedFile: no group given.
        """
        self._intake.set_groups(document_id, clean_groups(groups))

    def set_validity(
        self, document_id: str, version: str, valid_from: str = "", valid_until: str = ""
    ) -> Document:
        """From and until when a version answers, ISO 8601; in effect when this returns.

        Raises:
            RejectedFile: no date, or the end comes before the start.
            KeyError: no such document or version.
        """
        dates = template("", "", valid_from, valid_until)
        with self._index.lock:
            chosen = self._version(document_id, version)
            self.library.set_validity(document_id, version, dates.valid_from, dates.valid_until)
            self._index.sync(document_id)
            # What came inside that version was given its dates, and keeps to them.
            for child in self.library.members(document_id, chosen.sha256):
                for inside in self.library.versions(child):
                    if _dates(inside) == _dates(chosen) and self._is_in_play(inside):
                        self.set_validity(child, inside.version, valid_from, valid_until)
            self._upkeep.settle(document_id)
        return self._required(document_id)

    def roll_back(self, document_id: str, version: str) -> Document:
        """Let an earlier version answer again: WAITING; the present one answers until then.

        Its validity is without limits, whatever it was.

        Raises:
            RejectedFile: its bytes are not kept any more.
            KeyError: no such document or version.
        """
        with self._index.lock:
            document = self._required(document_id)
            chosen = self._version(document_id, version)
            if not self.library.original(chosen.sha256).exists():
                raise RejectedFile(
                    f"{document.name}: the file of that version is not kept any more. Add it again."
                )
            if chosen.answers or self.library.is_ahead(document_id, chosen.sha256):
                return self.set_validity(document_id, version)
            entry = self.library.entry(document_id)
            if entry and entry.sha256 == chosen.sha256:  # its validity is over or to come
                return self.set_validity(document_id, version)
            groups = entry.pending_groups if entry else document.groups
            self.library.await_version(document_id, chosen.sha256, chosen.size, groups)
            self._index.sync(document_id)
        return self._required(document_id)

    def cancel(self, document_id: str) -> Document | None:
        """Drop what is pending, also for what came inside; None if there is no such document.

        A document whose first version it was is CANCELLED and can be tried again; any other goes
        on with the version that answers. A running job finds nothing to do at its next step.
        """
        with self._index.lock:
            self.library.cancel(document_id)
            self._index.sync(document_id)
            for child in self.library.children(document_id):
                self.cancel(child.id)
        return self.library.get(document_id)

    def retry(self, document_id: str) -> Document | None:
        """Have a REJECTED, FAILED or CANCELLED document tried again: WAITING."""
        states = (State.REJECTED, State.FAILED, State.CANCELLED)
        self.library.wake(document_id, states, afresh=True)
        return self.library.get(document_id)

    def recover(self) -> None:
        """Bring index and files in line with the catalogue after a crash; embeds nothing."""
        self._upkeep.recover()

    def maintain(self) -> int:
        """Do what is due by the clock: versions that took over or are over, old versions.

        How many documents it concerned. What answers has changed at its moment already.
        """
        return self._upkeep.maintain()

    def refresh(self, document_id: str) -> Document | None:
        """Have a document read and indexed anew from its original: WAITING, to be processed."""
        with self._index.lock:
            self.library.expire_index(document_id)
            return self.library.get(document_id)

    def rebuild(self, progress: Report = ignore) -> Iterator[Document | None]:
        """Index everything anew from the originals, as the result is iterated over.

        Interrupted, the rest stays WAITING.
        """
        self.maintain()
        self._index.clear()
        yield from self.process_all(self.library.unfinished(), progress)

    def _process_inside(self, document_id: str, progress: Report) -> None:
        for child in self.library.children(document_id):
            if child.state is State.WAITING:
                self.process(child.id, progress)
            self._process_inside(child.id, progress)

    def _version(self, document_id: str, version: str) -> Version:
        for found in self.library.versions(document_id):
            if found.version == version:
                return found
        raise KeyError(version)

    def _is_in_play(self, version: Version) -> bool:
        entry = self.library.entry(version.document_id)
        current = (entry.sha256, entry.pending_sha256) if entry else ()
        return version.sha256 in current or self.library.is_ahead(
            version.document_id, version.sha256
        )

    def _required(self, document_id: str) -> Document:
        document = self.library.get(document_id)
        if document is None:
            raise KeyError(document_id)
        return document


def _dates(version: Version) -> tuple[str, str]:
    return version.valid_from, version.valid_until
