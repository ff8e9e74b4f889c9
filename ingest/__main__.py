"""`python -m ingest add|list|remove|sync|watch|rebuild|sample`: documents from the command line.

Where the app runs and holds the index, the work is handed to it over HTTP. What goes wrong with
one file is one line, and the others go on; exit status 1 if any was not taken in, 2 if nothing
could be done at all.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from ingest.add import add
from ingest.desk import Desk, LocalDesk, RemoteDesk
from ingest.names import clean_groups
from ingest.pipeline import Pipeline
from ingest.sample import is_loaded, load_sample
from ingest.show import progress_bar, table
from ingest.sources.command import sync_sources, watch_sources
from ingest.sources.config import choose
from ingest.sources.opening import configured
from rag.library import Library, open_library
from rag.settings import Settings, load_settings
from rag.types import State, document_id
from serving.errors import FootnoteError, StoreBusy
from serving.quiet import switch_telemetry_off

_DATA = Path(__file__).resolve().parent.parent / "data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    options = _parser().parse_args(arguments)
    switch_telemetry_off()
    try:
        return int(options.run(load_settings(), options))
    except FootnoteError as error:
        print(f"footnote: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("footnote: interrupted; the same command goes on from here.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest", description="Footnote's documents.")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("add", help="add files, and folders with all that is in them")
    command.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    command.add_argument(
        "--groups",
        help="who may read them, like `everyone,hr`; without it everyone, or as before",
    )
    command.set_defaults(run=_add)
    command = commands.add_parser("list", help="all documents and their states")
    command.set_defaults(run=_list)
    command = commands.add_parser("remove", help="remove a document")
    command.add_argument("name")
    command.set_defaults(run=_remove)
    command = commands.add_parser("sync", help="take over what changed at the sources")
    command.add_argument("name", nargs="?", default="", help="of one source; without it all")
    command.add_argument(
        "--force", action="store_true", help="remove what is gone there, however much it is"
    )
    command.set_defaults(run=_sync)
    command = commands.add_parser("watch", help="follow the sources without the app")
    command.set_defaults(run=_watch)
    command = commands.add_parser("rebuild", help="index every document anew")
    command.set_defaults(run=_rebuild)
    command = commands.add_parser("sample", help="add the sample organisation's documents, once")
    command.add_argument("folder", nargs="?", type=Path, default=_DATA)
    command.set_defaults(run=_sample)
    command = commands.add_parser("worker", help="read documents that others accept and serve")
    command.add_argument("--threads", type=int, help="documents at once (FOOTNOTE_WORKERS)")
    command.set_defaults(run=_worker)
    return parser


def _add(settings: Settings, options: argparse.Namespace) -> int:
    groups = None if options.groups is None else clean_groups(options.groups.split(","))
    with _desk(settings) as desk:
        outcome = add(desk, options.paths, groups)
    for line in [*outcome.problems, outcome.summary]:
        print(line)
    return 1 if outcome.problems else 0


def _list(settings: Settings, _options: argparse.Namespace) -> int:
    with _library(settings) as library:
        documents = library.list()
    for line in table(documents):
        print(line)
    return 0


def _remove(settings: Settings, options: argparse.Namespace) -> int:
    with _library(settings) as library:
        known = library.get(document_id(options.name)) is not None
    if not known:
        print(f"No document is named {options.name!r}; see `python -m ingest list`.")
        return 1
    with _desk(settings) as desk:
        desk.remove(options.name)
    print(f"Removed {options.name}.")
    return 0


def _sync(settings: Settings, options: argparse.Namespace) -> int:
    if sources := configured(settings):
        choose(sources, options.name)  # before a model is loaded
    with _desk(settings) as desk:
        return sync_sources(desk, options.name, options.force)


def _watch(settings: Settings, _options: argparse.Namespace) -> int:
    choose(configured(settings), "")
    try:
        with _pipeline(settings) as pipeline:
            return watch_sources(pipeline, settings)
    except StoreBusy as error:
        raise StoreBusy("The running app holds the index, and follows the sources.") from error


def _rebuild(settings: Settings, _options: argparse.Namespace) -> int:
    try:
        with _pipeline(settings, rebuild=True) as pipeline, progress_bar() as bar:
            bar.total = len(pipeline.library.list())
            for _document in pipeline.rebuild(bar.report):
                bar.step()
            documents = pipeline.library.list()
    except StoreBusy as error:
        raise StoreBusy("The running app holds the index. Stop it and rebuild again.") from error
    bad = [d for d in documents if d.state in (State.REJECTED, State.FAILED)]
    print(f"{len(documents) - len(bad)} of {len(documents)} documents indexed.")
    for document in bad:
        print(document.reason)
    return 1 if bad else 0


def _sample(settings: Settings, options: argparse.Namespace) -> int:
    with _library(settings) as library:
        if is_loaded(library):
            return 0
    with _pipeline(settings) as pipeline, progress_bar() as bar:
        documents = load_sample(pipeline, options.folder, bar.report)
    ready = sum(document.state is State.READY for document in documents)
    print(f"Sample: {ready} of {len(documents)} documents ready.")
    for document in documents:
        if document.reason:
            print(document.reason)
    return 0  # the app starts all the same, and shows these lines


def _worker(settings: Settings, options: argparse.Namespace) -> int:
    from ingest.worker import work

    return work(settings, options.threads or settings.workers or 1)


def _library(settings: Settings) -> closing[Library]:
    """Beside a running app, and without loading a model."""
    return closing(open_library(settings))


@contextmanager
def _pipeline(settings: Settings, rebuild: bool = False) -> Iterator[Pipeline]:
    from rag.runtime import open_runtime
    from rag.store.folder import own

    index = settings.data_dir / "index"
    if index.is_dir() and not settings.qdrant_url:
        own(index).close()  # raises StoreBusy before the models are loaded, not after
    with open_runtime(settings, rebuild=rebuild) as runtime:
        pipeline = Pipeline(
            runtime.library, runtime.store, runtime.embedder, settings, runtime.tracer.store
        )
        pipeline.recover()
        with closing(pipeline):
            yield pipeline


@contextmanager
def _desk(settings: Settings) -> Iterator[Desk]:
    """This process if it gets the index, else the app that has it."""
    with ExitStack() as stack:
        desk: Desk
        try:
            desk = LocalDesk(stack.enter_context(_pipeline(settings)), settings)
        except StoreBusy:
            desk = stack.enter_context(RemoteDesk(settings))
        yield desk


if __name__ == "__main__":
    sys.exit(main())
