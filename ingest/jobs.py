"""Ingestion in the background: a durable queue (huey on SQLite) and one worker thread.

The queue holds document ids only. What is to be done, and what came of it, stands in the
catalogue, so a lost or doubled job does no harm: a start submits whatever is unfinished, and a
job for a finished document does nothing.
"""

import logging
import threading
from pathlib import Path

from huey import SqliteHuey
from huey.consumer import Consumer

from ingest.pipeline import Pipeline
from ingest.progress import Cancelled, Progress
from rag.types import State

logger = logging.getLogger(__name__)


class _Consumer(Consumer):  # type: ignore[misc]  # huey has no types
    """A consumer inside another program, which keeps its own signal handlers."""

    def _set_signal_handlers(self) -> None:
        pass


class Jobs:
    """The queue and its worker. Safe to share between threads; start and stop once."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self._pipeline = pipeline
        self._stopping = threading.Event()
        self._started = False
        self._progress: dict[str, Progress] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._huey = SqliteHuey(
            "ingest", filename=str(folder / "jobs.db"), results=False, strict_fifo=True
        )
        self._task = self._huey.task(name="process")(self._run)
        self._consumer = _Consumer(
            self._huey, workers=1, periodic=False, initial_delay=0.05, max_delay=0.5
        )

    def start(self) -> None:
        """Finish what a crash interrupted, submit all that is unfinished, start the worker."""
        self._pipeline.recover()
        queued = {task.args[0] for task in self._huey.pending()}
        for document_id in self._pipeline.library.unfinished():
            if document_id not in queued:
                self._task(document_id)
        self._consumer.start()
        self._started = True

    def stop(self) -> None:
        """Stop after the current step (a batch, or the parsing of one file); the rest waits."""
        self._stopping.set()
        if self._started:
            self._consumer.stop(graceful=True)
        self._huey.storage.close()

    def submit(self, document_id: str) -> None:
        """Have a document processed; a READY one is read and indexed anew."""
        document = self._pipeline.library.get(document_id)
        if document and document.state is State.READY:
            self._pipeline.refresh(document_id)
        self._task(document_id)

    def progress(self, document_id: str) -> Progress | None:
        """How far the document is, if it is being processed right now."""
        return self._progress.get(document_id)

    def _run(self, document_id: str) -> None:
        try:
            self._pipeline.process(document_id, self._report)
        except Cancelled:
            logger.info("Stopped while document %s was processed; it waits", document_id)
        finally:
            self._progress.pop(document_id, None)

    def _report(self, progress: Progress) -> None:
        if self._stopping.is_set():
            raise Cancelled
        self._progress[progress.document_id] = progress
