"""From a question to passages: embed, hybrid search with the access filter, rerank.

The seam is LlamaIndex's `BaseRetriever`; `passages_of` is the one place where its nodes become
our `Passage`, so that no LlamaIndex type goes further up.

The sparse half of the search only votes among chunks in the question's own language: terms do
not match across languages, and chance matches of names and numbers would outvote the vectors.
Does not know whether a passage answers the question; `rag/refusal.py` judges that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
            with step.step("embed", kind="embedding", input=question) as embed:
                vector = self.embed(question)
                embed.set(metadata={"dimension": len(vector)})
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
        depth = max(parts.candidates, self._limit * OVERFETCH)
        hits = parts.store.search(
            StoreQuery(
                groups=self._principal.groups,
                dense=query_bundle.embedding or parts.embed(question).tolist(),
                sparse=parts.sparse.query(question),
                sparse_language=language_of(question),
                limit=depth,
                candidates=depth,
            )
        )
        fair = across_languages(hits, language_of(question))
        return self._current(fair)[: self._limit]

    def _current(self, hits: Sequence[Hit]) -> list[NodeWithScore]:
        """Nodes of the hits whose version may answer and whose document is still readable."""
        documents = self._parts.library.get_many({hit.chunk.document_id for hit in hits})
        nodes = []
        for hit in hits:
            document = documents.get(hit.chunk.document_id)
            if document is None or document.version != hit.chunk.version:
                continue
            if not self._principal.may_read(document.groups):
                continue
            passage = Passage(hit.chunk, document, hit.score, hit.similarity)
            node = TextNode(id_=hit.chunk.id, text=hit.chunk.text, metadata={"passage": passage})
            nodes.append(NodeWithScore(node=node, score=hit.score))
        return nodes


def across_languages(hits: Sequence[Hit], language: str) -> list[Hit]:
    """Hits ranked anew so that a chunk in another language is not a vote short.

    The sparse half cannot see it, so its fused score is its dense score alone: that speaks for
    both halves, doubled. Where all chunks are in one language nothing changes.
    """
    fair = [
        hit if hit.chunk.language in ("", language) else replace(hit, score=2 * hit.score)
        for hit in hits
    ]
    return sorted(fair, key=lambda hit: -hit.score)


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
