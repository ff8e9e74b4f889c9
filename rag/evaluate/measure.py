"""One evaluation from a question set to a `Run`: index, ask, judge, count.

A set with passages of its own is indexed in a folder that is gone afterwards; a set without is
asked of the product's own documents, where the app must not hold the embedded index meanwhile.
Traces of a run that is kept go to the product's traces, for as long as others are kept.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rag.evaluate import runs
from rag.evaluate.ask import Outcome, ask_all, with_tokens
from rag.evaluate.baselines import baselines
from rag.evaluate.dataset import Dataset
from rag.evaluate.index import indexed
from rag.evaluate.judge import open_judge
from rag.evaluate.report import Figures, curve, details, figures
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings
from rag.trace_store import EVALUATION, TraceStore

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, of how many."""


@dataclass(frozen=True, slots=True)
class Measuring:
    """How a set is measured."""

    settings: Settings
    cache: Path
    """Where vectors are kept."""
    retrieval_only: bool = False
    keep_traces: bool = False
    progress: Progress = lambda *_: None
    baselines: bool = False
    """Also measure BM25, dense vectors and both fused by ranks, beside the product."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A run, and the outcomes that it was counted from."""

    run: runs.Run
    outcomes: tuple[Outcome, ...]


def measure(dataset: Dataset, how: Measuring) -> Measured:
    """Ask all questions of a set.

    Raises:
        ConfigError, StoreBusy: as `rag.runtime.open_runtime` says.
        ModelUnavailable: an embeddings server, a store or the judge does not answer.
    """
    with _opened(dataset, how) as (runtime, made):
        return measure_on(runtime, dataset, how, made)


def measure_on(
    runtime: Runtime, dataset: Dataset, how: Measuring, made: Figures | None = None
) -> Measured:
    """Ask all questions of a runtime that holds their documents; `made` joins the figures."""
    started = runs.now()
    found = _asked(runtime, dataset, how, f"{started} {dataset.name}")
    hidden = {"data_dir", "host", "port", "sources"}
    plain: Figures = {}
    if how.baselines:
        plain = {"baselines": baselines(runtime, dataset.questions, how.progress)}
    settings = {
        **how.settings.model_dump(mode="json", exclude=hidden),
        "embedder": runtime.embedder.fingerprint,
        "corpus": dataset.corpus_hash[:16] if dataset.corpus else "own documents",
    }
    run = runs.Run(
        set=dataset.name,
        started_at=started,
        commit=runs.commit(),
        settings=settings,
        figures={**figures(found), **plain, **(made or {})},
        questions=[_kept(details(outcome), own=not dataset.corpus) for outcome in found],
        curve=curve(found),
    )
    return Measured(run, tuple(found))


@contextmanager
def _opened(dataset: Dataset, how: Measuring) -> Iterator[tuple[Runtime, Figures]]:
    """The runtime to ask, and what was made for it."""
    if not dataset.corpus:
        own = how.settings.model_copy(update={"langfuse_url": ""})
        with open_runtime(own) as runtime:
            documents = len(runtime.library.list(None))
            yield runtime, {"documents": documents, "chunks": runtime.store.count()}
        return
    with indexed(dataset, how.settings, how.cache, how.progress) as (runtime, chunks, seconds):
        documents = len(dataset.corpus)
        yield runtime, {"documents": documents, "chunks": chunks, "index_s": round(seconds, 1)}


def _asked(runtime: Runtime, dataset: Dataset, how: Measuring, name: str) -> list[Outcome]:
    """The outcomes of a set's questions, asked of `runtime`, with tokens and a judge's verdict."""
    found = list(ask_all(runtime, dataset.questions, how.retrieval_only, how.progress, name))
    runtime.tracer.flush()
    if runtime.answerer.llm is not None:
        found = with_tokens(found, runtime.tracer.store)
    if how.keep_traces and runtime.tracer.store is not None and dataset.corpus:
        _keep_traces(runtime.tracer.store, how.settings, EVALUATION + name)
    judge = open_judge(how.settings)
    if judge is not None and not how.retrieval_only:
        for at, outcome in enumerate(found):
            found[at] = replace(outcome, faithfulness=judge.of(outcome))
            how.progress("judge", at + 1, len(found))
    return found


def _keep_traces(store: TraceStore, settings: Settings, session: str) -> None:
    path = settings.data_dir / "traces.sqlite"
    TraceStore(path, settings.trace_days).close()  # it is there from now on
    store.copy_to(path, session)


def _kept(question: Figures, own: bool) -> Figures:
    """Without the documents' words where they are the product's own."""
    return {k: v for k, v in question.items() if not (own and k == "shown")}
