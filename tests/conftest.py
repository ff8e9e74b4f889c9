"""Fixtures that several folders of tests share. Add to them; keep them few."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from ingest.sample import load_sample
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings
from rag.types import State
from serving.embedding import Embedder, open_embedder

DATA = Path(__file__).parent.parent / "data"
"""The sample organisation."""
MODELS = Path(__file__).parent.parent / "var" / "models"
"""Where `make run` builds the default model too, so that it is built once."""


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """The default embedding model."""
    return open_embedder("multilingual-e5-small", MODELS)


@pytest.fixture(scope="module")
def empty_runtime(
    embedder: Embedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    """All parts of the product over no documents yet, in a folder of the module's own."""
    del embedder  # built by now
    folder = tmp_path_factory.mktemp("runtime")
    (folder / "models").symlink_to(MODELS)
    with open_runtime(Settings(data_dir=folder)) as opened:
        yield opened


@pytest.fixture(scope="session")
def sample_runtime(
    embedder: Embedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    """All parts of the product over the sample organisation; tests only ask it."""
    del embedder  # built by now
    folder = tmp_path_factory.mktemp("sample")
    (folder / "models").symlink_to(MODELS)
    with open_runtime(Settings(data_dir=folder)) as opened:
        pipeline = Pipeline(opened.library, opened.store, opened.embedder, opened.settings)
        done = load_sample(pipeline, DATA)
        assert {document.state for document in done} == {State.READY}
        yield opened


@pytest.fixture
def data_dir(tmp_path: Path, embedder: Embedder) -> Path:
    """A fresh data folder for a process of its own, which need not build the model again."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "models").symlink_to(MODELS)
    return folder
