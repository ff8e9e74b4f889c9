"""A document's state in words that a person understands, and what the list filters by."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from app.texts import Texts
from app.texts_reasons import reason_words
from ingest.progress import Progress
from rag.types import Document, State

BUSY = frozenset({State.WAITING, State.WORKING})


class Shown(StrEnum):
    """What the list shows."""

    ALL = "all"
    READY = "ready"
    CHECK = "check"
    BUSY = "busy"
    PROBLEMS = "problems"


def belongs(document: Document, shown: Shown) -> bool:
    """Whether the list shows this document."""
    match shown:
        case Shown.ALL:
            return True
        case Shown.READY:
            return document.state is State.READY
        case Shown.CHECK:
            return document.state is State.READY and bool(document.findings)
        case Shown.BUSY:
            return document.state in BUSY or (
                document.state is State.FAILED and bool(document.retry_at)
            )
        case Shown.PROBLEMS:
            return is_problem(document)


def is_problem(document: Document) -> bool:
    """Whether it stays as it is until a person does something."""
    failed = document.state is State.FAILED and not document.retry_at
    return failed or document.state is State.REJECTED


def state_words(
    text: Texts, document: Document, progress: Progress | None, zone: tzinfo | None
) -> str:
    """The state in a few words; times in `zone`."""
    state = document.state
    if state is State.READY and document.findings:
        return text("state.ready.check", count=len(document.findings))
    if state is State.WORKING and progress and progress.stage == "embed" and progress.total:
        return text("state.working.share", share=min(99, 100 * progress.done // progress.total))
    if state is State.FAILED and document.retry_at:
        return text("state.failed.again", time=clock(document.retry_at, zone))
    return text(f"state.{state.value}")


def local(moment: str, zone: tzinfo | None) -> datetime:
    """An ISO 8601 moment, UTC where it says nothing, in `zone`."""
    parsed = datetime.fromisoformat(moment)
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return aware.astimezone(zone or UTC)


def clock(moment: str, zone: tzinfo | None) -> str:
    """Hours and minutes."""
    return f"{local(moment, zone):%H:%M}"


def day_and_time(moment: str, zone: tzinfo | None) -> str:
    """Date, hours and minutes; nothing for no moment."""
    return f"{local(moment, zone):%Y-%m-%d %H:%M}" if moment else ""


def one_line(text: Texts, name: str, reason: str) -> str:
    """Which file, and why; the name once, although reasons may begin with it."""
    told = reason.removeprefix(f"{name}: ")
    return told if name in told else f"{name}: {reason_words(text, told)}"


def same_reasons(documents: Iterable[Document]) -> list[tuple[str, Sequence[Document]]]:
    """Documents with a reason, those of one reason together, most first."""
    groups: dict[str, list[Document]] = {}
    for document in documents:
        reason = document.reason.removeprefix(f"{document.name}: ")
        groups.setdefault(reason[:1].upper() + reason[1:], []).append(document)
    return sorted(groups.items(), key=lambda item: -len(item[1]))


def as_tree(documents: Sequence[Document]) -> list[tuple[int, Document]]:
    """Each document after what it came in, with its depth; where its container is not among
    them, at the top."""
    known = {document.id for document in documents}
    inside: dict[str, list[Document]] = {}
    for document in documents:
        parent = document.parent if document.parent in known - {document.id} else ""
        inside.setdefault(parent, []).append(document)
    found: list[tuple[int, Document]] = []
    waiting = [(0, document) for document in reversed(inside.get("", []))]
    while waiting:
        depth, document = waiting.pop()
        found.append((depth, document))
        waiting += [(depth + 1, d) for d in reversed(inside.get(document.id, []))]
    return found


def size_words(size: int) -> str:
    """Bytes as KiB or MiB."""
    return f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size / 2**10:.1f} KiB"
