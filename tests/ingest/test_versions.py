"""Versions that answer from and until a moment, that come back, and that are let go of."""

from datetime import timedelta
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from rag.retrieve import Retriever
from rag.store.sparse import SparseEncoder
from rag.trace import open_tracer
from rag.types import EVERYONE, Principal, State
from serving.errors import RejectedFile
from tests.ingest.stopped_clock import START, StoppedClock

NAME = "leave.txt"


def day(number: float) -> str:
    return (START + timedelta(days=number)).isoformat()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def add(pipeline, tmp_path):
    def add(days: int, name=NAME, **dates):
        path = tmp_path / "source.txt"
        path.write_text(f"Annual leave\n\nEvery employee has {days} days of annual leave.\n")
        return pipeline.process(pipeline.accept(path, name, **dates).id)

    return add


@pytest.fixture
def ask(library, store, counting):
    """How many days of leave the documents say that there are now; who asks is in these groups."""

    def ask(*groups: str) -> set[int]:
        retriever = Retriever(store, library, counting, SparseEncoder(), 50)
        principal = Principal("a", frozenset(groups or {EVERYONE}))
        tracer = open_tracer(None)
        with tracer.trace("ask") as step:
            found = retriever.passages("How many days of annual leave?", principal, 8, step)
        tracer.close()
        return {int(p.chunk.text.split(" days")[0].split()[-1]) for p in found}

    return ask


def held(store, document) -> set[str]:
    return {chunk.version for chunk in store.chunks(document.id)}


def test_a_version_ahead_of_its_time_answers_from_its_moment(add, ask, clock, pipeline, store):
    old = add(28)
    new = add(30, valid_from=day(10))
    assert (new.state, new.version) == (State.READY, old.version)
    assert len(held(store, new)) == 2
    assert ask() == {28}
    clock.time = START + timedelta(days=10) - timedelta(milliseconds=1)
    assert ask() == {28}
    clock.go(10)
    assert ask() == {30}, "nobody has noted it yet"
    assert pipeline.library.get(old.id).version != old.version
    assert pipeline.library.count_readable(frozenset({EVERYONE})) == 1
    assert pipeline.maintain() == 1
    assert ask() == {30}
    assert held(store, old) == {pipeline.library.get(old.id).version}
    assert pipeline.maintain() == 0


def test_until_maintained_its_own_groups_may_read_it(add, ask, clock, pipeline):
    add(28, groups=["hr"])
    add(30, groups=["hr", EVERYONE], valid_from=day(10))
    assert (ask("hr"), ask(EVERYONE)) == ({28}, set())
    clock.go(11)
    assert (ask("hr"), ask(EVERYONE)) == ({30}, {30})
    pipeline.maintain()
    assert (ask("hr"), ask(EVERYONE)) == ({30}, {30})
    assert pipeline.library.list(frozenset({EVERYONE}))


def test_nothing_answers_after_the_end_and_the_previous_does_not_come_back(
    add, ask, clock, pipeline, store
):
    add(28)
    document = add(30, valid_until=day(5))
    clock.time = START + timedelta(days=5) - timedelta(milliseconds=1)
    assert ask() == {30}
    clock.go(5)
    assert ask() == set()
    shown = pipeline.library.get(document.id)
    assert (shown.version, shown.sha256, shown.valid_until) == (
        "",
        document.sha256,
        document.valid_until,
    )
    assert pipeline.library.count_readable(frozenset({EVERYONE})) == 0
    assert (pipeline.maintain(), pipeline.maintain()) == (1, 0)
    assert store.count(document.id) == 0
    assert pipeline.library.get(document.id).state is State.READY
    pipeline.recover()
    assert not pipeline.library.unfinished()


@pytest.mark.parametrize("maintained", [True, False])
def test_a_longer_validity_brings_it_back(add, ask, clock, pipeline, maintained):
    document = add(30, valid_until=day(5))
    clock.go(6)
    if maintained:
        pipeline.maintain()
    pipeline.set_validity(document.id, document.version, "", day(20))
    pipeline.process(document.id)
    assert ask() == {30}
    clock.go(20)
    assert ask() == set()


def test_a_first_version_may_be_ahead_and_may_be_put_off(add, ask, clock, pipeline):
    document = add(30, valid_from=day(2))
    assert (document.state, document.version, ask()) == (State.READY, "", set())
    (version,) = pipeline.library.versions(document.id)
    pipeline.set_validity(document.id, version.version, day(4))
    clock.go(3)
    assert ask() == set()
    clock.go(4)
    assert ask() == {30}


def test_three_versions_each_in_its_time(add, ask, clock, pipeline):
    add(28)
    add(32, valid_from=day(20))
    add(30, valid_from=day(10), valid_until=day(30))
    for number, days in ((1, 28), (10, 30), (20, 32), (40, 32)):
        clock.go(number)
        assert ask() == {days}
        if number != 10:
            pipeline.maintain()


def test_what_comes_meanwhile_answers_until_then(add, ask, clock, pipeline):
    add(28)
    add(32, valid_from=day(20))
    add(29)
    assert ask() == {29}
    clock.go(20)
    assert ask() == {32}


def test_late_switch_wins_over_one_that_was_due_before(add, ask, clock, pipeline):
    add(28)
    add(30, valid_from=day(1))
    clock.go(2)
    add(31)  # nobody has maintained since
    assert ask() == {31}
    pipeline.maintain()
    assert ask() == {31}


def test_taking_a_date_back_lets_it_answer_at_once(add, ask, pipeline):
    old = add(28)
    add(30, valid_from=day(10))
    ahead = next(v for v in pipeline.library.versions(old.id) if not v.answers)
    assert pipeline.set_validity(old.id, ahead.version).version == ahead.version
    assert ask() == {30}


def test_the_same_file_again_changes_no_dates(add, ask, clock, counting):
    document = add(28)
    add(30, valid_from=day(10), valid_until=day(20))
    embedded = counting.passages
    assert add(30).version == document.version
    assert counting.passages == embedded
    clock.go(12)
    assert ask() == {30}
    clock.go(21)
    add(30)
    assert ask() == set()


def test_a_lost_index_is_rebuilt_with_what_is_ahead(add, ask, clock, pipeline, store):
    document = add(28)
    add(30, valid_from=day(10))
    add(32, valid_from=day(20))
    list(pipeline.rebuild())
    assert len(held(store, document)) == 3
    for number, days in ((0, 28), (10, 30), (20, 32)):
        clock.go(number)
        assert ask() == {days}


@pytest.mark.parametrize(
    ("dates", "says"),
    [
        ({"valid_from": "soon"}, "'soon' is no date"),
        ({"valid_from": day(2), "valid_until": day(1)}, "before the start"),
        ({"valid_from": day(2), "valid_until": day(2)}, "before the start"),
    ],
)
def test_dates_that_make_no_sense_are_rejected(add, dates, says):
    with pytest.raises(RejectedFile, match=says):
        add(28, **dates)


def test_every_version_is_listed_and_comes_back_when_asked_for(
    add, ask, clock, pipeline, store, counting
):
    for days in (28, 29, 30):
        add(days)
        clock.time += timedelta(seconds=1)
    document = add(30)
    versions = pipeline.library.versions(document.id)
    assert [version.answers for version in versions] == [True, False, False]
    assert all(version.chunks == 1 and version.size for version in versions)
    embedded = counting.passages
    waiting = pipeline.roll_back(document.id, versions[-1].version)
    assert (waiting.state, waiting.version, ask()) == (State.WAITING, document.version, {30})
    done = pipeline.process(document.id)
    assert (done.version, ask()) == (versions[-1].version, {28})
    assert counting.passages == embedded + 1
    assert held(store, done) == {done.version}
    assert [v.answers for v in pipeline.library.versions(document.id)] == [True, False, False]
    assert pipeline.roll_back(document.id, done.version) == done
    with pytest.raises(KeyError):
        pipeline.roll_back(document.id, "0" * 16)


def test_a_version_whose_validity_ended_comes_back_without_limits(add, ask, clock, pipeline):
    document = add(28, valid_until=day(3))
    clock.go(4)
    pipeline.maintain()
    pipeline.roll_back(document.id, pipeline.library.versions(document.id)[0].version)
    pipeline.process(document.id)
    assert ask() == {28}
    clock.go(400)
    assert ask() == {28}


def test_old_versions_are_let_go_of_but_none_in_play(
    library, store, counting, settings, tmp_path, clock, add
):
    few = Pipeline(library, store, counting, settings.model_copy(update={"keep_versions": 2}))
    path: Path = tmp_path / "source.txt"

    def put(days: int, **dates):
        clock.time += timedelta(seconds=1)
        path.write_text(f"Annual leave\n\nEvery employee has {days} days of annual leave.\n")
        return few.process(few.accept(path, NAME, **dates).id)

    first = put(20)
    ahead = put(40, valid_from=day(30))
    kept = library.original(next(v.sha256 for v in library.versions(ahead.id) if not v.answers))
    for days in (21, 22, 23):
        document = put(days)
    assert len(library.versions(document.id)) == 3, "two, and the one that is ahead"
    assert kept.exists()
    assert not library.original(first.sha256).exists()
    assert not library.files.has_reading(first.sha256)
    with pytest.raises(KeyError):
        few.roll_back(document.id, first.version)
    few.close()
