"""The Traces page, on traces of real questions and on steps made by hand."""

from streamlit.testing.v1 import AppTest

from app.services import Services
from app.texts import texts
from app.traces import passages_in, readable, walk, waterfall_html
from rag.trace_store import TraceStep
from rag.types import Principal

EN = texts("en")


def page() -> None:
    from app import traces
    from app.services import current
    from app.texts import texts

    traces.show(current(), texts("en"))


def step(name: str, start: float, duration: float, *inner: TraceStep, error: str = "") -> TraceStep:
    return TraceStep(name, "span", start, duration, None, None, {}, error, inner)


def test_a_real_question_is_listed_with_its_steps_and_passages(provided: Services):
    question = "What is the daily allowance for travel within the country?"
    answerer = provided.runtime.answerer
    list(answerer.ask(question, Principal("local")))
    provided.runtime.tracer.flush()
    at = AppTest.from_function(page, default_timeout=20).run()
    assert not at.exception
    listed, passages = (frame.value for frame in at.dataframe)
    assert listed["question"].iloc[0] == question
    assert listed["outcome"].iloc[0] == EN("outcome.extractive")
    assert "policy.pdf" in set(passages["document"])
    bars = "".join(e.proto.body for e in at.get("html"))
    for name in ("retrieve", "embed", "score sentences"):
        assert name in bars


def test_bars_stand_where_the_steps_were_and_errors_are_told():
    lost = step("generate", 50, 50, error="<ModelUnavailable>: gone")
    root = step("ask", 0, 200, step("retrieve", 0, 20), lost)
    bars = waterfall_html(root)
    assert "left: 25.00%; width: 25.00%" in bars
    assert "fn-bad" in bars
    assert "&lt;ModelUnavailable&gt;: gone" in bars
    assert [s.name for s in walk(root)] == ["ask", "retrieve", "generate"]


def test_a_step_that_outlives_its_trace_stays_inside_the_picture():
    assert "left: 100.00%; width: 0.00%" in waterfall_html(step("a", 0, 10, step("b", 30, 5)))


def test_passages_are_found_in_lists_of_objects_with_a_score():
    found = [{"document": "a.pdf", "score": 0.5, "boxes": [1]}, {"text": "no score"}]
    assert passages_in(found) == [{"document": "a.pdf", "score": 0.5}]
    assert passages_in({"passages": found}) == [{"document": "a.pdf", "score": 0.5}]
    assert passages_in("text") == []


def test_a_prompt_is_read_message_by_message():
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}]
    assert readable(messages) == "[system]\nBe brief.\n\n[user]\nWhy?"
    assert readable("as it is") == "as it is"
