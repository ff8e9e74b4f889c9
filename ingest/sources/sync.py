"""Make the library follow a source: what is new or changed there is taken in, what is gone removed.

Repeating it does no harm, and neither does a crash or a second process doing the same: the truth
is the source, and every step is one that the next sync would take again. Documents that a person
added are never touched. What was taken in is WAITING afterwards; this module does not know who
processes it.
"""

import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ingest.names import clean_name
from ingest.pipeline import Pipeline
from ingest.sources import Gone, Item, Source, TooLarge, Unsettled
from ingest.sources.config import SourceConfig
from ingest.sources.opening import open_source
from ingest.sources.seen import MOST_PROBLEMS, Seen, Synced, now
from rag.catalogue import Entry
from rag.settings import Settings
from rag.types import Document, State, document_id
from serving.errors import FootnoteError, RejectedFile, SourceUnavailable

FEW = 3
"""So many documents may always go at once."""
_SHARE = 5
"""Of more, one in so many."""

Submit = Callable[[str], None]
"""Receives the id of each document that is to be processed."""
Told = Callable[[str, int], None]
"""Receives the name of each document that is looked at, and how many were before."""


def _nobody(_name: str, _done: int) -> None:
    """A `Told` for nobody."""


def sync(
    source: Source,
    pipeline: Pipeline,
    submit: Submit,
    *,
    force: bool = False,
    told: Told = _nobody,
) -> Synced:
    """Bring the documents of `source` in step with it, and keep the outcome.

    A source that cannot be read, wholly or in part, is a line of `problems`. Removing stops where
    the listing failed or is empty, or where more than a fifth of the source's documents (and more
    than three) would go; `force` removes all the same, except after a failed listing.
    """
    seen = Seen(pipeline.library.engine)
    started = seen.begin(source.name)
    run = _Run(source, pipeline, seen, submit, told)
    with tempfile.TemporaryDirectory() as folder:
        complete = run.take_in(Path(folder) / "item")
    run.remove_gone(complete, force)
    synced = run.outcome(started)
    seen.finish(synced)
    return synced


def sync_configured(
    config: SourceConfig,
    pipeline: Pipeline,
    submit: Submit,
    settings: Settings,
    *,
    force: bool = False,
    told: Told = _nobody,
) -> Synced:
    """`sync` of a source that the settings name; a missing secret is an outcome too."""
    try:
        source = open_source(config, settings)
    except FootnoteError as error:
        seen = Seen(pipeline.library.engine)
        synced = Synced(config.name, seen.begin(config.name), now(), problems=(str(error),))
        seen.finish(synced)
        return synced
    with closing(source):
        return sync(source, pipeline, submit, force=force, told=told)


class _Run:
    """One sync."""

    def __init__(
        self, source: Source, pipeline: Pipeline, seen: Seen, submit: Submit, told: Told
    ) -> None:
        self._source = source
        self._pipeline = pipeline
        self._library = pipeline.library
        self._seen = seen
        self._submit = submit
        self._told = told
        # Before anything is listed: what another process adds meanwhile is not "gone".
        self._documents = {d.id: d for d in self._library.list() if self._owns(d)}
        self._fingerprints = seen.fingerprints(source.name)
        self._there: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._problems: list[str] = []

    # Taking in

    def take_in(self, path: Path) -> bool:
        """Look at each item; whether the listing was complete."""
        try:
            for item in self._source.items():
                name = self._name(item)
                if name:
                    self._told(name, len(self._there) - 1)
                    self._look_at(item, name, path)
        except SourceUnavailable as error:
            self._problems.append(str(error))
            return False
        finally:
            self._problems += self._source.problems()
        return True

    def _name(self, item: Item) -> str:
        """The name of the item's document; empty if it cannot have one."""
        try:
            name = clean_name(f"{self._source.name}/{item.key}")
        except RejectedFile as error:
            self._reject(str(error))
            return ""
        first = self._there.setdefault(document_id(name), item.key)
        if first != item.key:
            self._reject(f"{name}: two items of the source have this name. Rename one.")
            return ""
        return name

    def _look_at(self, item: Item, name: str, path: Path) -> None:
        document = self._documents.get(document_id(name))
        known = self._fingerprints.get(document.id, "") if document else ""
        if not item.settled:
            self._counts["unsettled"] += 1
        elif document and known == item.fingerprint != "":
            self._keep(document)
        else:
            try:
                self._fetch(item, name, known, path)
            except RejectedFile as error:
                self._reject(str(error))
            except Unsettled:
                self._counts["unsettled"] += 1
            except Gone:
                del self._there[document_id(name)]
            except SourceUnavailable as error:
                self._problems.append(str(error))
            except OSError as error:
                self._problems.append(f"{name}: {error.strerror}. The next sync tries again.")

    def _fetch(self, item: Item, name: str, known: str, path: Path) -> None:
        before = self._library.entry(document_id(name))
        if before and not self._owns(before.document):
            raise RejectedFile(
                f"{name}: a document of this name did not come from this source. It stays as it "
                "is; rename one of them."
            )
        try:
            fingerprint = self._source.fetch(item, path, known if before else "")
        except TooLarge as error:
            _stand_in(path, error.size)
            fingerprint = ""
        if fingerprint is None and before:
            self._keep(before.document)
            return
        accepted = self._accept(path, name, before)
        if fingerprint and accepted.state is not State.REJECTED:
            self._seen.remember(self._source.name, accepted.id, fingerprint)

    def _accept(self, path: Path, name: str, before: Entry | None) -> Document:
        source = self._source
        accepted = self._pipeline.accept(path, name, source.groups, source=source.name)
        entry = self._library.entry(accepted.id)
        if accepted.state is State.REJECTED:
            self._reject(accepted.reason)
        elif before is None:
            self._counts["added"] += 1
        elif entry and (before.sha256, before.target) == (entry.sha256, entry.target):
            self._counts["unchanged"] += 1
        else:
            self._counts["changed"] += 1
        if accepted.state is State.WAITING:
            self._submit(accepted.id)
        return accepted

    def _keep(self, document: Document) -> None:
        """The content is the same; who may read it may have been changed in the settings."""
        self._counts["unchanged"] += 1
        groups = self._source.groups
        if groups is None or document.groups == groups:
            return
        if document.state is State.READY or not set(document.groups) <= set(groups):
            self._pipeline.set_groups(document.id, groups)

    # Removing

    def remove_gone(self, complete: bool, force: bool) -> None:
        """Remove the documents whose items are gone, or say why not."""
        gone = [d for d in self._documents.values() if d.id not in self._there]
        if not gone:
            return
        name = self._source.name
        if not complete:
            self._problems.append(f"{name}: not all could be listed, so nothing was removed.")
            return
        many = len(gone) > FEW and len(gone) * _SHARE > len(self._documents)
        if (many or not self._there) and not force:
            self._counts["refused_removal"] = len(gone)
            self._problems.append(
                f"{name}: {len(gone)} of {len(self._documents)} documents are gone at the source. "
                "So many are not removed at once. If that is right: "
                f"python -m ingest sync {name} --force"
            )
            return
        for document in gone:
            self._pipeline.remove(document.id, by=f"source {name}")
            self._seen.forget(document.id)
            self._counts["removed"] += 1

    # Saying

    def outcome(self, started: str) -> Synced:
        problems = self._problems[:MOST_PROBLEMS]
        if more := len(self._problems) - len(problems):
            problems.append(f"{self._source.name}: and {more} problems more.")
        return Synced(self._source.name, started, now(), **self._counts, problems=tuple(problems))

    def _owns(self, document: Document) -> bool:
        return document.source == self._source.name and not document.parent

    def _reject(self, problem: str) -> None:
        self._counts["rejected"] += 1
        self._problems.append(problem)


def _stand_in(path: Path, size: int) -> None:
    """An empty file of this size, for the pipeline to reject in its own words."""
    with path.open("wb") as file:
        file.truncate(size)
