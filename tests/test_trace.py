"""Traces in the local store: a round trip, failures, retention, no vectors."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store import IndexedChunk, SparseVector, StoreQuery
from rag.trace import Tracer, open_tracer
from rag.trace_store import Row, TraceStore
from rag.trace_values import dumps, plain
from rag.types import Chunk


@pytest.fixture
def tracer(tmp_path: Path) -> Iterator[Tracer]:
    before = set(threading.enumerate())
    opened = open_tracer(TraceStore(tmp_path / "traces.sqlite"))
    yield opened
    opened.close()
    assert set(threading.enumerate()) <= before


def _store(tracer: Tracer) -> TraceStore:
    assert tracer.store is not None
    tracer.flush()
    return tracer.store


def test_round_trip(tracer: Tracer) -> None:
    with tracer.trace("ask", input="Сколько дней?", user="anna", session="s1", tags=["a"]) as root:
        with root.step("retrieve", kind="retriever", input={"question": "x"}) as retrieve:
            with retrieve.step("embed", kind="embedding") as embed:
                embed.generation(model="e5", input_tokens=4)
            retrieve.set(output=[{"document": "leave.pdf", "score": 0.5}], metadata={"hits": 1})
        with root.step("generate", kind="generation", input="[1] literal brackets") as generate:
            generate.generation(model="m", parameters={"temperature": 0}, output_tokens=7)
            generate.first_token()
        root.set(output="28 дней", metadata={"mode": "written", "refused": False})
    store = _store(tracer)

    (summary,) = store.recent()
    assert summary.id == root.trace_id
    assert (summary.question, summary.mode, summary.refused) == ("Сколько дней?", "written", False)
    assert (summary.user, summary.session, summary.tags) == ("anna", "s1", ("a",))
    assert summary.error == ""
    assert summary.duration_ms >= 0
    found = store.get(root.trace_id)
    assert found is not None
    assert found.root.output == "28 дней"
    assert [step.name for step in found.root.steps] == ["retrieve", "generate"]
    retrieved, generated = found.root.steps
    assert retrieved.kind == "retriever"
    assert retrieved.input == {"question": "x"}
    assert retrieved.output == [{"document": "leave.pdf", "score": 0.5}]
    assert retrieved.metadata == {"hits": 1}
    assert retrieved.steps[0].metadata == {"model": "e5", "usage": {"input": 4}}
    assert 0 <= retrieved.start_ms <= retrieved.steps[0].start_ms
    assert retrieved.steps[0].duration_ms <= retrieved.duration_ms
    assert generated.input == "[1] literal brackets"
    assert generated.metadata["parameters"] == {"temperature": 0}
    assert generated.metadata["usage"] == {"output": 7}
    assert isinstance(generated.metadata["time_to_first_token_ms"], float)


def test_a_failing_step_is_recorded_and_the_exception_goes_on(tracer: Tracer) -> None:
    with (
        pytest.raises(OSError, match="no route"),
        tracer.trace("ask", input="q") as root,
        root.step("generate", kind="generation"),
    ):
        raise OSError("no route")
    store = _store(tracer)
    assert store.recent()[0].error == "OSError: no route"
    found = store.get(root.trace_id)
    assert found is not None
    assert found.root.steps[0].error == "OSError: no route"


def test_a_handled_failure_marks_only_its_step(tracer: Tracer) -> None:
    with tracer.trace("ask", input="q") as root, root.step("generate") as step:
        step.fail("The model server does not answer.")
    found = _store(tracer).get(root.trace_id)
    assert found is not None
    assert found.summary.error == ""
    assert found.root.steps[0].error == "The model server does not answer."


def test_a_generator_closed_in_another_thread_is_cancelled(tracer: Tracer) -> None:
    ids: list[str] = []

    def answer() -> Iterator[str]:
        with tracer.trace("ask", input="q") as root, root.step("stream"):
            ids.append(root.trace_id)
            yield "first"
            yield "second"

    stream = answer()
    assert next(stream) == "first"
    closer = threading.Thread(target=stream.close)  # type: ignore[attr-defined]
    closer.start()
    closer.join()
    found = _store(tracer).get(ids[0])
    assert found is not None
    assert found.summary.error == "cancelled"
    assert found.root.steps[0].error == "cancelled"


def test_two_traces_interleaved_keep_their_own_steps(tracer: Tracer) -> None:
    with (
        tracer.trace("ask", input="one") as one,
        tracer.trace("ask", input="two") as two,
        one.step("of one"),
        two.step("of two"),
    ):
        pass
    store = _store(tracer)
    for root, name in ((one, "of one"), (two, "of two")):
        found = store.get(root.trace_id)
        assert found is not None
        assert [step.name for step in found.root.steps] == [name]
    assert one.trace_id != two.trace_id


def test_no_vector_gets_in(tracer: Tracer, tmp_path: Path) -> None:
    marker = 0.123456789
    chunk = IndexedChunk(
        Chunk("c", "d", "v", 0, "text"), [marker] * 4, SparseVector((7,), (marker,)), ("all",)
    )
    query = StoreQuery(frozenset({"a"}), dense=(marker,) * 4, sparse=SparseVector((7,), (marker,)))
    with tracer.trace("ask", input={"long": [marker] * 384}) as root:
        root.set(output=np.full((2, 3), marker), metadata={"embedding": [marker], "query": query})
        with root.step("search", input=chunk) as step:
            step.set(output={"vectors": [[marker], [marker]], "score": 0.5})
    found = _store(tracer).get(root.trace_id)
    assert found is not None
    assert found.root.input == {"long": {"numbers": 384}}
    assert found.root.output == {"shape": [2, 3]}
    assert found.root.metadata["embedding"] == {"numbers": 1}
    assert found.root.steps[0].output == {"vectors": {"vectors": 2}, "score": 0.5}
    tracer.flush()
    dump = "\n".join(sqlite3.connect(tmp_path / "traces.sqlite").iterdump())
    assert "0.5" in dump
    assert str(marker) not in dump


def test_old_traces_are_forgotten_at_opening(tmp_path: Path) -> None:
    def row(trace_id: str, age_days: float) -> Row:
        start = time.time_ns() - int(age_days * 86_400e9)
        return Row(trace_id, "s", "", "ask", "chain", start, start, "q", None, {}, "", "", "", ())

    store = TraceStore(tmp_path / "t.sqlite", days=30)
    store.add([row("old", 31), row("young", 29)])
    store.close()
    store = TraceStore(tmp_path / "t.sqlite", days=30)
    assert [summary.id for summary in store.recent()] == ["young"]
    assert store.get("old") is None
    store.close()


def test_recent_is_newest_first_limited_and_by_user(tracer: Tracer) -> None:
    for number in range(4):
        with tracer.trace("ask", input=str(number), user="even" if number % 2 == 0 else "odd"):
            pass
    store = _store(tracer)
    assert [summary.question for summary in store.recent(3)] == ["3", "2", "1"]
    assert [summary.question for summary in store.recent(user="even")] == ["2", "0"]
    oldest = store.recent()[-1]
    assert store.recent(before=oldest.started_at) == []


def test_half_a_surrogate_pair_does_not_lose_the_trace(tracer: Tracer) -> None:
    with tracer.trace("ask", input="broken \ud83d question"):
        pass
    assert _store(tracer).recent()[0].question == "broken ? question"


def test_without_a_destination_it_still_has_ids() -> None:
    tracer = open_tracer(None)
    with tracer.trace("ask", input="q") as root, root.step("x") as step:
        step.set(output="y")
    assert len(root.trace_id) == 32
    tracer.close()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.frozensets(st.text()),
    max_leaves=20,
)


@given(_VALUES)
def test_plain_is_always_writable_and_changes_nothing_twice(value: object) -> None:
    once = plain(value)
    assert plain(once) == once
    dumps(once).encode("utf-8")
