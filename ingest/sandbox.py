"""What a process that reads a stranger's file gives up, for itself and all that it starts.

Resource limits always hold. That it can open no connection is best effort: a network namespace
of its own, where the kernel lets us have one. Linux only.
"""

import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path

from ingest.limits import Limits

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_OPEN_FILES = 256


def leave_network() -> bool:
    """Move this process, and what it starts, where there is no network; whether that worked.

    A process that is not root needs a user namespace for it; it keeps its own user there.
    """
    user, group = os.geteuid(), os.getegid()
    if _libc().unshare(_CLONE_NEWNET) == 0:
        return True
    if user == 0 or _libc().unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):  # without a map files are opened all the same
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def adopt_orphans() -> None:
    """Become the parent of what a dead child leaves, so that it can be ended and forgotten."""
    _libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with(parent: int) -> None:
    """Be killed when `parent` (a process of a single thread) ends."""
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def restrict(limits: Limits) -> None:
    """Hold this process, and each that it starts, to `limits`.

    The number of processes stays free: the kernel counts them per user, the app's own included.
    """
    data = _data_bytes() + (limits.memory_mb << 20)
    seconds = int(limits.seconds) + 1
    resource.setrlimit(resource.RLIMIT_DATA, (data, data))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    written = limits.expanded_mb << 20
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


def _data_bytes() -> int:
    """What this process has by now; RLIMIT_DATA counts it too."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) << 10
    return 0


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
