"""Sentences made false by program are false, and made alike each time."""

from random import Random

import pytest

from rag.evaluate.edits import FALSE, TRUE, Source
from rag.evaluate.false_sentences import statement

TEXT = (
    "In 911 the leader Rollo was given land in Normandy (by treaty) with 1,500 men, before winter."
)
SOURCE = Source(f"{TEXT} Later Drogo came.", "en", ["Melfi", "William"])


@pytest.mark.parametrize("kind", sorted(FALSE))
def test_a_false_sentence_differs_and_is_made_alike_each_time(kind: str) -> None:
    for seed in range(20):
        made = FALSE[kind](TEXT, Random(seed), SOURCE)
        assert made
        assert made != TEXT
        assert made == FALSE[kind](TEXT, Random(seed), SOURCE)


def test_a_reformatted_number_keeps_its_value() -> None:
    made = TRUE["number reformatted"](TEXT, Random(0), SOURCE)
    assert made
    assert "1 500 men" in made


def test_a_question_and_its_answer_become_a_statement() -> None:
    assert statement("Who was Count of Melfi?", "William") == "William was Count of Melfi."
    assert statement("Кто был графом Мельфи?", "Дрого") == "Дрого был графом Мельфи."
    assert statement("When did Rollo settle there?", "911") is None
