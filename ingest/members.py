"""Files that came inside another: which of them become documents, and under which names.

A member is named `<container>/<its path inside>`. What cannot be taken out is said in
`Parsed.skipped`, so that the container's report lists it; nothing is left out in silence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.limits import Budget, Limits
from ingest.names import clean_name
from ingest.parse import Parsed
from rag.library import Library
from rag.types import Document, document_id
from serving.errors import RejectedFile

MAX_DEPTH = 3
"""Containers inside each other that are unpacked: an archive, in a mail, in an archive."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A member under the name that it will have as a document."""

    name: str
    path: Path


def plan(
    container: Document, parsed: Parsed, library: Library, limits: Limits
) -> tuple[list[Taken], Parsed]:
    """The members to be taken in, and `parsed` with those that cannot be among its skipped.

    The limits on members and bytes hold for all that the outermost container holds together, so
    that archives within archives do not multiply them.
    """
    if not parsed.members:
        return [], parsed
    skipped = dict(parsed.skipped)
    taken: dict[str, Taken] = {}
    deep = depth(container, library) > MAX_DEPTH
    budget = _left(container, library, limits)
    for member in parsed.members:
        try:
            if deep:
                raise RejectedFile(f"It is more than {MAX_DEPTH} containers deep. Unpack it first.")
            name = _name(container, member.name, member.path, library)
            if name in taken:
                raise RejectedFile("Another file inside has the same name.")
            budget.take(member.path.stat().st_size, 1)
            taken[name] = Taken(name, member.path)
        except RejectedFile as error:
            skipped[member.name] = str(error)
    return list(taken.values()), replace(parsed, skipped=skipped)


def depth(document: Document, library: Library) -> int:
    """In how many containers a document is, counting itself: 1 for one that was added."""
    found = 1
    while document.parent and (above := library.get(document.parent)) and found <= MAX_DEPTH:
        document, found = above, found + 1
    return found


def _left(container: Document, library: Library, limits: Limits) -> Budget:
    """The outermost container's budget, less what it holds beside the members of this one."""
    root = container
    while root.parent and (above := library.get(root.parent)):
        root = above
    budget = Budget(root.name, limits)
    for document in _inside(root, container, library):
        budget.spent_bytes += document.size
        budget.spent_members += 1
    return budget


def _inside(document: Document, but: Document, library: Library) -> Iterator[Document]:
    """All that came in a document, also in its members; nothing of `but`'s."""
    if document.id != but.id:
        for child in library.children(document.id):
            yield child
            yield from _inside(child, but, library)


def ids(members: Sequence[Taken]) -> list[str]:
    """The document ids of members."""
    return [document_id(member.name) for member in members]


def _name(container: Document, inside: str, path: Path, library: Library) -> str:
    if path.is_symlink() or not path.is_file():
        raise RejectedFile("It is no file.")
    inside = clean_name(inside)
    name = clean_name(f"{container.name}/{inside}")
    before = library.get(document_id(name))
    if before and before.parent != container.id:
        raise RejectedFile(f"Another document is named {name} already. Rename one of them.")
    return name
