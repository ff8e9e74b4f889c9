"""Rows of a matrix in a safetensors file, read from the file as they are asked for.

A memory map would do the same until the kernel has mapped most of the file: it maps the pages
around each one touched, and they count as the process's memory, so that a process that embeds ever
more words seems to leak (335 MB mapped after 200 short documents, 355 after 400). A read leaves
nothing behind, the page cache serves it as fast, and a file cut short is an error, not a signal.

This module does not know which rows belong together; it keeps none.
"""

import json
import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Rows:
    """The float16 matrix `name` of `file`. Safe to share between threads."""

    def __init__(self, file: Path, name: str) -> None:
        # The safetensors layout: length of the header, the header as JSON, then the tensors.
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            entry = json.loads(stream.read(length))[name]
        self.count, self.width = entry["shape"]
        self._start = 8 + length + entry["data_offsets"][0]
        self._file = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self._close = weakref.finalize(self, os.close, self._file)

    def __getitem__(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Rows by number, float32, of the shape of `ids` and one dimension more.

        Raises:
            IndexError: there is no such row.
            OSError: the file cannot be read, or was cut short.
        """
        once, places = np.unique(ids, return_inverse=True)
        if once.size and not 0 <= once[0] <= once[-1] < self.count:
            raise IndexError(f"Rows {once[0]} to {once[-1]} were asked for, of {self.count}.")
        size = self.width * np.dtype(np.float16).itemsize
        read = [os.pread(self._file, size, self._start + row * size) for row in once.tolist()]
        if any(len(row) != size for row in read):
            raise OSError("The weights of the embedding model were cut short: restart Footnote.")
        found: NDArray[Any] = np.frombuffer(b"".join(read), np.float16)
        return found.reshape(-1, self.width).astype(np.float32)[places.reshape(ids.shape)]
