"""From a question to passages: embed, hybrid search with the access filter, rerank.

Ranked anew by a cross-encoder where one is configured, else by late scoring (`rag/rank.py`);
where that fails for the moment, the order of the search stays and the trace says so.

The seam is LlamaIndex's `BaseRetriever`; `passages_of` is the one place where its nodes become
our `Passage`, so that no LlamaIndex type goes further up.

What the store is told of the question's language keeps chunks in other languages in the race
(`StoreQuery.language`, docs/decisions/0005-answering.md).
Does not know whether a passage answers the question; `rag/refusal.py` judges that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from numpy.typing import NDArray

from rag.library import Library
from rag.memo import Embeds
from rag.rank import POOL, LateScorer
from rag.store import Hit, Store, StoreQuery
from rag.store.sparse import SparseEncoder
from rag.text import language_of
from rag.trace import Step
from rag.types import Passage, Principal
from serving.embedding import Embedder
from serving.errors import ModelUnavailable
from serving.rerank import Reranker

OVERFETCH = 2
"""Hits fetched per passage wanted: some may be of versions that do not answer."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """What outlives a question. Thread-safe, as its parts are."""

    store: Store
    library: Library
    embedder: Embedder
    sparse: SparseEncoder
    candidates: int
    reranker: Reranker | None = None
    """A cross-encoder; then nothing is scored late."""
    late: LateScorer | None = None

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
        documents: frozenset[str] | None = None,
        embeds: Embeds | None = None,
    ) -> list[Passage]:
        """At most `limit` passages that `principal` may read, best first, traced under `step`.

        Args:
            vector: the question's, shape (dimension,); made here if not given.
            documents: only chunks of these document ids; None: of all.
            embeds: what embeds sentences, where their vectors serve others too.
        """
        if vector is None:
            vector = self.embed_traced(question, step)
        depth = max(limit, self._depth())
        with step.step("search", kind="retriever", input=question) as search:
            query = QueryBundle(question, embedding=vector.tolist())
            found = passages_of(ChunkRetriever(self, principal, depth, documents).retrieve(query))
            search.set(output=describe(found))
        if found and (self.reranker or self.late):
            with step.step("rerank", kind="retriever", input=question) as rerank:
                try:
                    found = self._ranked(question, vector, found, embeds)
                    rerank.set(output=describe(found))
                except ModelUnavailable as error:  # the order of the search is an answer too
                    rerank.fail(str(error))
        return found[:limit]

    def _depth(self) -> int:
        if self.reranker:
            return self.candidates
        return POOL if self.late else 0

    def _ranked(
        self,
        question: str,
        vector: NDArray[np.float32],
        found: list[Passage],
        embeds: Embeds | None,
    ) -> list[Passage]:
        """Raises ModelUnavailable where a reranking or an embeddings server does not answer."""
        if self.reranker:
            scores = self.reranker.scores(question, [p.chunk.embedded_text for p in found])
            ranked = sorted(zip(scores, found, strict=True), key=lambda pair: -pair[0])
            return [replace(p, score=score) for score, p in ranked]
        return self.late.rank(question, vector, found, embeds) if self.late else found


class ChunkRetriever(BaseRetriever):
    """LlamaIndex's view of one principal's search.

    Exactly one version of a document answers, the one that the catalogue names. Searches read
    the index first and the catalogue second, and are repeated at once, without what the catalogue
    said does not answer, until no such hit is among them. A switch (`ingest/index.py`) adds the
    new chunks, updates the catalogue, then drops the old chunks. So, whatever falls between:

    - index and catalogue both read before the UPDATE: the old chunks are all there and answer;
      new ones that are there already are hits that do not, and the next search leaves them out.
    - the index before, the catalogue after: the old hits do not answer any more. They are left
      out, and the next search, which begins after the UPDATE, finds the new chunks, all of which
      were added before it.
    - both after: the new chunks are there, old ones at most left over, and left out as above.

    Never both: a hit counts only with the version that one reading of the catalogue names. Never
    none: the version named is whole in the index from before it is named until it no longer is.
    Each further search means that versions came to light that none before had met, or that
    another switch was made meanwhile; a version that answers again by then is let in again. Those
    indexed ahead of their time, those past it and those of documents just removed are left out in
    the same way, so that they take no place of a chunk that may answer.
    """

    def __init__(
        self,
        parts: Retriever,
        principal: Principal,
        limit: int,
        documents: frozenset[str] | None = None,
    ) -> None:
        super().__init__()
        self._parts, self._principal, self._limit = parts, principal, limit
        self._documents = documents

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        parts, question = self._parts, query_bundle.query_str
        query = StoreQuery(
            groups=self._principal.groups,
            dense=query_bundle.embedding or parts.embed(question).tolist(),
            sparse=parts.sparse.query(question),
            language=language_of(question),
            documents=self._documents,
            limit=self._limit * OVERFETCH,
            candidates=max(parts.candidates, self._limit * OVERFETCH),
        )
        while True:
            passages, without = self._current(parts.store.search(query), query.without)
            if without == query.without:
                return [_node(passage) for passage in passages[: self._limit]]
            query = replace(query, without=without)

    def _current(
        self, hits: Sequence[Hit], left_out: frozenset[tuple[str, str]]
    ) -> tuple[list[Passage], frozenset[tuple[str, str]]]:
        """Passages of the versions that answer, and the versions met so far that do not."""
        met = {(hit.chunk.document_id, hit.chunk.version) for hit in hits} | left_out
        documents = self._parts.library.get_many({document_id for document_id, _ in met})
        answering = {(d.id, d.version) for d in documents.values()}
        found = []
        for hit in hits:
            document = documents.get(hit.chunk.document_id)
            if document is None or document.version != hit.chunk.version:
                continue
            if self._principal.may_read(document.groups):
                found.append(Passage(hit.chunk, document, hit.score, hit.similarity))
        return found, frozenset(met - answering)


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
