"""One document from WAITING to whatever it becomes; here alone a failure is judged.

A fault of the moment (a server that does not answer, a full disk) is tried again by itself, a few
times and ever later; a file that cannot be read is not. This module does not know how a format is
read (`ingest/parse`), nor who calls it when (`ingest/jobs.py`).
"""

import logging
import random
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from ingest import members
from ingest.encode import Encoded, Encoder
from ingest.index import Index
from ingest.intake import Intake, still_answers, template
from ingest.progress import Cancelled, Progress, Report, ignore
from ingest.upkeep import Upkeep, new_worker
from rag.catalogue import Entry
from rag.library import Library
from rag.moments import stamp
from rag.types import Document, State
from serving.errors import FootnoteError, ModelUnavailable, RejectedFile, StoreBusy

logger = logging.getLogger(__name__)

_LEASE_SECONDS = 60.0
"""Beyond the longest that one step may take: who is silent for longer has ended."""
_BEAT_SECONDS = 1.0
"""At most so often the catalogue is told how far a document is."""
TRIES = 5
"""So often a document is tried without anybody asking."""
_FIRST_RETRY, _LAST_RETRY = 15.0, 3600.0
"""Seconds; doubled each time, and at random between half and all of it."""


class _Superseded(Exception):
    """The document waits for something else by now, or for nobody."""


class Processor:
    """Works on documents. Safe to share between threads."""

    def __init__(
        self,
        library: Library,
        index: Index,
        intake: Intake,
        encoder: Encoder,
        upkeep: Upkeep,
        step_seconds: float,
    ) -> None:
        """`step_seconds`: the longest that reading one file may take."""
        self.library = library
        self._index = index
        self._intake = intake
        self._encoder = encoder
        self._upkeep = upkeep
        self._worker = new_worker()
        self._lease = step_seconds + _LEASE_SECONDS

    def process(self, document_id: str, progress: Report = ignore) -> Document | None:
        """As `Pipeline.process`."""
        self.library.wake(document_id, (State.REJECTED, State.FAILED))
        while (entry := self.library.begin(document_id, self._worker, self._lease)) is not None:
            name = entry.document.name
            try:
                self._index_content(entry, self._watched(entry, progress))
            except _Superseded:
                continue
            except Cancelled:
                self.library.give_up(entry, State.WAITING, "", answers=True)
                raise
            except RejectedFile as error:
                self._give_up(entry, State.REJECTED, str(error))
            except (ModelUnavailable, StoreBusy) as error:
                self._give_up(entry, State.FAILED, f"{name}: {error}", transient=True)
            except FootnoteError as error:
                self._give_up(entry, State.FAILED, f"{name}: {error}")
            except OSError as error:
                what = error.strerror or type(error).__name__
                self._give_up(entry, State.FAILED, f"{name}: {what}. Try again.", transient=True)
            except Exception as error:
                logger.exception("Processing document %s failed", document_id)
                what = f"unexpected {type(error).__name__}, see the log. Try again."
                self._give_up(entry, State.FAILED, f"{name}: {what}")
        return self.library.get(document_id)

    def _index_content(self, entry: Entry, progress: Report) -> None:
        document, sha256 = entry.document, entry.target
        if not sha256:
            raise RejectedFile(f"{document.name}: its content was not kept. Add the file again.")
        with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
            encoded = self._encoder.encode(document, sha256, Path(folder), progress)
            self._take_in(entry, encoded)
        self.library.files.keep_reading(sha256, encoded.reading)
        progress(Progress(document.id, "index", 0, 1))
        if self._index.commit(entry, encoded):
            self._upkeep.settle(document.id)

    def _take_in(self, entry: Entry, encoded: Encoded) -> None:
        """Accept what came inside; a version that is to answer later keeps it waiting too."""
        container = entry.document
        groups = container.groups if entry.stale else entry.pending_groups
        if encoded.members:
            inside = members.ids(encoded.members)
            self.library.set_members(container.id, entry.target, inside)
        try:
            since, until = self.library.validity(container.id, entry.target)
        except KeyError:  # removed meanwhile
            raise _Superseded from None
        for member in encoded.members:
            new = template(container.id, "", since, until)
            self._intake.accept(member.path, member.name, groups, new)

    def _watched(self, entry: Entry, progress: Report) -> Report:
        """`progress`, which also tells the catalogue, and stops what nobody waits for."""
        told = time.monotonic()

        def report(step: Progress) -> None:
            nonlocal told
            progress(step)
            if time.monotonic() - told < _BEAT_SECONDS:
                return
            told = time.monotonic()
            if not self.library.heartbeat(
                step.document_id, entry.worker, step.stage, step.done, step.total, self._lease
            ):
                raise _Superseded

        return report

    def _give_up(self, entry: Entry, state: State, reason: str, transient: bool = False) -> None:
        answers = self._index.holds(entry)
        if answers:
            reason = still_answers(entry.document, reason)
        retry_at = ""
        if transient and entry.document.attempts + 1 < TRIES:
            seconds = min(_LAST_RETRY, _FIRST_RETRY * 2**entry.document.attempts)
            wait = timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311
            retry_at = stamp(datetime.fromisoformat(self.library.now()) + wait)
        self.library.give_up(entry, state, reason, answers, retry_at)
