"""Plain baselines beside the product, from the same index and the same questions.

BM25 alone, dense vectors alone, and both fused by reciprocal ranks with k = 60 (Cormack et al.
2009). They take the question as it was typed: no history, no filters in words, no languages told
apart, nothing ranked anew.
"""

from collections.abc import Callable, Sequence

from rag.evaluate.dataset import Question
from rag.evaluate.metrics import first_ranks, mean, ndcg_at, recall_at
from rag.runtime import Runtime
from rag.store import Hit, StoreQuery

NAMES = ("bm25", "dense", "rrf")
_DEPTH = 100
"""Chunks of each half."""
_K = 60
_CUT = 10
_METRICS = {"recall@10": recall_at, "ndcg@10": ndcg_at}


def baselines(
    runtime: Runtime,
    questions: Sequence[Question],
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, dict[str, float | None]]:
    """Metrics by baseline; None where no question has gold passages."""
    asked = [question for question in questions if question.gold]
    values: dict[str, dict[str, list[float]]] = {n: {m: [] for m in _METRICS} for n in NAMES}
    for number, question in enumerate(asked, 1):
        for name, ranking in ranked(runtime, question).items():
            for metric, measured in _METRICS.items():
                values[name][metric].append(measured(ranking, question.gold, _CUT))
        progress("baselines", number, len(asked))
    return {n: {m: mean(found) for m, found in by.items()} for n, by in values.items()}


def ranked(runtime: Runtime, question: Question) -> dict[str, list[str]]:
    """Document names by baseline, best first."""
    retriever, groups = runtime.retriever, question.principal.groups
    dense = StoreQuery(groups, retriever.embed(question.question).tolist(), limit=_DEPTH)
    sparse = StoreQuery(groups, sparse=retriever.sparse.query(question.question), limit=_DEPTH)
    halves = [runtime.store.search(sparse), runtime.store.search(dense)]
    names = _names(runtime, question, [hit for half in halves for hit in half])
    chunks = [[hit.chunk.id for hit in half if hit.chunk.id in names] for half in halves]
    rankings = dict(zip(NAMES, [*chunks, fused(chunks)], strict=True))
    return {name: first_ranks(names[chunk] for chunk in ids) for name, ids in rankings.items()}


def fused(rankings: Sequence[Sequence[str]]) -> list[str]:
    """Reciprocal rank fusion; of equals, the one met first."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, 1):
            scores[item] = scores.get(item, 0.0) + 1 / (_K + rank)
    return sorted(scores, key=lambda item: -scores[item])


def _names(runtime: Runtime, question: Question, hits: Sequence[Hit]) -> dict[str, str]:
    """Names of the documents by chunk id, of the versions that answer and are not left out."""
    documents = runtime.library.get_many({hit.chunk.document_id for hit in hits})
    answering = {(d.id, d.version): d.name for d in documents.values()}
    found = {}
    for hit in hits:
        name = answering.get((hit.chunk.document_id, hit.chunk.version))
        if name is not None and name not in question.left_out:
            found[hit.chunk.id] = name
    return found
