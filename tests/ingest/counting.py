"""An embedder that counts what it embeds, and can be held up in the middle."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Counting:
    """Passes everything on to `inner`, counting passages; waits where `hold` is cleared."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.passages = 0
        self.failure: Exception | None = None
        """Raised by the next call, once."""
        self.reached = threading.Event()
        self.hold = threading.Event()
        self.hold.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.reached.set()
        assert self.hold.wait(60)
        if self.failure:
            failure, self.failure = self.failure, None
            raise failure
        self.passages += len(texts)
        return self._inner.embed_passages(texts)
