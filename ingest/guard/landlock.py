"""Which files a process may open, by Linux's Landlock; needs no rights. Kernel 5.13 or newer.

The readers need their own code, the system's libraries and programs, and the one file that they
read. Everything else that this user may read (other documents, the catalogue, settings with keys)
a reader that was taken over cannot.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_BENEATH = 1
_PR_SET_NO_NEW_PRIVS = 38
_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_TRUNCATE = 1 << 14
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE
_BITS_OF_VERSION = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights on files a version of Landlock knows."""
_CODE = ("ingest", "rag", "serving")
_SYSTEM = (
    "/bin", "/lib", "/lib32", "/lib64", "/nix/store", "/opt", "/usr", "/etc/alternatives",
    "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/magic", "/etc/mime.types",
    "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/dev/urandom", "/dev/zero",
)  # fmt: skip
_ROOT = Path(__file__).resolve().parents[2]


def confine(file: Path, folders: Iterable[Path]) -> bool:
    """From now on let this process, and what it starts, open only its code, the system's, `file`
    for reading, and what is in `folders` for anything; and signal only what it started itself.

    Whether that worked. What is open already stays open.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, 0, _ASK_VERSION)
    if version < 1:
        return False
    everything = (1 << _BITS_OF_VERSION.get(version, 16)) - 1
    # Files, TCP (refused: nothing is allowed), and from version 6 signals and abstract sockets.
    attributes = struct.pack("QQQ", everything, 3, 3)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = libc.syscall(_CREATE, attributes, size, 0)
    if rules < 0:
        return False
    try:
        for path in _readable():
            _allow(libc, rules, path, _EXECUTE | _READ | _LIST)
        _allow(libc, rules, file, _READ)
        _allow(libc, rules, Path(os.devnull), (_READ | _WRITE | _TRUNCATE) & everything)
        for folder in folders:
            _allow(libc, rules, folder, everything)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return bool(libc.syscall(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _readable() -> Iterator[Path]:
    yield from map(Path, _SYSTEM)
    yield from (_ROOT / name for name in _CODE)
    yield from map(Path, (sys.prefix, sys.base_prefix))
    own = (*os.environ.get("LD_LIBRARY_PATH", "").split(":"), os.environ.get("TESSDATA_PREFIX"))
    yield from (Path(path) for path in own if path)


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    """What does not exist here needs no rule."""
    try:
        descriptor = os.open(path, os.O_PATH)
    except OSError:
        return
    try:
        if not path.is_dir():
            rights &= _OF_FILES
        libc.syscall(_ADD, rules, _BENEATH, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)
