"""Ranking passages anew: by their best sentence, by a server, and without it while it fails."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluate.dataset import Row
from rag.evaluate.index import Vectors, fill
from rag.rank import RANKED, SENTENCES, LateScorer, choose, is_question
from rag.retrieve import Retriever
from rag.store.sparse import SparseEncoder
from rag.trace import open_tracer
from rag.types import EVERYONE, Chunk, Document, Passage, Principal, document_id
from serving.rerank_server import open_rerank_server
from tests.rerank_http import RerankServer

FILLING = (
    "The library keeps its books in the basement of the old house. "
    "Visitors are asked to hang their coats in the hall before they go in. "
    "The reading room has forty seats and a view of the river. "
    "Coffee is sold on the ground floor until five in the afternoon. "
)
LOCKER = "The deposit for a locker is two euros and is given back."
READERS = ("Rules for readers", FILLING + LOCKER + " " + FILLING)
OTHERS = [
    ("Lockers", "The locker room was painted last year, and the lockers are grey now."),
    ("Bank", "The bank takes deposits and lends money to the library."),
    ("Coffee", FILLING),
]
QUESTION = "How much is the deposit for a locker?"
ASKER = Principal("a", frozenset({EVERYONE}))


def passage(name: str, text: str, score: float, similarity: float = 0.8) -> Passage:
    document = Document(document_id(name), name, "", "text/plain", "v")
    return Passage(Chunk(name, document.id, "v", 0, text), document, score, similarity)


@pytest.fixture
def filled(empty_runtime, tmp_path):
    rows = [Row(name, name, text, "en", (EVERYONE,)) for name, text in [READERS, *OTHERS]]
    runtime = empty_runtime
    if not runtime.store.count():
        vectors = Vectors(tmp_path / "vectors.sqlite", runtime.embedder)
        fill(rows, runtime.store, runtime.library, runtime.embedder, vectors, lambda *_: None)
        vectors.close()
    return runtime


def ask(retriever: Retriever, limit: int = 4, **options) -> list[Passage]:
    tracer = open_tracer(None)
    with tracer.trace("ask") as step:
        found = retriever.passages(QUESTION, ASKER, limit, step, **options)
    tracer.close()
    return found


def test_the_passage_with_the_sentence_that_answers_comes_first(embedder):
    scorer = LateScorer(embedder.embed_passages, SparseEncoder())
    found = [passage(name, text, 0.5) for name, text in [*OTHERS, READERS]]
    found = [replace(p, similarity=0.80 + at / 100) for at, p in enumerate(found)]
    ranked = scorer.rank(QUESTION, embedder.embed_queries([QUESTION])[0], found)
    assert ranked[0].document.name == "Rules for readers"
    assert sorted(p.document.name for p in ranked) == sorted(p.document.name for p in found)
    assert [p.score for p in ranked] == sorted((p.score for p in ranked), reverse=True)


def test_late_scoring_is_part_of_a_search(filled):
    plain = ask(replace(filled.retriever, late=None))
    late = ask(filled.retriever)
    assert {p.chunk.id for p in plain} == {p.chunk.id for p in late}
    assert late[0].document.name == "Rules for readers"
    assert late[0].similarity == pytest.approx(
        next(p.similarity for p in plain if p.chunk.id == late[0].chunk.id), abs=1e-5
    )
    assert ask(filled.retriever, limit=1) == late[:1]


def test_only_documents_asked_for_are_found(filled):
    bank = frozenset({document_id("Bank")})
    assert [p.document.name for p in ask(filled.retriever, documents=bank)] == ["Bank"]
    assert ask(filled.retriever, documents=frozenset()) == []


def test_those_past_the_first_keep_their_order_below_them(embedder):
    scorer = LateScorer(embedder.embed_passages, SparseEncoder())
    found = [passage(f"d{at}", f"Text number {at}.", 1 - at / 50) for at in range(RANKED + 4)]
    ranked = scorer.rank(QUESTION, embedder.embed_queries([QUESTION])[0], found)
    assert [p.document.name for p in ranked[RANKED:]] == [p.document.name for p in found[RANKED:]]
    assert [p.score for p in ranked] == sorted((p.score for p in ranked), reverse=True)
    assert scorer.rank(QUESTION, np.zeros(embedder.dimension, np.float32), []) == []


def test_few_texts_are_embedded_however_long_the_passages_are(embedder):
    embedded: list[str] = []

    def embed(texts):
        embedded.extend(texts)
        return embedder.embed_passages([text[:20] for text in texts])

    words = [f"Remark {number} of the house rules. " for number in range(40)]
    found = [
        passage(f"d{at}", "".join([f"Volume {at}. ", *words[:at], LOCKER, " ", *words[at:]]), 0.5)
        for at in range(30)
    ]
    LateScorer(embed, SparseEncoder()).rank(QUESTION, np.ones(384, np.float32), found)
    assert len(embedded) <= SENTENCES
    assert embedded.count(LOCKER) == 1, "chosen by the question's words, embedded once"


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("How many days?", True),
        ("who pays for travel", True),
        ("Сколько дней отпуска", True),
        ("Leave, and who may take it?", True),
        ("Use the instance as a dependency", False),
        ("Настройка кластера", False),
        ("Howard's way", False),
        ("155", False),
    ],
)
def test_questions_are_told_from_headings_and_claims(text, asks):
    assert is_question(text) is asks


SENTENCE = st.text(st.sampled_from("ab ж"), max_size=9)


@given(SENTENCE, st.lists(st.lists(SENTENCE, max_size=9), max_size=RANKED))
def test_sentences_are_chosen_of_every_passage_but_never_too_many(question, sentences):
    sparse = SparseEncoder()
    chosen = choose(sparse.terms(question), sentences, sparse)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(SENTENCES, sum(map(len, sentences)))
    assert {at for at, _ in chosen} == {at for at, texts in enumerate(sentences) if texts}
    assert all(sentences[at][number] is not None for at, number in chosen)


@pytest.fixture
def served(filled):
    """The runtime's retriever with a reranking server, and that server."""
    with (
        RerankServer() as server,
        closing(open_rerank_server(server.url, "m", "")) as reranker,
    ):
        yield replace(filled.retriever, reranker=reranker, late=None), server


def test_a_server_ranks_and_its_failure_costs_nobody_the_answer(filled, served):
    retriever, server = served
    found = ask(retriever)
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)
    assert found[0].score > found[-1].score
    assert len(server.requests[0][1]["documents"]) == 4
    server.refuses.set()
    assert ask(retriever) == ask(replace(filled.retriever, late=None))


def test_a_ranking_that_failed_is_noted_in_the_trace(filled, served):
    retriever, server = served
    server.refuses.set()
    with filled.tracer.trace("ask") as step:
        assert retriever.passages(QUESTION, ASKER, 2, step)
    filled.tracer.flush()
    assert "503" in str(filled.tracer.store.get(step.trace_id))
