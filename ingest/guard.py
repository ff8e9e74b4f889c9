"""Parsing in a child process with limits on time and memory.

The child is a fresh interpreter (`python -m ingest.guard`), so it inherits no lock, no thread and
no model, and imports only what the file's format needs. It lives for one file: what a hostile
file does to it ends with it. Limits CPU and memory, not disk or network.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ingest.parse import Parsed, parse
from serving.errors import RejectedFile

_REJECTED = 3
_OUT_OF_MEMORY = 4
_ROOT = Path(__file__).resolve().parent.parent


def guarded_parse(path: Path, name: str, seconds: float, memory_mb: int) -> Parsed:
    """`ingest.parse.parse` in a child of at most `seconds` and `memory_mb` MiB of data.

    Raises:
        RejectedFile: the file is bad, or takes more than the limits allow.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "ingest.guard"]
        arguments = [str(path.resolve()), name, str(result), str(memory_mb), str(int(seconds) + 1)]
        try:
            child = subprocess.run(  # noqa: S603 - our own interpreter and module
                command + arguments,
                cwd=_ROOT,
                env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(_ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=seconds,
                check=False,
                # Ctrl-C goes to the whole group of the terminal; it is no fault of the file.
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            raise RejectedFile(_too_slow(name, seconds)) from None
        if child.returncode == 0:
            return _load(json.loads(result.read_text("utf-8")))
        if child.returncode == _REJECTED:
            raise RejectedFile(result.read_text("utf-8"))
        raise RejectedFile(_why(name, child.returncode, child.stderr, seconds, memory_mb))


def _too_slow(name: str, seconds: float) -> str:
    return (
        f"{name}: reading it takes longer than {seconds:g} s. Split it, or raise "
        "FOOTNOTE_MAX_PARSE_SECONDS."
    )


def _why(name: str, code: int, errors: bytes, seconds: float, memory_mb: int) -> str:
    last = errors.decode("utf-8", "replace").strip().split("\n")[-1]
    if code == -signal.SIGXCPU:
        return _too_slow(name, seconds)
    if code in (_OUT_OF_MEMORY, -signal.SIGKILL) or "MemoryError" in last or "bad_alloc" in last:
        return (
            f"{name}: reading it takes more memory than {memory_mb} MiB. Split it, or raise "
            "FOOTNOTE_MAX_PARSE_MEMORY_MB."
        )
    kind = last.split(":")[0].rsplit(".", 1)[-1] if code > 0 else f"signal {-code}"
    return f"{name}: the file is damaged and cannot be read ({kind}). Export or save it again."


def _dump(parsed: Parsed) -> dict[str, Any]:
    return {
        "elements": [element.to_dict() for element in parsed.elements],
        "pages": parsed.pages,
        "media_type": parsed.media_type,
    }


def _load(stored: dict[str, Any]) -> Parsed:
    from ingest.parse.nlp import install

    install()
    from unstructured.staging.base import elements_from_dicts

    elements = elements_from_dicts(stored["elements"])
    return Parsed(elements, stored["pages"], stored["media_type"])


def _limit(memory_mb: int, seconds: int) -> None:
    size = memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> int:
    """The child: arguments are file, name, result file, MiB, seconds. The exit status says how
    it went; the result file holds the elements as JSON, or the reason for a rejection."""
    path, name, result, memory_mb, seconds = arguments
    _limit(int(memory_mb), int(seconds))
    try:
        text, status = json.dumps(_dump(parse(Path(path), name))), 0
    except RejectedFile as error:
        text, status = str(error), _REJECTED
    except MemoryError:
        return _OUT_OF_MEMORY
    Path(result).write_text(text, "utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
