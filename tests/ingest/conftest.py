"""A library, a real store and a pipeline over them, in a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from rag.library import Library
from rag.moments import Clock, utc_now
from rag.settings import Settings
from rag.store import Store
from rag.store.edge import EdgeStore
from rag.types import IndexSpec
from serving.embedding import Embedder
from tests.ingest.counting import Counting


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", max_file_mb=1, _env_file=None)


@pytest.fixture
def counting(embedder: Embedder) -> Counting:
    """The real embedder, which counts the passages that it embeds."""
    return Counting(embedder)


@pytest.fixture
def store(settings: Settings, embedder: Embedder) -> Iterator[Store]:
    spec = IndexSpec(embedder.fingerprint, embedder.dimension, "v1", 1)
    store = EdgeStore(settings.data_dir / "index", spec)
    yield store
    store.close()


@pytest.fixture
def clock() -> Clock:
    """The computer's; a module that goes through time has a fixture of its own."""
    return utc_now


@pytest.fixture
def library(settings: Settings, clock: Clock) -> Iterator[Library]:
    library = Library(settings.data_dir / "library", clock)
    yield library
    library.close()


@pytest.fixture
def pipeline(
    library: Library, store: Store, counting: Counting, settings: Settings
) -> Iterator[Pipeline]:
    pipeline = Pipeline(library, store, counting, settings)
    yield pipeline
    pipeline.close()
