"""The commands `sync` and `watch`: what they print and how they end."""

import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from ingest.desk import Desk
from ingest.jobs import open_jobs
from ingest.pipeline import Pipeline
from ingest.show import progress_bar
from ingest.sources.config import choose
from ingest.sources.opening import configured
from ingest.sources.schedule import SourceSchedule
from ingest.sources.seen import Synced
from rag.settings import Settings


def sync_sources(desk: Desk, name: str, force: bool) -> int:
    """Sync one source, or all (`name` empty); 1 if anything was not taken over.

    Raises:
        ConfigError: there is no such source, or none at all.
    """
    clean = True
    with progress_bar() as bar:
        for synced, lines in desk.sync(name, force, lambda key, _done: bar.say(key)):
            _print([*synced.problems, *lines, synced.summary])
            clean = clean and synced.clean and not lines
    return 0 if clean else 1


def watch_sources(pipeline: Pipeline, settings: Settings) -> int:
    """Keep all sources in step until SIGINT or SIGTERM; 0.

    Raises:
        ConfigError: there is none.
    """
    configs = choose(configured(settings), "")
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    def heard(synced: Synced) -> None:
        _print([*synced.problems, synced.summary])

    jobs = open_jobs(pipeline, settings)
    schedule = SourceSchedule(pipeline, jobs.submit, settings, heard)
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        jobs.start()
        schedule.start()
        _print([f"Following {', '.join(config.name for config in configs)}; Ctrl-C to stop."])
        stopping.wait()
    finally:
        schedule.stop()
        jobs.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
