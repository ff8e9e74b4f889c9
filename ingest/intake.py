"""Takes files in under a name: what is new waits to be processed, what is known stays.

Nothing that answers changes here but who may read it: a new version's groups narrow access at
once and widen it with the switch. This module does not know how a file is read.
"""

import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ingest.index import Index
from ingest.names import clean_groups, clean_name
from rag.catalogue import Entry
from rag.library import Library
from rag.moments import parse_moment
from rag.types import EVERYONE, Document, State, document_id
from serving.errors import RejectedFile

_UNFINISHED = (State.WAITING, State.WORKING)


class Intake:
    """The door of the library. Safe to share between threads."""

    def __init__(self, library: Library, index: Index, max_file_mb: int) -> None:
        self._library = library
        self._index = index
        self._max_file_mb = max_file_mb

    def accept(
        self, path: Path, name: str, groups: Sequence[str] | None, template: Document
    ) -> Document:
        """As `Pipeline.accept`; `template` carries parent, source and validity."""
        name = clean_name(name)
        wanted = None if groups is None else clean_groups(groups)
        size = _size(path, name)
        new = replace(template, id=document_id(name), name=name, size=size)
        if reason := self._unacceptable(name, size):
            return self._reject(replace(new, groups=wanted or (EVERYONE,)), reason)
        with self._index.lock:
            while True:
                sha256 = self._library.keep_original(path)
                entry = self._library.entry(new.id)
                if entry is None:
                    first = replace(new, sha256=sha256, groups=wanted or (EVERYONE,))
                    document = self._library.add(first)
                    if document.sha256 != sha256:  # another process was quicker
                        continue
                else:
                    self._check_parent(entry.document, new)
                    document = self._renew(entry, new, sha256, wanted or entry.pending_groups)
                # A removal in another process may have taken the bytes before they were noted.
                if self._library.original(sha256).exists():
                    return document

    def set_groups(
        self, document_id: str, groups: Sequence[str], pending: Sequence[str] | None = None
    ) -> None:
        """Who may read a document and all that came in it, now and with the next version."""
        with self._index.lock:
            if self._library.entry(document_id) is None:
                return
            self._library.set_groups(document_id, groups, pending)
            self._index.sync(document_id)
            for child in self._library.children(document_id):
                self.set_groups(child.id, groups, pending)

    def _unacceptable(self, name: str, size: int) -> str:
        if size == 0:
            return f"{name}: the file is empty. Save it again at its source and add it."
        limit = self._max_file_mb
        if size > limit << 20:
            return (
                f"{name}: {size / (1 << 20):.0f} MiB is more than the limit of {limit} MiB. "
                "Split the file or raise FOOTNOTE_MAX_FILE_MB."
            )
        return ""

    def _reject(self, new: Document, reason: str) -> Document:
        with self._index.lock:
            before = self._library.get(new.id)
            if before is None:
                rejected = replace(new, sha256="", state=State.REJECTED, reason=reason)
                return self._library.add(rejected)
            self._check_parent(before, new)
            if before.state in _UNFINISHED:
                # What is under way goes on; only the caller learns of this file.
                return replace(before, state=State.REJECTED, reason=reason)
            return self._library.mark(before.id, State.REJECTED, still_answers(before, reason))

    def _renew(self, entry: Entry, new: Document, sha256: str, groups: tuple[str, ...]) -> Document:
        document, validity = entry.document, self._validity(entry, new, sha256)
        if new.source and new.source != document.source:
            self._library.belong(document.id, document.parent, new.source)
        if self._is_in_play(entry, sha256):
            if document.groups != groups or entry.pending_groups != groups:
                pending = entry.pending_sha256 == sha256 and document.version
                narrowed = _narrowed(document.groups, groups) if pending else groups
                self.set_groups(document.id, narrowed, groups)
            if validity is not None:
                self._library.set_validity(document.id, sha256, *validity)
            if entry.pending_sha256 != sha256:
                entry = self._library.entry(document.id) or entry
                stale = entry.stale or not (entry.pruned or self._index.holds(entry))
                self._library.keep_version(document.id, stale)
            if validity is not None or entry.pending_sha256:
                self._index.sync(document.id)
            return self._library.get(document.id) or document
        if not document.version:
            self.set_groups(document.id, groups)
        elif not set(document.groups) <= set(groups):
            self.set_groups(document.id, _narrowed(document.groups, groups), groups)
        return self._library.await_version(
            document.id, sha256, new.size, groups, (new.valid_from, new.valid_until)
        )

    def _validity(self, entry: Entry, new: Document, sha256: str) -> tuple[str, str] | None:
        """The dates to be set for a content that is known; None: they stay.

        A member that is the same in a container's next version goes on answering until that one's
        end. Somebody who gives no dates does not want to change them.
        """
        document = entry.document
        if new.parent and entry.sha256 == sha256:
            begun = document.valid_from <= self._library.now()
            dates = document.valid_from if begun else new.valid_from, new.valid_until
            return None if dates == (document.valid_from, document.valid_until) else dates
        return (new.valid_from, new.valid_until) if new.valid_from or new.valid_until else None

    def _is_in_play(self, entry: Entry, sha256: str) -> bool:
        """Whether the content answers, will by itself, or is being worked on."""
        if entry.pending_sha256 == sha256:
            return entry.document.state in _UNFINISHED
        return entry.sha256 == sha256 or self._library.is_ahead(entry.document.id, sha256)

    def _check_parent(self, before: Document, new: Document) -> None:
        if new.parent and before.parent != new.parent:
            raise RejectedFile(
                f"{new.name}: another document has this name already. Rename one of them."
            )


def template(parent: str, source: str, valid_from: str, valid_until: str) -> Document:
    """A document without a file. RejectedFile: a date that is none, or no time between them."""
    try:
        since, until = parse_moment(valid_from), parse_moment(valid_until)
    except ValueError:
        raise RejectedFile(
            f"{valid_from or valid_until!r} is no date. Write it like 2026-12-31 or "
            "2026-12-31T18:00+03:00."
        ) from None
    if until and until <= since:
        raise RejectedFile(f"Valid from {since} until {until}: the end comes before the start.")
    return Document(
        "", "", "", "", "", parent=parent, source=source, valid_from=since, valid_until=until
    )


def still_answers(document: Document, reason: str) -> str:
    """The reason of a failure, with what it means for those who ask."""
    return f"{reason} The previous version still answers." if document.version else reason


def _narrowed(groups: Sequence[str], wanted: Sequence[str]) -> list[str]:
    return [group for group in groups if group in wanted]


def _size(path: Path, name: str) -> int:
    """Bytes of a file that can be read. RejectedFile: it cannot."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            raise RejectedFile(f"{name}: is not a file.")
        path.open("rb").close()
    except OSError as error:
        raise RejectedFile(f"{name}: cannot be opened ({error.strerror}).") from error
    return status.st_size
