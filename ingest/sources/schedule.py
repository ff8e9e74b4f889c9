"""Sources in a running process: each synced every so often, a folder as soon as it changes.

One sync at a time, in a thread of its own; a second thread listens to the folders (`watchfiles`).
A folder that cannot be listened to, like many a network share, is still looked at every so often.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from watchfiles import watch

from ingest.pipeline import Pipeline
from ingest.progress import Cancelled
from ingest.sources.config import FolderConfig, SourceConfig, choose
from ingest.sources.folder import SETTLE_SECONDS
from ingest.sources.opening import configured
from ingest.sources.seen import Seen, Synced, now
from ingest.sources.sync import Submit, sync_configured
from rag.settings import Settings

logger = logging.getLogger(__name__)

_Folders = list[tuple[Path, str]]
"""With the names of their sources."""
_Identities = dict[Path, tuple[int, int]]
"""Device and number of each folder that exists."""
_WATCH_MS = 2000
"""Between two checks whether a folder has come, gone or been replaced."""


@dataclass(slots=True)
class _Planned:
    config: SourceConfig
    due: float
    """On the monotonic clock."""
    asked: bool = False
    force: bool = False
    running: bool = False
    took: float = 0.0
    """Seconds that the last sync took."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a source stands."""

    name: str
    kind: str
    every: int
    """Seconds."""
    groups: tuple[str, ...] | None
    waiting: bool
    """It was asked for, or is under way."""
    document: str = ""
    """The one that is looked at right now."""
    done: int = 0
    """Items looked at before it in this sync."""
    last: Synced | None = None


@dataclass(slots=True)
class _Now:
    document: str = ""
    done: int = 0


class SourceSchedule:
    """The settings' sources, kept up to date from `start` to `stop`. Safe to share; start once."""

    def __init__(
        self,
        pipeline: Pipeline,
        submit: Submit,
        settings: Settings,
        heard: Callable[[Synced], None] = lambda _synced: None,
    ) -> None:
        """Args: `submit` has a document processed; `heard` is told the outcome of each sync.

        Raises:
            ConfigError: the sources file is not right.
        """
        self._pipeline = pipeline
        self._submit = submit
        self._settings = settings
        self._heard = heard
        self._configs = configured(settings)
        self._seen = Seen(pipeline.library.engine)
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._now = _Now()
        self._planned = {c.name: _Planned(c, self._first(c)) for c in self._configs}
        self._threads = [threading.Thread(target=self._run, name="sources")]
        if any(isinstance(config, FolderConfig) for config in self._configs):
            self._threads.append(threading.Thread(target=self._watch, name="folders"))

    def start(self) -> None:
        """Begin; nothing is started where no source is configured."""
        if self._configs:
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Stop after the current item; the next start goes on."""
        with self._changed:
            self._stopping.set()
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def request(self, name: str, force: bool = False) -> None:
        """Have a source (all, without a name) synced now. ConfigError: there is none."""
        with self._changed:
            for config in choose(self._configs, name):
                plan = self._planned[config.name]
                plan.asked, plan.force = True, plan.force or force
            self._changed.notify_all()

    def statuses(self) -> list[Status]:
        """In the order of the sources file."""
        last = {synced.source: synced for synced in self._seen.last()}
        with self._changed:
            return [self._status(plan, last) for plan in self._planned.values()]

    def _status(self, plan: _Planned, last: dict[str, Synced]) -> Status:
        config, current = plan.config, self._now if plan.running else _Now()
        return Status(
            config.name,
            config.kind,
            config.every,
            config.groups,
            plan.asked or plan.running,
            current.document,
            current.done,
            last.get(config.name),
        )

    # The thread that syncs

    def _first(self, config: SourceConfig) -> float:
        """When a source is due after a start: other processes' syncs count."""
        for synced in self._seen.last():
            if synced.source == config.name and synced.finished_at:
                age = datetime.fromisoformat(now()) - datetime.fromisoformat(synced.started_at)
                return time.monotonic() + max(0.0, config.every - age.total_seconds())
        return time.monotonic()

    def _run(self) -> None:
        while plan := self._next():
            try:
                self._sync(plan)
            except Cancelled:
                return
            except Exception:
                # Whatever it was, the other sources and the next try go on.
                logger.exception("Syncing the source %s failed", plan.config.name)
            finally:
                with self._changed:
                    plan.running = False

    def _next(self) -> _Planned | None:
        """The next source, when it is due; None to stop."""
        with self._changed:
            while not self._stopping.is_set():
                plan = min(self._planned.values(), key=lambda p: 0.0 if p.asked else p.due)
                wait = 0.0 if plan.asked else plan.due - time.monotonic()
                if wait <= 0:
                    plan.running = True
                    plan.due = time.monotonic() + plan.config.every
                    return plan
                self._changed.wait(wait)
        return None

    def _sync(self, plan: _Planned) -> None:
        with self._changed:
            force, plan.asked, plan.force = plan.force, False, False
        self._now, started = _Now(), time.monotonic()
        synced = sync_configured(
            plan.config,
            self._pipeline,
            self._submit,
            self._settings,
            force=force,
            told=self._told,
        )
        plan.took = time.monotonic() - started
        if synced.unsettled:
            with self._changed:
                plan.due = min(plan.due, time.monotonic() + SETTLE_SECONDS)
        self._heard(synced)

    def _told(self, document: str, done: int) -> None:
        if self._stopping.is_set():
            raise Cancelled
        self._now = _Now(document, done)

    # The thread that listens

    def _watch(self) -> None:
        folders = [
            (config.path.resolve(), config.name)
            for config in self._configs
            if isinstance(config, FolderConfig)
        ]
        while not self._stopping.is_set():
            there = _identities(folders)
            try:
                self._listen(folders, there)
            except OSError as error:  # most likely no more watches than the system allows
                logger.warning("Folders are not listened to: %s", error)
                self._stopping.wait(60)

    def _listen(self, folders: _Folders, there: _Identities) -> None:
        """Until a folder comes, goes or is replaced."""
        if not there:
            self._stopping.wait(_WATCH_MS / 1000)
            return
        listening = False
        for changes in watch(
            *there,
            stop_event=self._stopping,
            rust_timeout=_WATCH_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
            watch_filter=None,
        ):
            changed = [Path(path) for _kind, path in changes]
            other = _identities(folders) != there
            self._notice(
                name
                for folder, name in folders
                # What came before the ears were open was not heard.
                if other or not listening or any(path.is_relative_to(folder) for path in changed)
            )
            if other:
                return
            listening = True

    def _notice(self, names: Iterable[str]) -> None:
        """These folders changed: look as soon as what was written has settled."""
        with self._changed:
            for name in names:
                plan = self._planned[name]
                # A large folder that never rests is not listed without a pause.
                pause = max(SETTLE_SECONDS, 4 * plan.took)
                plan.due = min(plan.due, time.monotonic() + pause)
            self._changed.notify_all()


def _identities(folders: _Folders) -> _Identities:
    found = {}
    for folder, _name in folders:
        with contextlib.suppress(OSError):
            status = folder.stat()
            found[folder] = (status.st_dev, status.st_ino)
    return found
