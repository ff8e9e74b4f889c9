"""What holds the documents: embedding model, index and catalogue, opened together.

The part of the composition root (`rag/runtime.py`) that ingesting needs; it knows no language
model and nothing of answering.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from rag.library import Library, open_library
from rag.settings import Settings
from rag.store import CHUNKING, SCHEMA, Store
from rag.store.opening import open_store
from rag.types import IndexSpec
from serving.embedding import Embedder, open_embedder


@dataclass(frozen=True, slots=True)
class Corpus:
    """Embedder, index and catalogue of one installation."""

    embedder: Embedder
    store: Store
    library: Library


@contextmanager
def open_corpus(settings: Settings, *, rebuild: bool = False) -> Iterator[Corpus]:
    """Open all three; closed at the end, in the reverse order.

    Args:
        rebuild: empty the index and adopt the present settings for it.

    Raises:
        ConfigError: a setting is impossible, a model or server is not there.
        IndexMismatch: the index was built with other settings.
        StoreBusy: another process holds the embedded store.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        embedder = embedder_of(settings)
        store = open_store(
            settings.data_dir / "index",
            settings.qdrant_url,
            settings.qdrant_key.get_secret_value(),
            settings.collection,
            IndexSpec(embedder.fingerprint, embedder.dimension, CHUNKING, SCHEMA),
            rebuild=rebuild,
        )
        stack.callback(store.close)
        library = open_library(settings)
        stack.callback(library.close)
        yield Corpus(embedder, store, library)


def embedder_of(settings: Settings) -> Embedder:
    """The embedder that the settings ask for; raises as `open_embedder`."""
    return open_embedder(
        settings.embedding_model,
        settings.data_dir / "models",
        settings.embedding_url,
        settings.embedding_key.get_secret_value(),
    )
