"""The composition root: opens everything that outlives a question and passes it on explicitly.

    settings ─► embedder ─┐
                store ────┤
                library ──┼─► retriever ─► answerer ◄── language model
                reranker ─┘                    ▲
                tracer ────────────────────────┘

`app` and `ingest` add their own parts (the pipeline, the queue, the pages) to a Runtime.
Nothing below connects or loads anything at import.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from llama_index.core.llms import LLM

from rag.answer import Answerer
from rag.corpus import Corpus, open_corpus
from rag.library import Library
from rag.rank import LateScorer
from rag.retrieve import Retriever
from rag.settings import Settings
from rag.store import Store
from rag.store.sparse import SparseEncoder
from rag.support import Verifier
from rag.trace import LangfuseKeys, Tracer, open_tracer
from rag.trace_store import TraceStore
from serving.embedding import Embedder
from serving.language_model import open_language_model
from serving.rerank import open_reranker


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything that a process keeps open. Close it, or use it with `with`."""

    settings: Settings
    embedder: Embedder
    store: Store
    library: Library
    tracer: Tracer
    retriever: Retriever
    answerer: Answerer
    _stack: ExitStack

    def close(self) -> None:
        """Flush and let go of files and connections, in the reverse order of opening."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_runtime(settings: Settings, *, rebuild: bool = False) -> Runtime:
    """Open models, store, catalogue and traces.

    Args:
        rebuild: empty the index and adopt the present settings for it.

    Raises:
        ConfigError: a setting is impossible, a model or server is not there.
        IndexMismatch: the index was built with other settings.
        StoreBusy: another process holds the embedded store.
    """
    llm = open_language_model(
        settings.llm_url, settings.llm_model, settings.llm_key.get_secret_value(),
        settings.llm_timeout,
    )  # fmt: skip
    with ExitStack() as stack:
        corpus = stack.enter_context(open_corpus(settings, rebuild=rebuild))
        tracer = _open_tracer(settings)
        stack.callback(tracer.close)
        retriever = _retriever(settings, corpus, stack)
        answerer = _answerer(settings, retriever, tracer, llm)
        return Runtime(
            settings,
            corpus.embedder,
            corpus.store,
            corpus.library,
            tracer,
            retriever,
            answerer,
            stack.pop_all(),
        )


def _retriever(settings: Settings, corpus: Corpus, stack: ExitStack) -> Retriever:
    """Scores late where no reranker is set; `stack` closes the reranker."""
    reranker = open_reranker(
        settings.rerank_model, settings.rerank_url, settings.rerank_key.get_secret_value()
    )
    if reranker:
        stack.callback(reranker.close)
    sparse = SparseEncoder()
    return Retriever(
        corpus.store,
        corpus.library,
        corpus.embedder,
        sparse,
        settings.candidates,
        reranker,
        None if reranker else LateScorer(corpus.embedder.embed_passages, sparse),
    )


def _answerer(
    settings: Settings, retriever: Retriever, tracer: Tracer, llm: LLM | None
) -> Answerer:
    return Answerer(
        retriever=retriever,
        verifier=Verifier(retriever.sparse, retriever.embedder),
        tracer=tracer,
        llm=llm,
        passages=settings.passages,
        unsupported=settings.unsupported,
        max_question_chars=settings.max_question_chars,
        context_tokens=settings.context_tokens,
        owners=settings.owners,
    )


def _open_tracer(settings: Settings) -> Tracer:
    keys = None
    if settings.langfuse_url and settings.langfuse_public_key:
        keys = LangfuseKeys(
            settings.langfuse_url,
            settings.langfuse_public_key,
            settings.langfuse_secret_key.get_secret_value(),
        )
    store = TraceStore(settings.data_dir / "traces.sqlite", settings.trace_days)
    return open_tracer(store, keys)
