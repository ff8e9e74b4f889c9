"""Why a document did or did not take part in the answer to a question, step by step.

The question is searched once more by the very parts that answer it (`Finder`, `Retriever`): this
module watches what the store is asked and what the retriever makes of it, then asks the same
query again by halves, for the ranks that fusion hides. Nothing is ranked or filtered here.

What it does not know: what a language model would do with the passages, nor what an earlier turn
of a conversation would change. A store that changes meanwhile may differ between two searches.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rag import extract
from rag.answer import Answerer
from rag.explanation import Explanation, Outcome, PartExplained, Place
from rag.find import Finder, Found, Part
from rag.join import distinct, join
from rag.library import Library
from rag.memo import Embeds
from rag.retrieve import Retriever
from rag.store import Hit, Store, StoreQuery
from rag.trace import Step, open_tracer
from rag.types import Document, Passage, Principal, State
from rag.understand import Understood, understand
from serving.errors import Forbidden

LOOKED_THROUGH = 1000
"""Chunks of each half among which the document's best is looked for."""
SENTENCES = 5
"""Sentences of the document that are told of."""


def explain(
    answerer: Answerer,
    question: str,
    document_id: str,
    principal: Principal,
    viewer: Principal,
) -> Explanation:
    """What became of a document in the search that `question` starts.

    Args:
        principal: as whom the question is asked.
        viewer: who wants to know; must be allowed to read the document.

    Raises:
        Forbidden: there is no such document, or `viewer` may not read it.
        ModelUnavailable: an embeddings server or the vector store does not answer.
    """
    retriever, llm = answerer.retriever, answerer.llm
    document = retriever.library.get(document_id)
    if document is None or not viewer.may_read(document.groups):
        raise Forbidden("There is no such document that you may read.")
    with open_tracer(None).trace("explain") as trace:
        library, sparse = retriever.library, retriever.sparse
        understood = understand(question, (), principal, library, sparse, llm, trace)
        outcome = _absent(document, principal, retriever)
        if outcome is None and understood.choices:
            outcome = Outcome.ASKED_BACK
        if outcome is not None:
            return Explanation(document, outcome, understood)
        watched = _Watched.over(retriever)
        found = Finder(watched, answerer.passages).find(understood, principal, trace)
    return _explained(document, understood, found, watched, _prompted(answerer, found))


def _absent(document: Document, principal: Principal, parts: Retriever) -> Outcome | None:
    """What keeps a document out of every search."""
    if not principal.may_read(document.groups):
        return Outcome.NO_ACCESS
    if not document.version:
        return _silent(document, parts.library)
    return None if parts.store.count(document.id, document.version) else Outcome.NO_TEXT


def _silent(document: Document, library: Library) -> Outcome:
    """Why no version of a document answers now."""
    now = library.now()
    written = library.entry(document.id)
    if written is not None and written.document.version:
        return Outcome.NOT_YET if document.valid_from > now else Outcome.EXPIRED
    ahead = any(version.valid_from > now for version in library.versions(document.id))
    if ahead and document.state is State.READY:
        return Outcome.NOT_YET
    waiting = document.state in (State.WAITING, State.WORKING)
    return Outcome.UNFINISHED if waiting else Outcome.NOT_READ


def _explained(
    document: Document,
    understood: Understood,
    found: Found,
    watched: "_Watched",
    prompted: "_Prompted | None",
) -> Explanation:
    kept_out = understood.documents is not None and document.id not in understood.documents
    if kept_out and not found.filter_dropped:
        return Explanation(document, Outcome.FILTERED, understood)
    parts = []
    for part in found.parts:
        searches = [search for search in watched.searches if search.question == part.question]
        search = searches[-1 if found.filter_dropped else 0]
        parts.append(_part(document.id, part, search, watched, prompted))
    furthest = max(part.outcome for part in parts)
    return Explanation(document, furthest, understood, found.filter_dropped, tuple(parts))


def _part(
    document_id: str,
    part: Part,
    search: "_Search",
    watched: "_Watched",
    prompted: "_Prompted | None",
) -> PartExplained:
    query, store = search.query, watched.store
    by_meaning = store.search(replace(query, sparse=None, limit=LOOKED_THROUGH))
    by_words = store.search(replace(query, dense=None, limit=LOOKED_THROUGH))
    others = [hit for hit in by_meaning if hit.chunk.language != query.language]
    dense = _place(document_id, by_meaning, query.candidates)
    if not dense.rank:  # too far down to be ranked, but it has a cosine
        dense = _score_only(document_id, replace(query, sparse=None), store)
    sparse = _place(document_id, by_words, query.candidates)
    foreign = _place(document_id, others, query.candidates) if query.language else None
    shown = {(q.passage.chunk.id, q.start) for q in extract.shown(part.quotes)}
    own = [quote for quote in part.quotes if quote.passage.document.id == document_id]
    best = sparse.chunk or dense.chunk
    has = set(watched.sparse.terms(best.embedded_text)) if best else set()
    asked = tuple(dict.fromkeys(watched.sparse.terms(part.question)))
    explained = PartExplained(
        question=part.question,
        outcome=Outcome.QUOTED,
        dense=dense,
        sparse=sparse,
        other_language=foreign if foreign and foreign.rank else None,
        terms=tuple(term for term in asked if term in has),
        missing=tuple(term for term in asked if term not in has),
        fused=_place(document_id, search.hits, search.depth),
        ranked=_place(document_id, search.ranked, search.limit),
        sentences=tuple((q, (q.passage.chunk.id, q.start) in shown) for q in own[:SENTENCES]),
        decision=part.decision,
    )
    return replace(explained, outcome=_outcome(document_id, explained, part, prompted))


def _outcome(
    document_id: str, found: PartExplained, part: Part, prompted: "_Prompted | None"
) -> Outcome:
    """The step that removed the document, or what it is used for."""
    halves = (found.dense, found.sparse, found.other_language)
    used = [passage for passage in part.passages if passage.document.id == document_id]
    if not used:
        if found.fused.passed:
            return Outcome.NOT_KEPT
        passed = any(half is not None and half.passed for half in halves)
        return Outcome.NOT_FOUND if passed else Outcome.NO_CANDIDATE
    if not part.decision.answer:
        return Outcome.REFUSED
    if prompted is not None:
        return prompted.outcome(document_id)
    return Outcome.QUOTED if any(shown for _, shown in found.sentences) else Outcome.PASSAGE


def _place(document_id: str, ranking: Sequence[Hit | Passage], depth: int) -> Place:
    """Of the document's first chunk in a ranking."""
    for rank, found in enumerate(ranking, start=1):
        if found.chunk.document_id == document_id:
            return Place(rank, depth, found.score, found.chunk)
    return Place(0, depth)


def _score_only(document_id: str, query: StoreQuery, store: Store) -> Place:
    """Of the document's best chunk in a query that is asked of the document alone."""
    alone = replace(query, documents=frozenset({document_id}), limit=1)
    found = _place(document_id, store.search(alone), query.candidates)
    return replace(found, rank=0)


@dataclass(frozen=True, slots=True)
class _Prompted:
    """Ids of the documents whose passages a language model is given."""

    distinct: frozenset[str]
    """Before the budget."""
    joined: frozenset[str]

    def outcome(self, document_id: str) -> Outcome:
        if document_id in self.joined:
            return Outcome.QUOTED
        return Outcome.NO_ROOM if document_id in self.distinct else Outcome.REPEATED


def _prompted(answerer: Answerer, found: Found) -> _Prompted | None:
    """What the model would be given; None where none writes."""
    if answerer.llm is None:
        return None
    parts = answerer.retriever
    budget, count = answerer.context_tokens, parts.embedder.count_tokens
    joined = join(found.passages, parts.store, budget, count)
    return _Prompted(
        frozenset(passage.document.id for passage in distinct(found.passages)),
        frozenset(passage.document.id for passage in joined),
    )


@dataclass(frozen=True, slots=True)
class _Search:
    """One call of the retriever and what it came from."""

    question: str
    query: StoreQuery
    """The last of the search, which leaves out all versions that do not answer."""
    hits: Sequence[Hit]
    ranked: Sequence[Passage]
    """All that were ranked, best first; `limit` of them are kept."""
    depth: int
    limit: int


class _WatchedStore:
    """Passes everything on, and remembers what was searched for."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.last: tuple[StoreQuery, Sequence[Hit]] | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def search(self, query: StoreQuery) -> list[Hit]:
        hits = self._inner.search(query)
        self.last = query, hits
        return hits


@dataclass(frozen=True, slots=True)
class _Watched(Retriever):
    """The retriever over a watched store; remembers the whole ranking of each search."""

    searches: list[_Search] = field(default_factory=list)

    @classmethod
    def over(cls, parts: Retriever) -> "_Watched":
        """The same parts, watched."""
        store: Store = _WatchedStore(parts.store)  # type: ignore[assignment]  # by __getattr__
        return cls(
            store,
            parts.library,
            parts.embedder,
            parts.sparse,
            parts.candidates,
            parts.reranker,
            parts.late,
        )

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
        """As `Retriever.passages`: the whole ranking comes of the same search, cut later."""
        depth = max(limit, self._depth())
        ranked = Retriever.passages(
            self, question, principal, depth, step, vector, documents, embeds
        )
        assert isinstance(self.store, _WatchedStore)
        assert self.store.last is not None
        query, hits = self.store.last
        self.searches.append(_Search(question, query, hits, ranked, depth, limit))
        return ranked[:limit]
