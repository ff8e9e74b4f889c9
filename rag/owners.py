"""Whom to ask about a document: the owner of the nearest folder above it that has one.

As in a CODEOWNERS file, folders have owners, not documents: the setting `owners` maps the
beginning of names to a person or an address, and the empty beginning names whoever answers for
all the rest. Does not know whether that person is still there.
"""

from collections.abc import Mapping, Sequence

from rag.types import Passage


def owner_of(name: str, owners: Mapping[str, str]) -> str:
    """The owner of the document with this name; empty where none is named.

    A beginning counts up to a `/`, so that `hr` owns `hr/leave.pdf` and not `hrx.pdf`; the
    longest one decides.
    """
    folders = [folder for folder in owners if _covers(folder.strip("/"), name)]
    return owners[max(folders, key=len)] if folders else ""


def owners_of(passages: Sequence[Passage], owners: Mapping[str, str]) -> tuple[str, ...]:
    """Owners of the passages' documents, that of the first passage first, each once.

    Without passages, or where none of them has an owner, whoever answers for all the rest.
    """
    found = [owner_of(passage.document.name, owners) for passage in passages]
    named = tuple(dict.fromkeys(owner for owner in found if owner))
    rest = owners.get("", "")
    return named or ((rest,) if rest else ())


def _covers(folder: str, name: str) -> bool:
    return not folder or name == folder or name.startswith(f"{folder}/")
