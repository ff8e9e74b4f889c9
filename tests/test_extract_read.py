"""What of a passage can be quoted, and what a sentence is quoted with."""

import pytest

from rag.extract_read import antecedents, items, lead_in, points_back, read, steps


def texts(text: str, *titles: str) -> list[str]:
    return [unit.text or text[unit.start : unit.end] for unit in read(text, titles)]


@pytest.mark.parametrize(
    "line",
    [
        "2. Approval thresholds",
        "What the customer should do",
        "User Manual of the V400 Water Analyser",
        "ПРОТОКОЛ СОВЕЩАНИЯ РУКОВОДИТЕЛЕЙ ОТ 12 МАРТА",
        "Subject: Moving the store",
        "© 2024 Velmora Instruments",
        "All rights reserved.",
        "Все права защищены.",
        "Page 3 of 12",
        "Стр. 3 из 12",
        "Table of contents",
        "Содержание",
        "3.1 Instrument ........ 14",
        "Back to top",
        "Версия для печати",
        "This site uses cookies to count visits.",
        "https://velmora.example/handbook",
        "* * *",
    ],
)
def test_what_nobody_wants_quoted_is_left_out(line: str) -> None:
    text = f"The fee is 5 EUR.\n{line}\nIt is paid in cash."
    assert texts(text, "Moving the store") == ["The fee is 5 EUR.", "It is paid in cash."]


@pytest.mark.parametrize(
    "line",
    [
        "Minimum order: 12 pieces",
        "From: Anneke Visser <anneke@velmora.example>",
        "Phone 112",
        "The copyright belongs to the author.",
        "Cookies are served on Fridays.",
        "Подробнее об этом рассказывает начальник смены.",
    ],
)
def test_short_lines_that_say_something_stay(line: str) -> None:
    assert line in texts(f"The fee is 5 EUR.\n{line}\nIt is paid in cash.")


def test_a_sentence_that_only_points_elsewhere_is_weak() -> None:
    units = read("For the fee see section 4. The fee is 5 EUR. Подробнее см. раздел 4.")
    assert [unit.weak for unit in units] == [True, False, True]


@pytest.mark.parametrize(
    "text",
    [
        "It was founded in 1066.",
        "They pay in cash.",
        "However, nobody came.",
        "This applies to all.",
        "These are the limits.",
        "Such claims are void.",
        "In this case call 112.",
        "Он родился в Москве.",
        "Их хранят пять лет.",
        "Это касается всех.",
        "Однако срок истёк.",
        "Такие заявки отклоняют.",
        "Данный порядок временный.",
        "В этом случае звоните 112.",
    ],
)
def test_pointing_words_point_back(text: str) -> None:
    assert points_back(text)


@pytest.mark.parametrize(
    "text",
    [
        "It is important to lock the door.",
        "Items are counted weekly.",
        "Thistles grow here.",
        "Butter is in the fridge.",
        "Данные хранятся пять лет.",
        "Оникс добывают на Урале.",
        "Этажи считают с первого.",
        "The manager signs.",
    ],
)
def test_other_words_do_not(text: str) -> None:
    assert not points_back(text)


def brought(text: str, sentence: str) -> list[str]:
    units = read(text)
    at = next(n for n, unit in enumerate(units) if unit.text == sentence)
    return [units[n].text for n in antecedents(units, at)]


def test_a_pronoun_brings_the_sentence_before_and_no_more_than_two() -> None:
    text = "A fee is due. The boiler is old. It leaks. It is loud. It smells."
    assert brought(text, "It leaks.") == ["The boiler is old."]
    assert brought(text, "It is loud.") == ["The boiler is old.", "It leaks."]
    assert brought(text, "It smells.") == ["It leaks.", "It is loud."]
    assert brought(text, "The boiler is old.") == []


def test_an_antecedent_is_of_the_same_paragraph_and_not_endless() -> None:
    assert brought("The boiler is old.\nIt leaks.", "It leaks.") == []
    assert brought(f"{'Long ' * 70}story. It leaks.", "It leaks.") == []


LIST = "Hand in all of it.\nEmployees must bring:\na badge;\na form T-1;\na photograph.\nThen wait."


def test_an_item_knows_its_lead_in_and_the_lead_in_its_items() -> None:
    units = read(LIST)
    said = [unit.text for unit in units]
    assert said[2:5] == ["a badge;", "a form T-1;", "a photograph."]
    assert [lead_in(units, n) for n in range(len(units))] == [None, None, 1, 1, 1, None]
    assert items(units, 1) == [2, 3, 4]


def test_steps_are_the_lines_with_marks_around_a_line() -> None:
    units = read("Wait.\n1. Open the lid. Mind the lamp.\n2. Close the lid.\nDone is done.")
    assert [units[n].text for n in steps(units, 2)] == [
        "1. Open the lid.",
        "Mind the lamp.",
        "2. Close the lid.",
    ]
    assert steps(units, 0) == steps(units, 4) == []


def test_brackets_and_quotations_are_not_left_open() -> None:
    assert texts('He called it "The end. A start." Then he left. «Да. Нет.» Он ушёл.') == [
        'He called it "The end. A start."',
        "Then he left.",
        "«Да. Нет.»",
        "Он ушёл.",
    ]
    assert texts('An inch is 1" long. Nothing closes it. Done.') == [
        'An inch is 1" long.',
        "Nothing closes it.",
        "Done.",
    ]


def test_links_and_emphasis_are_read_as_words() -> None:
    assert texts("Fill in the [**travel** form](https://a.example/x) and _wait_ for **us**.") == [
        "Fill in the travel form and _wait_ for us."
    ]


def test_dashes_and_numbers_inside_a_sentence_stay() -> None:
    text = "Длина пароля — 14 символов (IT-SEC-07) и не меньше."
    assert texts(text) == [text]
