"""The embedding table's rows, read from the file instead of mapped."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from safetensors.numpy import save_file

from serving.embedding import Embedder
from serving.rows import Rows

TABLE = np.random.default_rng(3).standard_normal((50, 6)).astype(np.float16)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    save_file({"other": np.ones((3, 5), np.float16), "table": TABLE}, path)
    return path


@given(
    ids=arrays(
        np.int64, st.tuples(st.integers(0, 4), st.integers(0, 7)), elements=st.integers(0, 49)
    )
)
def test_rows_are_those_of_the_table(file: Path, ids: np.ndarray) -> None:
    found = Rows(file, "table")[ids]
    assert found.dtype == np.float32
    assert np.array_equal(found, TABLE[ids].astype(np.float32))


@pytest.mark.parametrize("ids", [[50], [-1], [0, 49, 50]])
def test_a_row_that_is_not_there_is_an_error(file: Path, ids: list[int]) -> None:
    with pytest.raises(IndexError, match="of 50"):
        Rows(file, "table")[np.array(ids)]


def test_a_file_cut_short_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"table": TABLE}, path)
    rows = Rows(path, "table")
    os.truncate(path, path.stat().st_size - 6)
    assert np.array_equal(rows[np.array([48])], TABLE[[48]])
    with pytest.raises(OSError, match="cut short"):
        rows[np.array([49])]


def test_the_file_is_let_go_of(file: Path) -> None:
    several = [Rows(file, "table") for _ in range(5)]
    assert _open_files(file) == 5
    del several
    gc.collect()
    assert _open_files(file) == 0


def _open_files(file: Path) -> int:
    links = list(Path("/proc/self/fd").iterdir())
    return sum(link.exists() and link.samefile(file) for link in links)


def test_embedding_maps_nothing_of_the_weights(embedder: Embedder) -> None:
    # Mapped pages count as the process's memory: it grew by 80 MB with each new word embedded.
    embedder.embed_passages(["Travel expenses are refunded.", "Командировка оплачивается."])
    assert "model.safetensors" not in Path("/proc/self/maps").read_text()
