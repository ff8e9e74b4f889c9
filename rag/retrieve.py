"""From a question to passages: embed, hybrid search with the access filter, rerank.

The seam is LlamaIndex's `BaseRetriever`; `passages_of` is the one place where its nodes become
our `Passage`, so that no LlamaIndex type goes further up.

What the store is told of the question's language keeps chunks in other languages in the race
(`StoreQuery.language`, docs/decisions/0005-answering.md).
Does not know whether a passage answers the question; `rag/refusal.py` judges that.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from numpy.typing import NDArray

from rag.library import Library
from rag.store import Hit, Store, StoreQuery
from rag.store.sparse import SparseEncoder
from rag.text import language_of
from rag.trace import Step
from rag.types import Passage, Principal
from serving.embedding import Embedder
from serving.rerank import Reranker

OVERFETCH = 2
"""Hits fetched per passage wanted: some are of versions that may no longer answer."""
SWAP_TRIES = 4
SWAP_SECONDS = 0.02
"""How often, and after which wait, to ask again while a document's version is being switched."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """What outlives a question. Thread-safe, as its parts are."""

    store: Store
    library: Library
    embedder: Embedder
    sparse: SparseEncoder
    candidates: int
    reranker: Reranker | None = None

    def embed(self, question: str) -> NDArray[np.float32]:
        """The question's vector: shape (dimension,), unit length."""
        vector: NDArray[np.float32] = self.embedder.embed_queries([question])[0]
        return vector

    def embed_traced(self, question: str, step: Step) -> NDArray[np.float32]:
        """As `embed`, as a step of its own under `step`."""
        with step.step("embed", kind="embedding", input=question) as embed:
            vector = self.embed(question)
            embed.set(metadata={"dimension": len(vector)})
        return vector

    def passages(
        self,
        question: str,
        principal: Principal,
        limit: int,
        step: Step,
        vector: NDArray[np.float32] | None = None,
    ) -> list[Passage]:
        """At most `limit` passages that `principal` may read, best first, traced under `step`."""
        if vector is None:
            vector = self.embed_traced(question, step)
        depth = max(limit, self.candidates if self.reranker else 0)
        with step.step("search", kind="retriever", input=question) as search:
            query = QueryBundle(question, embedding=vector.tolist())
            found = passages_of(ChunkRetriever(self, principal, depth).retrieve(query))
            search.set(output=describe(found))
        if self.reranker and found:
            with step.step("rerank", kind="retriever", input=question) as rerank:
                found = self._rerank(self.reranker, question, found)
                rerank.set(output=describe(found))
        return found[:limit]

    @staticmethod
    def _rerank(reranker: Reranker, question: str, found: list[Passage]) -> list[Passage]:
        scores = reranker.scores(question, [p.chunk.embedded_text for p in found])
        ranked = sorted(zip(scores, found, strict=True), key=lambda pair: -pair[0])
        return [Passage(p.chunk, p.document, score, p.similarity) for score, p in ranked]


class ChunkRetriever(BaseRetriever):
    """LlamaIndex's view of one principal's search."""

    def __init__(self, parts: Retriever, principal: Principal, limit: int) -> None:
        super().__init__()
        self._parts, self._principal, self._limit = parts, principal, limit

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        parts, question = self._parts, query_bundle.query_str
        query = StoreQuery(
            groups=self._principal.groups,
            dense=query_bundle.embedding or parts.embed(question).tolist(),
            sparse=parts.sparse.query(question),
            language=language_of(question),
            limit=self._limit * OVERFETCH,
            candidates=max(parts.candidates, self._limit * OVERFETCH),
        )
        passages, swapping = self._current(parts.store.search(query))
        for _ in range(SWAP_TRIES):
            if not swapping:
                break
            time.sleep(SWAP_SECONDS)
            passages, swapping = self._current(parts.store.search(query))
        return [_node(passage) for passage in passages[: self._limit]]

    def _current(self, hits: Sequence[Hit]) -> tuple[list[Passage], bool]:
        """Passages of the versions that may answer; whether some document has none of its own.

        The index is written a moment before the catalogue names the new version: in between,
        hits of such a document are of a version that may not answer yet, and asking again helps.
        """
        documents = self._parts.library.get_many({hit.chunk.document_id for hit in hits})
        found, stale = [], set()
        for hit in hits:
            document = documents.get(hit.chunk.document_id)
            if document is None or not self._principal.may_read(document.groups):
                continue
            if document.version == hit.chunk.version:
                found.append(Passage(hit.chunk, document, hit.score, hit.similarity))
            elif document.version:
                stale.add(document.id)
        return found, bool(stale - {passage.document.id for passage in found})


def _node(passage: Passage) -> NodeWithScore:
    chunk = passage.chunk
    node = TextNode(id_=chunk.id, text=chunk.text, metadata={"passage": passage})
    return NodeWithScore(node=node, score=passage.score)


def passages_of(nodes: Sequence[NodeWithScore]) -> list[Passage]:
    """The passages that `ChunkRetriever` put into its nodes."""
    return [node.metadata["passage"] for node in nodes]


def describe(passages: Sequence[Passage]) -> list[dict[str, object]]:
    """What a trace keeps of passages: enough to recognise and judge each, no vectors."""
    return [
        {
            "document": p.document.name,
            "section": " › ".join(p.chunk.section),
            "page": p.chunk.page_from,
            "chunk": p.chunk.id,
            "score": round(p.score, 4),
            "similarity": round(p.similarity, 4),
            "text": p.chunk.text,
        }
        for p in passages
    ]
