"""Ingestion in the background: a durable queue and the threads that work it off.

The queue holds document ids only (`ingest/queue.py`). What is to be done, and what came of it,
stands in the catalogue, so a lost or doubled id does no harm: a job for a finished document does
nothing, and a worker that finds the queue empty looks in the catalogue for what is due. That look
is also how documents are tried again after a transient fault, and how those of a dead worker go
on. This module does not know how a document is processed (`ingest/pipeline.py`).
"""

import logging
import os
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from ingest.pipeline import Pipeline
from ingest.progress import Cancelled, Progress
from ingest.queue import Queue
from rag.settings import Settings
from rag.types import Document, State

logger = logging.getLogger(__name__)

_TICK_SECONDS = 2
_LOOK_SECONDS = 5.0
"""Between two looks of an idle process in the catalogue."""
_REFILL = 500
"""Ids put into an empty queue at once: an archive of a million files must not hold a worker up."""


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
    ) -> None:
        """Open the queue.

        Args:
            folder: where the queue is without `queue_url`.
            queue_url: Redis; empty: SQLite in `folder`.
            name: of the installation, where several share one Redis.
            workers: threads; 0: submit only.

        Raises:
            ConfigError: `queue_url` is not Redis's.
        """
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:6]}"
        """Of this worker process, unlike any other before or beside it."""
        self.finished = 0
        """Documents that this process made READY."""
        self._pipeline = pipeline
        self._stopping = threading.Event()
        self._running: dict[str, _Running] = {}
        self._look_lock = threading.Lock()
        self._next_look = 0.0
        self._queue = Queue(folder / "jobs.db", queue_url, name, self._run)
        self._consumer = self._queue.consumer(workers, self._look, self._tick, _TICK_SECONDS)
        self._started = False

    def start(self) -> None:
        """Finish what a crash interrupted and start the workers."""
        self._pipeline.recover()
        self._consumer.start()
        self._started = True

    def stop(self) -> None:
        """Stop after the current step (a batch, or the parsing of one file); the rest waits."""
        self._stopping.set()
        if self._started:
            self._consumer.stop(graceful=True)
        self._queue.close()

    def submit(self, document_id: str) -> None:
        """Have a document processed; a READY one is read and indexed anew.

        Where the queue does not answer, the document waits until it does.
        """
        document = self._pipeline.library.get(document_id)
        if document and document.state is State.READY:
            self._pipeline.refresh(document_id)
        self._queue.put(document_id)

    def failures(self, groups: frozenset[str] | None = None) -> list[Document]:
        """Documents that nobody will try again by himself, with `reason`; of `groups` or all."""
        documents = self._pipeline.library.list(groups)
        return [document for document in documents if _failed(document)]

    def progress(self, document_id: str) -> Progress | None:
        """How far the document is, if it is being processed right now."""
        running = self._running.get(document_id)
        return running.progress if running else None

    # In the workers' threads

    def _run(self, document_id: str) -> None:
        document = self._pipeline.library.get(document_id)
        if document is None or document.state not in (State.WAITING, State.WORKING):
            return
        running = _Running(Progress(document_id, "parse", 0, 1))
        if self._running.setdefault(document_id, running) is not running:
            return  # queued twice, and another thread has it
        try:
            done = self._pipeline.process(document_id, self._report)
            if done is not None and done.state is State.READY:
                with self._look_lock:
                    self.finished += 1
        except Cancelled:
            if self._stopping.is_set():
                self._queue.put(document_id)  # for whoever goes on working
        finally:
            self._running.pop(document_id, None)

    def _report(self, progress: Progress) -> None:
        running = self._running.get(progress.document_id)
        if self._stopping.is_set() or running is None or running.cancelled:
            raise Cancelled
        running.progress = progress

    def _look(self) -> bool:
        """Queue what is due and not queued; whether there was anything."""
        with self._look_lock:
            now = time.monotonic()
            if now < self._next_look or not self._queue.is_empty():
                return False
            due = self._pipeline.library.unfinished()[:_REFILL]
            due = [document_id for document_id in due if document_id not in self._running]
            self._next_look = now if len(due) == _REFILL else now + _LOOK_SECONDS
            return bool([None for document_id in due if self._queue.put(document_id)])

    def _tick(self) -> None:
        """Once in `_TICK_SECONDS`."""


def open_jobs(pipeline: Pipeline, settings: Settings) -> Jobs:
    """The queue that the settings ask for. ConfigError: its address is wrong."""
    return Jobs(
        pipeline,
        settings.data_dir,
        queue_url=settings.queue_url.get_secret_value(),
        name=settings.collection,
        workers=settings.workers,
    )


def _failed(document: Document) -> bool:
    if document.state is State.FAILED:
        return not document.retry_at
    return document.state is State.REJECTED
