"""The queue of ids on SQLite and on a real Redis."""

import logging
import pickle
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis

from ingest.queue import Queue
from serving.errors import ConfigError
from tests.ingest.test_jobs import wait_for
from tests.services import RedisServer

Open = Callable[[Callable[[str], None]], Queue]


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same queue again and again."""
    opened: list[Queue] = []

    def open_queue(url: str, handle: Callable[[str], None]) -> Queue:
        opened.append(Queue(tmp_path / "jobs.db", url, "footnote", handle))
        return opened[-1]

    if request.param == "sqlite":
        yield lambda handle: open_queue("", handle)
    else:
        with RedisServer() as server:
            yield lambda handle: open_queue(server.url, handle)
    for queue in opened:
        queue.close()


def nothing_idle() -> bool:
    return False


def ignore(*_: str) -> None:
    """Nothing to be done."""


def test_each_id_is_taken_once_in_order(place):
    ids = [str(uuid4()) for _ in range(50)]
    taken: list[str] = []
    place(ignore).put(ids[0])
    queue = place(taken.append)
    for document_id in ids[1:]:
        queue.put(document_id)
    assert not queue.is_empty()
    consumer = queue.consumer(1, nothing_idle, ignore, 2)
    consumer.start()
    wait_for(lambda: len(taken) == len(ids))
    consumer.stop(graceful=True)
    assert taken == ids
    assert queue.is_empty()


def test_two_consumers_share_the_ids(place):
    ids = {str(uuid4()) for _ in range(60)}
    taken: list[list[str]] = [[], []]
    first_has_some = threading.Event()

    def slow(document_id: str) -> None:
        taken[0].append(document_id)
        first_has_some.wait(30)

    queues = [place(slow), place(taken[1].append)]
    for document_id in ids:
        queues[0].put(document_id)
    consumers = [queue.consumer(1, nothing_idle, ignore, 2) for queue in queues]
    for consumer in consumers:
        consumer.start()
    wait_for(lambda: len(taken[1]) == len(ids) - 1)
    first_has_some.set()
    for consumer in consumers:
        consumer.stop(graceful=True)
    assert len(taken[0]) == 1
    assert {*taken[0], *taken[1]} == ids


def test_a_stopped_consumer_leaves_no_thread_and_takes_no_more(place):
    before = set(threading.enumerate())
    taken: list[str] = []
    queue = place(taken.append)
    consumer = queue.consumer(3, nothing_idle, ignore, 2)
    consumer.start()
    assert len(set(threading.enumerate()) - before) == 4
    consumer.stop(graceful=True)
    assert set(threading.enumerate()) == before
    queue.put(str(uuid4()))
    assert taken == []


def test_an_idle_worker_asks_for_more_and_the_ticker_ticks(place):
    taken: list[str] = []
    ticks: list[None] = []
    more = [str(uuid4())]
    queue = place(taken.append)
    consumer = queue.consumer(
        1, lambda: bool(more) and queue.put(more.pop()), lambda: ticks.append(None), 1
    )
    consumer.start()
    wait_for(lambda: len(taken) == 1 and len(ticks) >= 2)
    consumer.stop(graceful=True)


def test_an_error_ends_no_thread(place, caplog):
    ticks: list[None] = []
    taken: list[str] = []
    faults = {"idle", "tick", "handle"}

    def fail_once(what: str) -> None:
        if what in faults:
            faults.remove(what)
            raise ZeroDivisionError

    def handle(document_id: str) -> None:
        fail_once("handle")
        taken.append(document_id)

    def idle() -> bool:
        fail_once("idle")
        return False

    def tick() -> None:
        ticks.append(None)
        fail_once("tick")

    queue = place(handle)
    consumer = queue.consumer(1, idle, tick, 1)
    consumer.start()
    wait_for(lambda: not faults & {"idle", "tick"})
    ids = [str(uuid4()), str(uuid4())]
    for document_id in ids:
        queue.put(document_id)
    wait_for(lambda: taken == ids[1:] and len(ticks) > 1)
    consumer.stop(graceful=True)
    assert not faults
    assert len([line for line in caplog.records if line.exc_info]) == 3


class Bomb:
    def __reduce__(self):
        return (Path.write_text, (Path("exploded"), "!"))


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_what_is_no_id_is_dropped_and_never_run(kind, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    junk = [pickle.dumps(Bomb()), b"\xff\x00", b"", b"../../etc/passwd"]
    good = str(uuid4())
    taken: list[str] = []
    with RedisServer() as server:
        url = server.url if kind == "redis" else ""
        queue = Queue(tmp_path / "jobs.db", url, "footnote", taken.append)
        if kind == "redis":
            with Redis.from_url(url) as client:
                client.lpush("huey.redis.footnote", *junk)
        else:
            with sqlite3.connect(tmp_path / "jobs.db") as connection:
                rows = [("footnote", data) for data in junk]
                connection.executemany("insert into task (queue, data) values (?, ?)", rows)
            connection.close()
        queue.put(good)
        consumer = queue.consumer(1, nothing_idle, ignore, 2)
        consumer.start()
        wait_for(lambda: taken == [good])
        consumer.stop(graceful=True)
        queue.close()
    assert not (tmp_path / "exploded").exists()
    assert sum("no document's id" in line for line in caplog.messages) == len(junk)


def test_a_redis_that_goes_and_comes_back(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    taken: list[str] = []
    ids = [str(uuid4()), str(uuid4())]
    with RedisServer() as server:
        queue = Queue(tmp_path / "jobs.db", server.url, "footnote", taken.append)
        consumer = queue.consumer(2, nothing_idle, ignore, 2)
        consumer.start()
        queue.put(ids[0])
        wait_for(lambda: taken == ids[:1])
        server.stop()
        assert not queue.put(ids[1])
        assert queue.is_empty()
        wait_for(lambda: "documents wait" in caplog.text)
        server.start()
        wait_for(lambda: queue.put(ids[1]))
        wait_for(lambda: taken == ids)
        consumer.stop(graceful=True)
        queue.close()
    assert len(caplog.messages) <= 4, "one line when it goes, one when it comes back"
    assert "answers again" in caplog.text


@pytest.mark.parametrize("url", ["http://localhost", "localhost:6379", "redis://host:port/0"])
def test_an_address_that_is_not_redis(url, tmp_path):
    with pytest.raises(ConfigError, match="FOOTNOTE_QUEUE_URL"):
        Queue(tmp_path / "jobs.db", url, "footnote", ignore)
