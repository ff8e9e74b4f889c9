"""Looking at the processes of this machine, through /proc."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def servers(parent: int) -> list[int]:
    """Process ids of the reading processes, or of their children, that `parent` started."""
    return [
        pid
        for pid in children(parent)
        if "ingest.guard.forkserver" in command(pid) and os.getsid(pid) == pid
    ]


def children(parent: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        found += [int(pid) for pid in (task / "children").read_text().split()]
    return found


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {key: value.strip() for key, value in (line.split(":", 1) for line in lines)}


def wait_for(what: Callable[[], Any]) -> Any:
    """The first true value; the test's own time limit ends a wait in vain."""
    while not (value := what()):
        time.sleep(0.01)
    return value
