"""How far a document is, told by callback."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one document is: `done` of `total` (passages when embedding) in a stage."""

    document_id: str
    stage: str
    """`parse`, `embed` or `index`."""
    done: int
    total: int


Report = Callable[[Progress], None]


class Cancelled(Exception):
    """Raised by a `Report` to stop the work; the document stays waiting."""


def ignore(_progress: Progress) -> None:
    """A `Report` for nobody."""
