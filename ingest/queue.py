"""The queue: ids of documents that wait for a worker, in huey on SQLite or on Redis.

A message is one id as text. huey would pickle a call, and unpickling runs what it reads: here
somebody who can write to the queue can at most have a document looked at once more. This module
does not know what an id stands for, nor whether the work was done: an id that was taken is gone
(`ingest/jobs.py` looks in the catalogue for what was lost).
"""

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from huey import Huey
from huey.consumer import Consumer, Scheduler, Worker
from huey.registry import Message
from huey.storage import RedisStorage, SqliteStorage
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from serving.errors import ConfigError

logger = logging.getLogger(__name__)

_UNREACHABLE = (RedisError, sqlite3.Error)
_SHORTEST, _LONGEST = 0.05, 0.5
"""Seconds between two looks at an empty queue on SQLite; Redis tells by itself."""
_REDIS_SECONDS = 5.0


class _Ids:
    """huey's serialiser for messages that are one id."""

    def __init__(self, task: str) -> None:
        self._task = task

    def serialize(self, message: Any) -> bytes:
        return str(message.args[0]).encode()

    def deserialize(self, data: bytes) -> Any:
        """ValueError: it is no id."""
        document_id = str(UUID(bytes(data).decode("ascii", "replace")))
        return Message(id=str(uuid4()), name=self._task, args=(document_id,), kwargs={})


class Queue:
    """Ids, first in first out, each taken by one worker. Safe to share between threads."""

    def __init__(self, file: Path, url: str, name: str, handle: Callable[[str], None]) -> None:
        """Open the queue; Redis is not spoken to yet.

        Args:
            file: of the SQLite queue; unused where `url` is given.
            url: `redis://…`, `rediss://…` or `unix://…`; empty: SQLite.
            name: tells installations apart that share one Redis.
            handle: what a worker does with an id; its exceptions are logged.

        Raises:
            ConfigError: `url` is not Redis's.
        """
        task = f"{handle.__module__}.process"
        options = {"results": False, "serializer": _Ids(task)}
        if url:
            self._huey = Huey(
                name, storage_class=RedisStorage, connection_pool=_pool(url), **options
            )
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._huey = Huey(
                name, storage_class=SqliteStorage, filename=str(file), strict_fifo=True, **options
            )
        self._task = self._huey.task(name="process")(handle)
        self._remote = bool(url)
        self._down = False

    def put(self, document_id: str) -> bool:
        """Whether the id is in the queue now; False (logged): the queue does not answer."""
        try:
            self._task(document_id)
        except _UNREACHABLE as error:
            self.note(error)
            return False
        return True

    def is_empty(self) -> bool:
        """Nothing waits, or the queue does not answer."""
        try:
            return not self._huey.pending_count()
        except _UNREACHABLE as error:
            self.note(error)
            return True

    def consumer(
        self, workers: int, idle: Callable[[], bool], tick: Callable[[], None], seconds: int
    ) -> Consumer:
        """Threads that take ids, not started.

        Args:
            idle: called by a worker that found the queue empty; True if it put something there.
            tick: called every `seconds` by a thread of its own.
        """
        return _Consumer(self, self._huey, workers, idle, tick, seconds)

    def close(self) -> None:
        """Let go of the file or the connections."""
        if self._remote:
            self._huey.storage.pool.disconnect()
        else:
            self._huey.storage.close()

    def note(self, error: Exception | None) -> None:
        """Say once that the queue is gone, and once that it is back (None)."""
        if error and not self._down:
            logger.warning("The queue does not answer (%s); documents wait", type(error).__name__)
        elif self._down and not error:
            logger.warning("The queue answers again")
        self._down = error is not None


class _Worker(Worker):  # type: ignore[misc]  # huey has no types
    """Takes ids; says in one line, once, that the queue is gone."""

    queue: Queue
    idle: Callable[[], bool]

    def loop(self, now: Any = None) -> None:
        try:
            self._take(now)
        except _UNREACHABLE as error:
            self.queue.note(error)
            self.sleep()
        except Exception:  # nobody starts this thread again
            logger.exception("A worker goes on after an error")
            self.sleep()

    def _take(self, now: Any) -> None:
        try:
            task = self.huey.dequeue()
        except ValueError:
            logger.warning("The queue held something that is no document's id; it was dropped")
            return
        self.queue.note(None)
        if task is not None:
            self.delay = self.default_delay
            self.huey.execute(task, now)
        elif not self.idle() and not self.huey.storage.blocking:
            self.sleep()


class _Ticker(Scheduler):  # type: ignore[misc]
    """Calls `tick` at its interval, in place of huey's schedule: the catalogue has the times."""

    tick: Callable[[], None]

    def loop(self, _now: Any = None) -> None:
        try:
            self.tick()
        except Exception:
            logger.exception("Upkeep goes on after an error")
        self.stop_flag.wait(self.interval)


class _Consumer(Consumer):  # type: ignore[misc]
    """A consumer inside another program, which keeps its own signal handlers."""

    worker_class = _Worker
    scheduler_class = _Ticker

    def __init__(
        self,
        queue: Queue,
        huey: Huey,
        workers: int,
        idle: Callable[[], bool],
        tick: Callable[[], None],
        seconds: int,
    ) -> None:
        self._queue, self._idle, self._tick = queue, idle, tick
        super().__init__(
            huey,
            workers=workers,
            periodic=False,
            initial_delay=_SHORTEST,
            max_delay=_LONGEST,
            scheduler_interval=seconds,
        )

    def _create_worker(self) -> Any:
        worker = super()._create_worker()
        worker.queue, worker.idle = self._queue, self._idle
        return worker

    def _create_scheduler(self) -> Any:
        ticker = super()._create_scheduler()
        ticker.tick = self._tick
        return ticker

    def _set_signal_handlers(self) -> None:
        pass


def _pool(url: str) -> ConnectionPool:
    """Connections that fail at once: whoever waits for them is a request or a stop."""
    try:
        return ConnectionPool.from_url(
            url,
            retry=Retry(NoBackoff(), 1),
            socket_timeout=_REDIS_SECONDS,
            socket_connect_timeout=_REDIS_SECONDS,
        )
    except ValueError as error:
        raise ConfigError(
            "FOOTNOTE_QUEUE_URL is not an address of Redis: write it like redis://host:6379/0."
        ) from error
