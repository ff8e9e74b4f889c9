"""What is said in place of an answer and beside it, on the page and over the API."""

import pytest

from app.openai_api import footnotes
from app.remarks import own_words, remarks
from app.texts import LANGUAGES, texts
from rag.answers import Answer, Answered, Mode
from tests.app.scripted import ScriptedAnswerer
from tests.app.test_ask import ask, chips, shown, start

EN = texts("en")
UNCLEAR = Answer(
    "How many days?", "en", Mode.CLARIFY, choices=("Days of leave?", "Days of *sick* leave?")
)


def test_a_refusal_says_what_is_missing_and_whom_to_ask() -> None:
    answer = Answer("QX-655?", "en", Mode.REFUSED, searched=3, missing=("QX-655",), owners=("Ann",))
    words = own_words(EN, answer)
    assert "“QX-655”" in words
    assert words.endswith("Ann.")
    assert "Ann" not in own_words(EN, Answer("QX-655?", "en", Mode.REFUSED, owners=("Ann",)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_remarks_tell_what_was_searched_and_what_was_not_found(language: str) -> None:
    text = texts("ru" if language == "ru" else "en")
    answer = Answer(
        "And there?",
        language,
        Mode.EXTRACTIVE,
        search="Per diem in Norway?",
        filter="2025 policy",
        unanswered=("Who approves it?",),
    )
    found = remarks(text, answer)
    assert len(found) == 3
    for words, line in zip(("Norway", "2025 policy", "approves"), found, strict=True):
        assert words in line
    assert remarks(text, Answer("Plain?", language, Mode.EXTRACTIVE)) == []


def test_a_dropped_filter_is_said_once() -> None:
    answer = Answer("?", "en", Mode.EXTRACTIVE, filter="2025", notice="filter_dropped")
    assert footnotes(answer) == EN("ask.filter_dropped", words="2025")


def test_a_choice_is_asked_by_one_click(scripted: ScriptedAnswerer) -> None:
    scripted.replies = [[Answered(UNCLEAR)], [Answered(Answer("", "en", Mode.REFUSED))]]
    at = ask(start(), "How many days?")
    assert EN("ask.which") in shown(at)
    assert chips(at, "choice-") == [r"Days of leave\?", r"Days of \*sick\* leave\?"]
    at.button(key="choice-0-1").click().run()
    assert scripted.asked[1][0] == "Days of *sick* leave?"
