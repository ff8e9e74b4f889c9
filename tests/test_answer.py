"""From a question to an answer, with the real store, model and catalogue; only the language
model is a script behind the real client."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from rag.answer import Answerer
from rag.answers import Answer, Answered, Mode, Retrieved, Said, Support, Turn
from rag.runtime import Runtime
from rag.trace_store import StoredTrace, TraceStep
from rag.types import EVERYONE, Principal, document_id
from serving.errors import RejectedQuestion
from serving.language_model import open_language_model
from tests.openai_server import OpenAIServer, says

DATA = Path(__file__).parent.parent / "data" / "organisation"
TEXTS = {
    "boiler.md": "# Heating\n\nThe boiler of the north wing is serviced every October by "
    "Hartmann GmbH. A call costs 90 EUR.\n",
    "parking.md": "# Parking\n\nStaff park on level 2. A pass costs 35 EUR per month.\n",
    "pool.md": "# Бассейн\n\nБассейн открыт с 7 до 22 часов. Абонемент стоит 4000 рублей.\n",
    "garden.md": "# Garden\n\nThe roof garden is watered by Olga Petrova on Fridays.\n",
}
SECRET = "# Merger\n\nThe merger with Nordlicht AG is signed on 3 March 2027.\n"
STAFF = Principal("ann", frozenset({EVERYONE}))
BOARD = Principal("bob", frozenset({EVERYONE, "board"}))
BOILER = "Who services the boiler of the north wing?"


@pytest.fixture(scope="module")
def runtime(empty_runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    folder = tmp_path_factory.mktemp("answer")
    for name, text in TEXTS.items():
        ingest(empty_runtime, folder, name, text)
    ingest(empty_runtime, folder, "merger.md", SECRET, ["board"])
    pipeline = pipeline_of(empty_runtime)
    manual = pipeline.accept(DATA / "travel" / "travel-policy-2025.pdf", "travel.pdf")
    pipeline.process(manual.id)
    return empty_runtime


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def pipeline_of(runtime: Runtime) -> Pipeline:
    return Pipeline(runtime.library, runtime.store, runtime.embedder, runtime.settings)


def ingest(
    runtime: Runtime, folder: Path, name: str, text: str, groups: Sequence[str] = (EVERYONE,)
) -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    pipeline = pipeline_of(runtime)
    pipeline.process(pipeline.accept(path, name, groups).id)


def writing(runtime: Runtime, server: OpenAIServer, unsupported: str = "remove") -> Answerer:
    llm = open_language_model(server.url, "scripted-8b", "", 5.0)
    assert unsupported in ("remove", "mark")
    mode = "mark" if unsupported == "mark" else "remove"
    return replace(runtime.answerer, llm=llm, unsupported=mode)


def ask(answerer: Answerer, question: str, principal: Principal = STAFF) -> Answer:
    *_, last = answerer.ask(question, principal)
    assert isinstance(last, Answered)
    return last.answer


def trace_of(runtime: Runtime, answer: Answer) -> StoredTrace:
    runtime.tracer.flush()
    assert runtime.tracer.store
    found = runtime.tracer.store.get(answer.trace_id)
    assert found
    return found


def steps(step: TraceStep) -> dict[str, TraceStep]:
    found = {step.name: step}
    for inner in step.steps:
        found |= steps(inner)
    return found


def names(answer: Answer) -> list[str]:
    return [citation.passage.document.name for citation in answer.citations]


# Extractive


def test_an_extractive_answer_quotes_the_document_word_for_word(runtime: Runtime) -> None:
    answer = ask(runtime.answerer, BOILER)
    assert answer.mode is Mode.EXTRACTIVE
    assert answer.sentences[0].text in TEXTS["boiler.md"]
    assert "Hartmann GmbH" in answer.sentences[0].text
    assert names(answer)[0] == "boiler.md"
    assert answer.citations[0].quote == answer.sentences[0].text
    assert {sentence.support for sentence in answer.sentences} == {Support.QUOTED}


def test_a_russian_question_is_answered_in_russian(runtime: Runtime) -> None:
    answer = ask(runtime.answerer, "Сколько стоит абонемент в бассейн?")
    assert answer.language == "ru"
    assert "4000 рублей" in " ".join(s.text for s in answer.sentences)
    assert names(answer)[0] == "pool.md"


def test_a_russian_question_reaches_an_english_document(runtime: Runtime) -> None:
    answer = ask(runtime.answerer, "Кто поливает сад на крыше здания по пятницам?")
    assert "garden.md" in names(answer)


def test_events_come_in_order_and_the_last_repeats_what_was_said(runtime: Runtime) -> None:
    first, *said, last = runtime.answerer.ask(BOILER, STAFF)
    assert isinstance(first, Retrieved)
    assert isinstance(last, Answered)
    assert [event.sentence for event in said if isinstance(event, Said)] == list(
        last.answer.sentences
    )


def test_a_quotation_from_a_pdf_has_boxes_on_its_page(runtime: Runtime) -> None:
    answer = ask(runtime.answerer, "What is the per diem in Kazakhstan from 1 January 2025?")
    cited = next(c for c in answer.citations if c.passage.document.name == "travel.pdf")
    assert cited.boxes
    assert {box.page for box in cited.boxes} <= {1, 2, 3}


# Refusing and access


def test_what_is_not_there_is_refused_without_asking_a_model(
    runtime: Runtime, server: OpenAIServer
) -> None:
    answer = ask(writing(runtime, server), "Who won the chess world championship in 1972?")
    assert answer.refused
    assert answer.searched == len(TEXTS) + 1
    assert answer.closest
    assert server.asked == []


def test_a_document_of_others_is_nowhere_in_an_answer(runtime: Runtime) -> None:
    question = "When is the merger with Nordlicht AG signed?"
    for event in runtime.answerer.ask(question, STAFF):
        for word in ("merger.md", "Merger", "March", "2027"):
            assert word not in repr(event)
    assert names(ask(runtime.answerer, question, BOARD)) == ["merger.md"]


@pytest.mark.parametrize("question", ["", "  \n", "?!", "x" * 20_000])
def test_a_question_that_is_none_is_rejected_at_once(runtime: Runtime, question: str) -> None:
    with pytest.raises(RejectedQuestion, match="question"):
        next(runtime.answerer.ask(question, STAFF))


# Written


def test_a_written_answer_is_verified_and_cited(runtime: Runtime, server: OpenAIServer) -> None:
    server.replies.append(says("Hartmann GmbH services the boiler of the north wing [1]."))
    answer = ask(writing(runtime, server), BOILER)
    assert answer.mode is Mode.WRITTEN
    assert answer.text == "Hartmann GmbH services the boiler of the north wing. [1]"
    assert names(answer) == ["boiler.md"]
    prompt = server.asked[0]["messages"]
    assert prompt[0]["role"] == "system"
    assert '<passage number="1" source="boiler.md" date="' in prompt[-1]["content"]


@pytest.mark.parametrize("unsupported", ["remove", "mark"])
def test_an_invented_sentence_is_removed_or_marked(
    runtime: Runtime, server: OpenAIServer, unsupported: str
) -> None:
    server.replies.append(
        says("Hartmann GmbH services the boiler of the north wing [1]. A call costs 250 EUR [1].")
    )
    answer = ask(writing(runtime, server, unsupported), BOILER)
    shown = [s.support for s in answer.sentences]
    expected = [Support.SUPPORTED] + [Support.UNSUPPORTED] * (unsupported == "mark")
    assert shown == expected


def test_not_found_is_a_refusal(runtime: Runtime, server: OpenAIServer) -> None:
    server.replies.append(says("I am sorry. NOT_FOUND"))
    answer = ask(writing(runtime, server), BOILER)
    assert answer.refused
    assert answer.closest


@pytest.mark.parametrize("unsupported", ["remove", "mark"])
def test_a_reply_without_support_gives_way_to_quotations(
    runtime: Runtime, server: OpenAIServer, unsupported: str
) -> None:
    server.replies.append(says("Lions live in the savannah of Kenya [1]."))
    answer = ask(writing(runtime, server, unsupported), BOILER)
    assert (answer.mode, answer.notice) == (Mode.EXTRACTIVE, "model_unsupported")


def test_a_model_that_is_gone_gives_way_to_quotations(runtime: Runtime) -> None:
    with OpenAIServer() as gone:
        answerer = writing(runtime, gone)
    answer = ask(answerer, BOILER)
    assert (answer.mode, answer.notice) == (Mode.EXTRACTIVE, "model_unavailable")
    assert "Hartmann" in answer.text
    failed = steps(trace_of(runtime, answer).root)["generate"]
    assert "does not answer" in failed.error


def test_what_was_said_stays_when_the_model_dies(runtime: Runtime, server: OpenAIServer) -> None:
    server.replies.append(
        says("Hartmann GmbH services the boiler of the north wing [1]. A call co", dies=True)
    )
    answer = ask(writing(runtime, server), BOILER)
    assert (answer.mode, answer.notice) == (Mode.WRITTEN, "model_interrupted")
    assert [s.text for s in answer.sentences] == [
        "Hartmann GmbH services the boiler of the north wing."
    ]


def test_who_leaves_stops_the_model_and_the_trace_says_cancelled(
    runtime: Runtime, server: OpenAIServer
) -> None:
    server.replies.append(says("Hartmann GmbH services the boiler of the north wing [1]. " * 200))
    events = writing(runtime, server).ask(BOILER, STAFF)
    while not isinstance(next(events), Said):
        pass
    events.close()
    assert server.hung_up.wait(10)
    runtime.tracer.flush()
    assert runtime.tracer.store
    assert runtime.tracer.store.recent(1)[0].error == "cancelled"


def test_a_follow_up_is_searched_with_the_question_before_it(
    runtime: Runtime, server: OpenAIServer
) -> None:
    history = [Turn("What does a parking pass cost?", "35 EUR per month [1].")]
    *_, last = runtime.answerer.ask("And per call?", STAFF, history)
    assert isinstance(last, Answered)
    retrieve = steps(trace_of(runtime, last.answer).root)["retrieve"]
    assert retrieve.input == "parking pass cost And per call?"


# Traces, threads, versions


def test_the_trace_holds_every_step_and_no_vector(runtime: Runtime, server: OpenAIServer) -> None:
    server.replies.append(says("Hartmann GmbH services the boiler of the north wing [1]."))
    trace = trace_of(runtime, ask(writing(runtime, server), BOILER))
    found = steps(trace.root)
    assert found.keys() >= {
        "retrieve", "embed", "search", "score sentences", "refuse?", "generate", "verify", "locate"
    }  # fmt: skip
    assert "boiler.md" in repr(found["generate"].input)
    assert found["embed"].output is None
    assert all(step.duration_ms >= 0 for step in found.values())


def test_eight_askers_at_once_get_each_their_own_answer(runtime: Runtime) -> None:
    questions = [BOILER, "Сколько стоит абонемент в бассейн?", "What does a parking pass cost?"] * 8
    alone = {question: ask(runtime.answerer, question).text for question in questions}
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda q: ask(runtime.answerer, q).text, questions))
    assert together == [alone[question] for question in questions]


def test_while_a_document_changes_the_old_or_the_new_answers(
    runtime: Runtime, tmp_path: Path
) -> None:
    def version(number: int) -> str:
        return f"# Turbine\n\nThe turbine of the south wing runs at {number} rpm.\n"

    ingest(runtime, tmp_path, "turbine.md", version(1000))
    seen: list[str] = []
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            answer = ask(runtime.answerer, "How fast does the turbine of the south wing run?")
            seen.append(answer.text)

    asker = threading.Thread(target=keep_asking)
    asker.start()
    for number in range(1001, 1011):
        ingest(runtime, tmp_path, "turbine.md", version(number))
    done.set()
    asker.join()
    assert len(seen) > 10
    for text in seen:
        assert sum(f"{number} rpm" in text for number in range(1000, 1011)) == 1
    assert runtime.store.count(document_id("turbine.md")) == 1


def test_parts_of_a_new_topic_do_not_lean_on_what_was_said(runtime: Runtime) -> None:
    history = [Turn("Who services the boiler of the north wing?", "Hartmann GmbH.")]
    question = "What does a parking pass cost and who waters the roof garden?"
    *_, last = runtime.answerer.ask(question, STAFF, history)
    assert isinstance(last, Answered)
    assert "boiler" not in last.answer.search
    assert names(last.answer) == ["parking.md", "garden.md"]
