"""Each reason is given for a document that it is true of, by the real search over real files."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ingest.pipeline import Pipeline
from rag import explain as module
from rag.explain import explain
from rag.explanation import Explanation, Outcome
from rag.retrieve import Retriever
from rag.runtime import Runtime
from rag.types import Principal, State, document_id
from rag.understand import Understood
from serving.errors import Forbidden

ME = Principal("analyst", frozenset({"everyone", "hr"}))
ANYONE = Principal("anyone")
QUESTION = "What is the daily allowance for travel to Kazakhstan?"
FILES = {
    "travel.txt": "The daily allowance for travel to Kazakhstan is 60 euros a day.",
    "travel-ru.txt": "Суточные при командировке в Казахстан составляют 60 евро за каждый день.",
    "salary.txt": "The salary of the head of finance is 9000 euros a month.",
    "old.txt": "The daily allowance for travel to Kazakhstan was 30 euros in the old days.",
    "next.txt": "The daily allowance for travel to Kazakhstan will be 90 euros some day.",
    "empty.txt": "",
    **{
        f"notes/{n:02}.txt": f"The canteen of building {n} serves soup number {n} at noon."
        for n in range(50)
    },
    **{
        f"trips/{n:02}.txt": f"Travel report {n}: the trip to town {n} took {n} days by train."
        for n in range(30)
    },
}
DATES = {
    "old.txt": {"valid_until": "2020-01-01"},
    "next.txt": {"valid_from": "2999-01-01"},
}


@pytest.fixture(scope="module")
def library(empty_runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    folder = tmp_path_factory.mktemp("files")
    runtime = empty_runtime
    pipeline = Pipeline(runtime.library, runtime.store, runtime.embedder, runtime.settings)
    try:
        for name, text in FILES.items():
            path = folder / name.replace("/", "-")
            path.write_text(text, "utf-8")
            groups = ("hr",) if name == "salary.txt" else ("everyone",)
            accepted = pipeline.accept(path, name, groups, **DATES.get(name, {}))
            pipeline.process(accepted.id)
        waiting = folder / "waiting.txt"
        waiting.write_text("The daily allowance waits.")
        pipeline.accept(waiting, "waiting.txt")
        yield runtime
    finally:
        pipeline.close()


def told(
    runtime: Runtime, name: str, question: str = QUESTION, principal: Principal = ME
) -> Explanation:
    return explain(runtime.answerer, question, document_id(name), principal, ME)


def test_the_document_that_answers_stands_first_in_every_step(library: Runtime) -> None:
    found = told(library, "travel.txt")
    assert found.outcome is Outcome.QUOTED
    (part,) = found.parts
    assert (part.dense.rank, part.sparse.rank, part.fused.rank, part.ranked.rank) == (1, 1, 1, 1)
    assert part.dense.score == pytest.approx(part.decision.features.similarity)
    assert part.sparse.score > 1
    assert "kazakhstan" in part.terms
    assert part.missing == ()
    assert part.sentences[0][0].text == FILES["travel.txt"]
    assert part.sentences[0][1]
    assert part.other_language is None


def test_what_is_told_is_what_the_search_found(library: Runtime) -> None:
    """Ranks and scores of all documents, against one search that nobody watched."""
    with library.tracer.trace("test") as trace:
        passages = library.retriever.passages(QUESTION, ME, library.settings.passages, trace)
    for rank, passage in enumerate(passages, start=1):
        (part,) = told(library, passage.document.name).parts
        assert (part.ranked.rank, part.ranked.chunk) == (rank, passage.chunk)
        assert part.ranked.score == pytest.approx(passage.score, abs=1e-4)
        assert part.outcome > Outcome.NOT_KEPT


def test_another_language_takes_part_by_meaning_only(library: Runtime) -> None:
    (part,) = told(library, "travel-ru.txt").parts
    assert part.sparse.rank == 0
    assert part.sparse.chunk is None
    assert part.other_language is not None
    assert part.other_language.rank == 1
    assert part.dense.rank == 2
    assert part.outcome >= Outcome.PASSAGE


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("old.txt", Outcome.EXPIRED),
        ("next.txt", Outcome.NOT_YET),
        ("empty.txt", Outcome.NOT_READ),
        ("waiting.txt", Outcome.UNFINISHED),
    ],
)
def test_what_cannot_answer_says_why(library: Runtime, name: str, outcome: Outcome) -> None:
    found = told(library, name)
    assert found.outcome is outcome
    assert found.parts == ()
    if outcome is Outcome.NOT_READ:
        assert found.document.state is State.REJECTED
        assert found.document.reason


def test_access_is_told_to_those_only_who_may_know(library: Runtime) -> None:
    question = "What is the salary of the head of finance?"
    assert told(library, "salary.txt", question).outcome is Outcome.QUOTED
    assert told(library, "salary.txt", question, ANYONE).outcome is Outcome.NO_ACCESS
    hidden = document_id("salary.txt")
    for unknown in (hidden, document_id("no such.txt")):
        with pytest.raises(Forbidden, match="no such document that you may read"):
            explain(library.answerer, question, unknown, ANYONE, ANYONE)


def test_a_document_far_off_is_no_candidate(library: Runtime) -> None:
    few = replace(library.answerer, retriever=replace(library.retriever, candidates=40))
    ids = [document_id(f"notes/{n:02}.txt") for n in range(0, 50, 5)]
    notes = [explain(few, QUESTION, one, ME, ME) for one in ids]
    far = [found.parts[0] for found in notes if found.outcome is Outcome.NO_CANDIDATE]
    assert far
    best = told(library, "travel.txt").parts[0].dense
    for part in far:
        assert part.dense.rank > part.dense.depth
        assert 0 < part.dense.score < best.score
        assert part.sparse.rank == 0
        assert part.fused.rank == 0


def test_a_candidate_is_lost_in_fusion_or_after_ranking(library: Runtime) -> None:
    outcomes = {
        name: told(library, name, "Which travel report tells of a trip by train?")
        for name in FILES
        if name.startswith("trips/")
    }
    kept = [n for n, found in outcomes.items() if found.outcome > Outcome.NOT_KEPT]
    below = [found for found in outcomes.values() if found.outcome is Outcome.NOT_KEPT]
    lost = [found for found in outcomes.values() if found.outcome is Outcome.NOT_FOUND]
    assert len(kept) == library.settings.passages
    assert below
    assert lost
    for found in below:
        assert found.parts[0].fused.passed
        assert found.parts[0].ranked.rank > found.parts[0].ranked.depth
    for found in lost:
        part = found.parts[0]
        assert part.dense.passed or part.sparse.passed
        assert not part.fused.passed


def test_a_question_that_is_not_answered_is_refused_with_its_features(library: Runtime) -> None:
    question = "Who won the chess championship of 1927?"
    with library.tracer.trace("test") as trace:
        closest = library.retriever.passages(question, ME, 1, trace)
    found = told(library, closest[0].document.name, question)
    assert found.outcome is Outcome.REFUSED
    assert not found.parts[0].decision.answer
    assert "chess" in found.parts[0].missing


@dataclass(frozen=True)
class Understanding:
    """What the question means, as a test says."""

    found: Understood

    def __call__(self, *_: Any) -> Understood:
        return self.found


def test_words_that_limit_the_search_are_named(
    library: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = frozenset({document_id("travel-ru.txt")})
    meant = Understood(QUESTION, (QUESTION,), only, "in the Russian one")
    monkeypatch.setattr(module, "understand", Understanding(meant))
    found = told(library, "travel.txt")
    assert found.outcome is Outcome.FILTERED
    assert found.understood.filter == "in the Russian one"
    inside = told(library, "travel-ru.txt")
    assert inside.outcome >= Outcome.PASSAGE
    assert inside.parts[0].dense.rank == 1
    # Where nothing within the filter answers, everything is searched.
    nowhere = frozenset({document_id("notes/01.txt")})
    meant = replace(meant, documents=nowhere, filter="in the notes")
    monkeypatch.setattr(module, "understand", Understanding(meant))
    found = told(library, "travel.txt")
    assert found.filter_dropped
    assert found.outcome is Outcome.QUOTED


def test_a_question_with_several_meanings_is_asked_back(
    library: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    meant = Understood(QUESTION, (QUESTION,), choices=("the old one?", "the new one?"))
    monkeypatch.setattr(module, "understand", Understanding(meant))
    assert told(library, "travel.txt").outcome is Outcome.ASKED_BACK


def test_watching_changes_nothing(library: Runtime) -> None:
    watched = module._Watched.over(library.retriever)
    with library.tracer.trace("test") as trace:
        for limit in (3, 8, 40):
            found = watched.passages(QUESTION, ME, limit, trace)
            plain = Retriever.passages(library.retriever, QUESTION, ME, limit, trace)
            assert [p.chunk.id for p in found] == [p.chunk.id for p in plain]
