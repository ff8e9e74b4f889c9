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
from rag.library import Library
from rag.retrieve import Retriever
from rag.settings import Settings
from rag.store import CHUNKING, SCHEMA, Store
from rag.store.opening import open_store
from rag.store.sparse import SparseEncoder
from rag.support import Verifier
from rag.trace import LangfuseKeys, Tracer, open_tracer
from rag.trace_store import TraceStore
from rag.types import IndexSpec
from serving.embedding import Embedder, open_embedder
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
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    llm = open_language_model(
        settings.llm_url, settings.llm_model, settings.llm_key.get_secret_value(),
        settings.llm_timeout,
    )  # fmt: skip
    with ExitStack() as stack:
        embedder = open_embedder(
            settings.embedding_model,
            settings.data_dir / "models",
            settings.embedding_url,
            settings.embedding_key.get_secret_value(),
        )
        store = _open_store(settings, embedder, rebuild)
        stack.callback(store.close)
        library = Library(settings.data_dir / "library")
        stack.callback(library.close)
        tracer = _open_tracer(settings)
        stack.callback(tracer.close)
        reranker = open_reranker(settings.rerank_model) if settings.rerank_model else None
        retriever = Retriever(
            store, library, embedder, SparseEncoder(), settings.candidates, reranker
        )
        answerer = _answerer(settings, retriever, tracer, llm)
        return Runtime(
            settings, embedder, store, library, tracer, retriever, answerer, stack.pop_all()
        )


def _answerer(
    settings: Settings, retriever: Retriever, tracer: Tracer, llm: LLM | None
) -> Answerer:
    return Answerer(
        retriever=retriever,
        verifier=Verifier(retriever.sparse),
        tracer=tracer,
        llm=llm,
        passages=settings.passages,
        unsupported=settings.unsupported,
        max_question_chars=settings.max_question_chars,
    )


def _open_store(settings: Settings, embedder: Embedder, rebuild: bool) -> Store:
    spec = IndexSpec(embedder.fingerprint, embedder.dimension, CHUNKING, SCHEMA)
    return open_store(
        settings.data_dir / "index",
        settings.qdrant_url,
        settings.qdrant_key.get_secret_value(),
        settings.collection,
        spec,
        rebuild=rebuild,
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
