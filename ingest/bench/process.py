"""What the benches share: a part in a process of its own, settings of its own, printed figures."""

import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, ParamSpec

from rag.settings import Settings

Figures = dict[str, Any]
P = ParamSpec("P")


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
