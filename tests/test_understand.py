"""What a question means: follow-ups, parts, and the one clarifying question."""

import pytest

from rag.answers import Turn
from rag.store.sparse import SparseEncoder
from rag.types import Chunk, Document, Passage
from rag.understand import Understood, clarify
from rag.understand_clarify import unclear
from rag.understand_follow import standalone
from rag.understand_parts import parts

SPARSE = SparseEncoder()


def after(*questions: str) -> list[Turn]:
    return [Turn(question, "") for question in questions]


@pytest.mark.parametrize(
    ("earlier", "question", "search"),
    [
        (["What is the per diem in Kazakhstan?"], "And for managers?", "per diem Kazakhstan"),
        (["Какие суточные в Казахстане?"], "А для руководителей?", "суточные Казахстане"),
        (["Сколько дней отпуска положено?"], "а для подрядчиков?", "дней отпуска положено"),
        (["What is the hotel limit?"], "and in 2024?", "hotel limit"),
        (["When is the boiler serviced?", "Thank you!"], "Who pays for it?", "boiler serviced"),
        (["What does a parking pass cost?", "Who approves it?"], "Why?", "parking pass cost"),
    ],
)
def test_a_question_that_leans_takes_the_thread_along(
    earlier: list[str], question: str, search: str
) -> None:
    found = standalone(question, after(*earlier), SPARSE)
    assert found.startswith(search)
    assert found.endswith(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the hotel limit in Rotterdam from 2025?",
        "Почему суточные в Казахстане выплачиваются в тенге с 2025 года?",
        "What is the password length?",
        "Какой длины должен быть пароль?",
    ],
)
def test_a_new_topic_drops_what_was_said(question: str) -> None:
    history = after("What does a parking pass cost?", "Сколько стоит абонемент в бассейн?")
    assert standalone(question, history, SPARSE) == question
    assert (
        standalone("Who approves it?", [*history, Turn(question, "")], SPARSE).count("parking") == 0
    )


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "What does a parking pass cost? Who services the boiler?",
            ("What does a parking pass cost?", "Who services the boiler?"),
        ),
        (
            "What is the travel policy and who approves it?",
            ("What is the travel policy?", "Travel policy who approves it?"),
        ),
        (
            "Какой лимит на гостиницу и какие документы нужны для отчёта?",
            ("Какой лимит на гостиницу?", "Какие документы нужны для отчёта?"),
        ),
        (
            "Сколько стоит абонемент и кто его оплачивает?",
            ("Сколько стоит абонемент?", "Стоит абонемент кто его оплачивает?"),
        ),
    ],
)
def test_a_compound_question_has_parts_that_stand_alone(
    question: str, expected: tuple[str, ...]
) -> None:
    assert parts(question, SPARSE) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What are the terms and conditions?",
        "When and where is the meeting?",
        "Who are Tom and Jerry?",
        "Где и когда проходит собрание?",
        "Почему директор решил, что отпуск переносится и кто виноват?",
        "Which singer was born in Wales, who is known for her voice and whose album is gold?",
        "What is new? It was announced yesterday. Right?",
        "Who pays what? What is due? When is it due? Where is it paid?",
    ],
)
def test_what_asks_one_thing_or_too_many_stays_whole(question: str) -> None:
    assert parts(question, SPARSE) == (question,)


def passage(heading: str, text: str, similarity: float = 0.85) -> Passage:
    document = Document(heading, f"{heading}.md", "", "text/markdown", "v")
    return Passage(Chunk(heading, heading, "v", 0, text, (heading,)), document, 1.0, similarity)


LEAVE = [
    passage("Annual leave", "Employees get 25 days."),
    passage("Sick leave of children", "Parents get 10 days.", 0.84),
    passage("Parking", "A pass is valid for 30 days.", 0.70),
    passage("Probation", "After 90 days it ends.", 0.83),
]


def asked_about(question: str, history: list[Turn]) -> tuple[str, ...]:
    search = standalone(question, history, SPARSE)
    settled = bool(history) and history[-1].asked_back
    open_words = unclear(question, history, SPARSE)
    understood = Understood(search, (search,), unclear=open_words, settled=settled)
    return clarify(question, understood, LEAVE, [], SPARSE)


def test_a_question_of_hardly_a_word_is_asked_back_with_what_was_found() -> None:
    assert asked_about("How many days?", []) == (
        "How many days: Annual leave?",
        "How many days: Probation?",
    )


@pytest.mark.parametrize("question", ["How many days of annual leave do employees get?", "And now"])
def test_a_question_that_says_what_it_is_about_is_answered(question: str) -> None:
    assert asked_about(question, after("How long is parental leave?")) == ()


def test_nobody_is_asked_back_twice_in_a_row() -> None:
    first = Turn("How many days?", "", asked_back=True)
    assert asked_about("How many days?", [first]) == ()


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What are the services offered by this library?", "this library"),
        ("Сколько стоит эта подписка?", "эта подписка"),
        ("How much does it cost?", "it"),
        ("What is due this year?", ""),
        ("What does it mean to stress a syllable?", ""),
        ("How much does a parking pass cost?", ""),
    ],
)
def test_what_stands_for_nothing_said_is_unclear(question: str, words: str) -> None:
    assert unclear(question, [], SPARSE) == words
    known = after("Is there a library?", "Есть подписка?")
    assert unclear(question, known, SPARSE) == ""


def test_another_language_is_another_topic() -> None:
    history = after("What is the per diem in Kazakhstan?")
    assert standalone("А какой длины пароль?", history, SPARSE) == "А какой длины пароль?"
