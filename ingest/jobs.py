"""Ingestion in the background: a durable queue and the threads that work it off.

The queue holds document ids only (`ingest/queue.py`). What is to be done, and what came of it,
stands in the catalogue, so a lost or doubled id does no harm: a job for a finished document does
nothing, and a worker that finds the queue empty looks in the catalogue for what is due. That look
is also how documents are tried again after a transient fault, and how those of a dead worker go
on. This module does not know how a document is processed (`ingest/pipeline.py`).
"""

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from ingest.pipeline import Pipeline
from ingest.progress import Cancelled, Progress
from ingest.queue import Queue
from ingest.upkeep import has_ended
from rag.settings import Settings
from rag.types import Document, State
from serving.errors import FootnoteError

logger = logging.getLogger(__name__)

_TICK_SECONDS = 30
"""Between two rounds of upkeep; what answers does not wait for them."""
_LOOK_SECONDS = 5.0
"""Between two looks of an idle process in the catalogue."""
_REFILL = 500
"""Ids put into an empty queue at once: an archive of a million files must not hold a worker up."""
_PAUSE_SECONDS = 1.0
"""After a catalogue that did not answer."""
_FAULTS = (FootnoteError, SQLAlchemyError, OSError)
"""Of servers that do not answer now; the documents wait."""


@dataclass(slots=True)
class _Running:
    """A document that this process works on."""

    progress: Progress
    cancelled: bool = False


class Jobs:
    """The queue and the workers of this process. Safe to share between threads; start once."""

    def __init__(
        self,
        pipeline: Pipeline,
        folder: Path,
        *,
        queue_url: str = "",
        name: str = "footnote",
        workers: int = 1,
        alone: bool = True,
    ) -> None:
        """Open the queue.

        Args:
            folder: where the queue is without `queue_url`.
            queue_url: Redis; empty: SQLite in `folder`.
            name: of the installation, where several share one Redis.
            workers: threads; 0: submit only.
            alone: no other process works on these documents, so whoever did has ended.

        Raises:
            ConfigError: `queue_url` is not Redis's.
        """
        self.finished = 0
        """Documents that this process made READY."""
        self._pipeline = pipeline
        self._library = pipeline.library
        self._alone = alone
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._next_look = 0.0
        self._queue = Queue(folder / "jobs.db", queue_url, name, self._run)
        self._consumer = self._queue.consumer(workers, self._look, self._tick, _TICK_SECONDS)
        self._started = False

    def start(self) -> None:
        """Finish what a crash interrupted and start the workers."""
        self._release_ended()
        self._pipeline.recover()
        self._consumer.start()
        self._started = True

    def stop(self) -> None:
        """Stop after the current step (a batch, or the parsing of one file); the rest waits."""
        self._stopping.set()
        self._join()

    def close(self) -> None:
        """Stop for good, and close the pipeline: also a file that is being read waits again."""
        self._stopping.set()
        self._pipeline.close()
        self._join()

    def submit(self, document_id: str) -> None:
        """Have a document processed; a READY one is read and indexed anew.

        Where the queue does not answer, the document waits until it does.
        """
        document = self._library.get(document_id)
        if document and document.state is State.READY:
            self._pipeline.refresh(document_id)
        self._queue.put(document_id)

    def retry(self, document_id: str) -> Document | None:
        """Have a document that failed, was rejected or cancelled tried again; None: it is gone."""
        document = self._pipeline.retry(document_id)
        if document:
            self._queue.put(document_id)
        return document

    def cancel(self, document_id: str) -> Document | None:
        """Have a document wait no longer; None: it is gone.

        One that is being processed stops at its next step, also in another process.
        """
        document = self._pipeline.cancel(document_id)
        for identifier in [document_id, *(d.id for d in self._library.children(document_id))]:
            if running := self._running.get(identifier):
                running.cancelled = True
        return document

    def failures(self, groups: frozenset[str] | None = None) -> list[Document]:
        """Documents that nobody tries again unless asked, with `reason`; of `groups` or all."""
        return [document for document in self._library.list(groups) if _failed(document)]

    def progress(self, document_id: str) -> Progress | None:
        """How far the document is, if it is being processed right now, here or elsewhere."""
        if running := self._running.get(document_id):
            return running.progress
        found = self._library.progress(document_id)
        return Progress(document_id, *found) if found else None

    def _join(self) -> None:
        if self._started:
            self._consumer.stop(graceful=True)
        self._queue.close()

    # In the workers' threads

    def _run(self, document_id: str) -> None:
        running = _Running(Progress(document_id, "parse", 0, 1))
        if self._stopping.is_set():
            self._queue.put(document_id)
            return
        if self._running.setdefault(document_id, running) is not running:
            return  # queued twice, and another thread has it
        try:
            self._process(document_id, running)
        except _FAULTS as error:
            # The catalogue has it as unfinished, and whoever looks there next finds it.
            logger.warning("A document waits: %s", _line(error))
            self._stopping.wait(_PAUSE_SECONDS)
        finally:
            del self._running[document_id]

    def _process(self, document_id: str, running: _Running) -> None:
        document = self._library.get(document_id)
        if document is None or not self._is_due(document):
            return
        try:
            done = self._pipeline.process(document_id, lambda step: self._report(running, step))
        except Cancelled:
            if not running.cancelled:
                self._queue.put(document_id)  # for whoever goes on working
            return
        if done is None:
            return
        if done.state is State.READY:
            with self._lock:
                self.finished += 1
        for child in self._library.children(document_id):
            if child.state is State.WAITING:
                self._queue.put(child.id)

    def _is_due(self, document: Document) -> bool:
        if document.state is State.FAILED:
            return "" < document.retry_at <= self._library.now()
        return document.state in (State.WAITING, State.WORKING)

    def _report(self, running: _Running, step: Progress) -> None:
        if self._stopping.is_set() or running.cancelled:
            raise Cancelled
        running.progress = step

    def _look(self) -> bool:
        """Queue what is due and not queued; whether there was anything."""
        with self._lock:
            now = time.monotonic()
            if now < self._next_look or not self._queue.is_empty():
                return False
            self._next_look = now + _LOOK_SECONDS
            try:
                self._release_ended()
                due = self._library.takeable(_REFILL)
            except _FAULTS as error:
                logger.warning("The catalogue does not answer: %s", _line(error))
                return False
            if len(due) == _REFILL:
                self._next_look = now
            due = [document_id for document_id in due if document_id not in self._running]
            return bool([None for document_id in due if self._queue.put(document_id)])

    def _release_ended(self) -> None:
        for worker in self._library.workers():
            if has_ended(worker) or (self._alone and not self._started):
                self._library.release(worker)
        self._library.release_expired()

    def _tick(self) -> None:
        try:
            self._pipeline.maintain()
        except _FAULTS as error:
            logger.warning("Upkeep waits: %s", _line(error))


def open_jobs(pipeline: Pipeline, settings: Settings) -> Jobs:
    """The queue that the settings ask for. ConfigError: its address is wrong."""
    return Jobs(
        pipeline,
        settings.data_dir,
        queue_url=settings.queue_url.get_secret_value(),
        name=settings.collection,
        workers=settings.workers,
        alone=not settings.qdrant_url,
    )


def _failed(document: Document) -> bool:
    if document.state is State.FAILED:
        return not document.retry_at
    return document.state is State.REJECTED


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
