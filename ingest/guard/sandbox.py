"""What a process that reads a stranger's file gives up, for itself and all that it starts.

Resource limits always hold. That it can open no connection is made sure twice, each as far as the
kernel allows: a network namespace of its own, and a filter that refuses every socket but local
ones (the first needs rights that containers often lack, the second does not). Linux only.
"""

import contextlib
import ctypes
import os
import platform
import resource
import signal
import socket
import struct
from pathlib import Path

from ingest.limits import Limits

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_OPEN_FILES = 256
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""The kernel's number of an architecture, and there of the system call `socket`."""
_IO_URING_SETUP = 425
_X32 = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 13  # EACCES


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


def refuse_sockets() -> bool:
    """Have the kernel refuse this process, and what it starts, all but local sockets.

    Descriptors that are open already stay usable. Whether it worked; False on other machines
    than x86_64 and aarch64. Also gives up ever gaining rights by a set-uid program.
    """
    if platform.machine() not in _MACHINES:
        return False
    machine, socket_call = _MACHINES[platform.machine()]
    # Of `struct seccomp_data`: call at 0, architecture at 4, first argument at 16. Each step:
    # operation, how many to skip if true, if false, operand.
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 0, 7, machine),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, 5, 0, _X32),
        (_EQUAL, 4, 0, _IO_URING_SETUP),
        (_EQUAL, 0, 2, socket_call),
        (_LOAD, 0, 0, 16),
        (_EQUAL, 0, 1, socket.AF_UNIX),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code))
    libc = _libc()
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program, 0, 0) == 0)


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
    written = max(limits.expanded_mb, limits.memory_mb) << 20  # the result is written too
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
