"""Removal, with a receipt that says what went and what a look afterwards still found.

The receipt is made by looking, not by assuming: every place is asked once more after the removal.
It is written down before anything goes and completed afterwards, so that a crash in between
leaves an incomplete one, which `complete` finishes. It holds counts and the document's name, no
content. What a Langfuse server, a backup or a browser keeps this module does not know.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self
from uuid import uuid4

from ingest.index import Index
from rag.library import Library
from rag.store import Store
from rag.trace_store import TraceStore
from rag.types import Document, document_id

_SCRUB_SECONDS = 30.0
"""Least time between two copies of the index."""
_SCRUB_SHARE = 20
"""And at least so many times what the last one took."""
_LAST = 1000
"""Receipts that are looked at again."""
PLACES = ("documents", "versions", "chunks", "originals", "readings", "sketches", "traces")
"""Where a document may be, as the keys of the counts."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a removal did."""

    id: str
    document_id: str
    name: str
    at: str
    """ISO 8601, UTC."""
    by: str = ""
    """Who asked for it; empty: not known."""
    members: Sequence[str] = ()
    """Names of the documents inside it that went with it."""
    found: Mapping[str, int] = field(default_factory=dict)
    """What there was before, by place."""
    remain: Mapping[str, int] = field(default_factory=dict)
    """What there is after, by place; empty while `complete` is False."""
    shared: int = 0
    """Contents that stay because another document has or had the same bytes."""
    notes: Sequence[str] = ()
    """Codes for what is not certain: `index_bytes` (no search finds the chunks, but their bytes are
    in the index's files until these are rewritten, which the next `maintain` does, or a Qdrant
    server when it sees fit), `langfuse` (a server keeps traces by its own rules), `no_traces`
    (nobody said where traces are)."""
    complete: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing that can be looked at is left."""
        return self.complete and not any(self.remain.values())

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        value = asdict(self)
        return value | {"members": list(self.members), "notes": list(self.notes)}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """What `to_dict` gave."""
        known = {key: value[key] for key in cls.__dataclass_fields__ if key in value}
        return cls(**known)


class Removal:
    """Removes documents. Safe to share between threads."""

    def __init__(
        self,
        library: Library,
        store: Store,
        index: Index,
        traces: TraceStore | None,
        langfuse: bool,
    ) -> None:
        self._library = library
        self._store = store
        self._index = index
        self._traces = traces
        self._langfuse = langfuse
        self._bytes_left = False
        self._not_before = 0.0

    def remove(self, document: Document, by: str = "") -> Receipt:
        """Remove a document with all that came in it."""
        library = self._library
        with self._index.lock:
            going = [document, *self._inside(document)]
            contents = {v.sha256 for each in going for v in library.versions(each.id)}
            receipt = Receipt(
                str(uuid4()),
                document.id,
                document.name,
                library.now(),
                by,
                [each.name for each in going[1:]],
                self._look(going, contents),
            )
            library.keep_receipt(receipt.to_dict())
            for each in reversed(going):
                library.remove(each.id)
                self._index.sync(each.id)
        return self._finish(receipt, going, contents)

    def scrub(self) -> None:
        """Make the bytes of deleted chunks go, now and then, and say so in the receipts.

        It copies the whole index, so one copy serves all removals since the last.
        """
        if not self._bytes_left or time.monotonic() < self._not_before:
            return
        begun = time.monotonic()
        before = [Receipt.from_dict(value) for value in self._library.receipts(_LAST)]
        certain = self._store.scrub()
        took = time.monotonic() - begun
        self._not_before = begun + max(_SCRUB_SECONDS, took * _SCRUB_SHARE)
        if not certain:
            return
        self._bytes_left = False
        for receipt in before:
            if receipt.complete and "index_bytes" in receipt.notes:
                notes = [note for note in receipt.notes if note != "index_bytes"]
                self._library.keep_receipt(replace(receipt, notes=notes).to_dict())

    def complete(self) -> None:
        """Finish the removals that a crash interrupted."""
        for value in self._library.receipts(_LAST):
            receipt = Receipt.from_dict(value)
            self._bytes_left |= "index_bytes" in receipt.notes
            if not receipt.complete:
                names = [receipt.name, *receipt.members]
                going = [replace(_NOBODY, id=document_id(name), name=name) for name in names]
                for each in reversed(going):
                    there = self._library.get(each.id)
                    if there is None or there.added_at <= receipt.at:  # not added again since
                        self._library.remove(each.id)
                        self._index.sync(each.id)
                self._finish(receipt, going, set())

    def _finish(self, receipt: Receipt, going: Sequence[Document], contents: set[str]) -> Receipt:
        for each in going:
            self._library.sketches.drop(each.id)
        if self._traces:
            self._traces.forget([each.name for each in going])
        self._library.scrub()
        shared = {sha256 for sha256 in contents if self._library.is_used(sha256)}
        self._bytes_left = True
        notes = ["index_bytes"]
        notes += ["langfuse"] if self._langfuse else []
        notes += [] if self._traces else ["no_traces"]
        receipt = replace(
            receipt,
            remain=self._look(going, contents - shared),
            shared=len(shared),
            notes=notes,
            complete=True,
        )
        self._library.keep_receipt(receipt.to_dict())
        return receipt

    def _inside(self, document: Document) -> list[Document]:
        found: list[Document] = []
        for child in self._library.children(document.id):
            found += [child, *self._inside(child)]
        return found

    def _look(self, going: Sequence[Document], contents: set[str]) -> dict[str, int]:
        """How much there is of these documents, place by place."""
        library, files = self._library, self._library.files
        ids = [document.id for document in going]
        names = [document.name for document in going]
        return {
            "documents": len(library.get_many(ids)),
            "versions": sum(len(library.versions(identifier)) for identifier in ids),
            "chunks": sum(self._store.count(identifier) for identifier in ids),
            "originals": sum(files.path(sha256).exists() for sha256 in contents),
            "readings": sum(files.has_reading(sha256) for sha256 in contents),
            "sketches": sum(library.sketches.count(identifier) for identifier in ids),
            "traces": self._traces.mentions(names) if self._traces else 0,
        }


_NOBODY = Document("", "", "", "", "")
