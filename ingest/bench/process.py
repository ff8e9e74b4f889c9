"""What the benches share: the command line, a part in a process of its own, settings of its own,
a process's memory and CPU time, printed figures."""

import argparse
import json
import multiprocessing
import os
import resource
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec

from rag.settings import Settings, load_settings
from serving.errors import FootnoteError

Figures = dict[str, Any]
P = ParamSpec("P")


def run_bench(
    bench: Callable[[Settings, argparse.Namespace], Figures],
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
) -> int:
    """Measure as the command line says, and keep the figures where its `--json` names a file.

    Exit code 0; 1 where an error could be told in a line.
    """
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args(arguments)
    try:
        found = bench(load_settings(), options)
    except FootnoteError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


def cpu_seconds() -> float:
    """Of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def resident() -> int:
    """Resident memory of this process now, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def apart(function: Callable[P, Figures], *args: P.args, **kwargs: P.kwargs) -> Figures:
    """The function's value, from a fresh process, so that its memory is its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *args, **kwargs).result()


def own_settings(settings: Settings, folder: Path) -> Settings:
    """The product's settings with an embedded store, no language model and no Langfuse.

    The default model is built once, in the product's folder.
    """
    folder.mkdir(parents=True)
    models = settings.data_dir.resolve() / "models"
    models.mkdir(parents=True, exist_ok=True)
    (folder / "models").symlink_to(models)
    return settings.model_copy(
        update={"data_dir": folder, "qdrant_url": "", "llm_url": "", "langfuse_url": ""}
    )


def print_figures(name: str, found: Figures) -> None:
    """A heading and a line for each figure."""
    sys.stdout.write(f"\n{name}\n")
    for key, value in found.items():
        if isinstance(value, dict):
            value = "  ".join(f"{part} {number:g}" for part, number in value.items())
        sys.stdout.write(f"  {key:22} {value}\n")
    sys.stdout.flush()
