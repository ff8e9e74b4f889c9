"""Sentences, language, comparison form and pieces of text."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import language_of, normalize, split_sentences, split_to_tokens

SENTENCES = [
    ["Dr. Smith arrived at 3.15 p.m. on Monday.", "He left at once."],
    ["The limit is 3.5 GB.", "It was 2.0 before."],
    ["A. S. Pushkin was a poet.", "He wrote prose, e.g. novels, i.e. long ones."],
    ["See Fig. 3 and Sec. 2.1 for details.", "No. 5 is out."],
    ["Это сделал А. С. Пушкин в 1830 г. в Болдине.", "Потом он уехал."],
    ["Он родился в 1799 г.", "Москва тогда была меньше."],
    ["Школа им. А. С. Пушкина в г. Москве, ул. Ленина, д. 5, открыта.", "Приём с 9 часов."],
    ["Цена 1 500 руб. за штуку, т.е. дороже.", "Скидок нет."],
    ["Сумма составила 300 руб.", "Оплата в срок."],
    ["Согласно ст. 15 п. 2 закона это т. е. можно."],
    ["Papers, pens, etc.", "Nothing else is needed."],
    ["«Где он?» — спросила она.", "Никто не ответил."],
    ["Wait… what is it?", "Nothing."],
    ["He said: “Go away!”", "She went."],
    ["It grew in the U.S. Army.", "The end came."],
    ["He moved to the U.S.", "The rest stayed."],
    ["The law passed.[12]", "It failed later."],
    ["Really?!", "Yes."],
    ["По закону от 5 мая 2020 г. № 5 срок истёк.", "Он был мал."],
    ["В 2024 г. Роттердам вырос.", "В 2025 г. он мал."],
    ["See sect. 4 and Vol. II, max. 5 pages, incl. VAT.", "Then go."],
    ["Вып. 3 стоит ок. 5 евро.", "Он вышел."],
]


@pytest.mark.parametrize("expected", SENTENCES, ids=lambda s: s[0][:24])
def test_sentences(expected: list[str]) -> None:
    text = " ".join(expected)
    assert [text[a:b] for a, b in split_sentences(text)] == expected


def test_rows_and_items_are_sentences_of_their_own() -> None:
    lines = ["Name | Price", "Pump A | 3.50", "1. Open the lid.", "• second item", "b) third"]
    text = "\n".join(lines)
    assert [text[a:b] for a, b in split_sentences(text)] == lines


def test_wrapped_line_goes_on() -> None:
    text = "The tenant shall keep the premises in good repair and\nreturn them clean. Done."
    assert [text[a:b] for a, b in split_sentences(text)] == [text[:-6], "Done."]


@given(st.text(alphabet=st.sampled_from("aB.!? \n\t1А яг…»(\u00a0-|•"), max_size=80))
def test_offsets_ascend_and_cover_everything(text: str) -> None:
    spans = split_sentences(text)
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


def count(texts: Sequence[str]) -> list[int]:
    """Two special tokens, then one token for each four characters of a word."""
    return [2 + sum(-(-len(word) // 4) for word in text.split()) for text in texts]


@given(
    st.text(alphabet=st.sampled_from("abcd. \nЖ"), max_size=200),
    st.integers(min_value=3, max_value=30),
)
def test_pieces_fit_and_cover(text: str, limit: int) -> None:
    pieces = split_to_tokens(text, limit, count)
    assert all(n <= limit for n in count([text[a:b] for a, b in pieces]))
    assert pieces == sorted(pieces)
    joined = "".join(text[a:b] for a, b in pieces)
    assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", text)


def test_pieces_end_at_sentences() -> None:
    text = "One two three. Four five six. Seven eight nine."
    pieces = [text[a:b] for a, b in split_to_tokens(text, 8, count)]
    assert pieces == ["One two three.", "Four five six.", "Seven eight nine."]


def test_language() -> None:
    assert language_of("Отпуск по договору с Acme") == "ru"
    assert language_of("Annual leave") == "en"
    assert language_of("12.5 | 30") == ""


def test_normalize() -> None:
    assert normalize("  Ёлка\u00a0в\nле\u00adсу ﬁne ") == "елка в лесу fine"
