"""The sample organisation's documents, loaded once.

Which they are and who may read them stands in `manifest.json` beside them. A document that the
user removes stays removed, because the library remembers that the sample was loaded.
"""

import json
from pathlib import Path

from ingest.pipeline import Pipeline
from ingest.progress import Report, ignore
from rag.library import Library
from rag.types import Document, State
from serving.errors import ConfigError

_FACT = "sample"


def is_loaded(library: Library) -> bool:
    """Whether the sample was loaded before; whatever became of it since."""
    return library.fact(_FACT) != ""


def load_sample(pipeline: Pipeline, folder: Path, progress: Report = ignore) -> list[Document]:
    """Take in what `folder/manifest.json` lists, unless that was done before; what became of it.

    Raises:
        ConfigError: no manifest, or it is not one.
    """
    if is_loaded(pipeline.library):
        return []
    accepted = [
        pipeline.accept(folder / file, name, groups)
        for file, name, groups in _read_manifest(folder / "manifest.json")
    ]
    # From here on the queue would finish them, and those removed are not to come back.
    pipeline.library.remember(_FACT, "loaded")
    waiting = [document.id for document in accepted if document.state is State.WAITING]
    done = {
        document.id: document for document in pipeline.process_all(waiting, progress) if document
    }
    return [done.get(document.id, document) for document in accepted]


def _read_manifest(path: Path) -> list[tuple[str, str, list[str]]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [(entry["file"], entry["name"], list(entry["groups"])) for entry in entries]
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}. Name the folder with the sample.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is no manifest: {type(error).__name__}: {error}.") from error
