"""Nothing that a document says becomes markup."""

import html
import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from app.markup import answer_html, label, marked_html, shorten
from app.texts import texts
from rag.answers import Sentence, Support

HOSTILE = '<img src=x onerror="alert(1)"> ![x](http://evil.example/x.png) [a](http://evil.example)'


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.marked = ""
        self._in_mark = False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._in_mark = self._in_mark or tag == "mark"

    def handle_endtag(self, tag):
        self._in_mark = self._in_mark and tag != "mark"

    def handle_data(self, data):
        self.text += data
        if self._in_mark:
            self.marked += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


def test_an_answer_shows_hostile_text_as_text():
    found = read(answer_html(texts("en"), [Sentence(HOSTILE, (1, 2), Support.QUOTED)], True))
    assert set(found.tags) == {"div", "span", "sup"}
    assert found.text == f"{HOSTILE}[1][2]"


def test_the_level_of_support_is_seen():
    partly = answer_html(texts("en"), [Sentence("One.", (1,), Support.PARTLY)], False)
    assert "fn-partly" in partly
    assert html.escape(texts("en")("support.partly")) in partly
    assert "fn-partly" not in answer_html(texts("en"), [Sentence("One.", (1,))], False)


def row(number: int, *cells: tuple[str, str]) -> Sentence:
    text = "; ".join(f"{name}: {cell}" for name, cell in cells)
    return Sentence(text, (number,), Support.QUOTED, cells)


def test_rows_of_one_table_are_one_table_and_another_is_its_own():
    one = row(1, ("City", "Almaty"), ("Limit", "55"), ("Note", ""))
    two = row(2, ("City", "Rome"), ("Limit", "44"), ("Note", ""))
    other = row(3, ("Код", "E43"), ("Что делать", "Открыть баллон"))
    said = Sentence("Limits include breakfast.", (4,), Support.QUOTED)
    found = read(answer_html(texts("ru"), [one, two, other, said], True))
    assert found.tags.count("table") == 2
    assert found.tags.count("tr") == 5
    assert found.text.replace(" ", "") == (
        "CityLimitAlmaty55[1]Rome44[2]КодЧтоделатьE43Открытьбаллон[3]Limitsincludebreakfast.[4]"
    )


def test_a_table_without_names_has_no_head_and_cells_are_text():
    found = read(answer_html(texts("en"), [row(1, ("", HOSTILE), ("", "112"))], True))
    assert set(found.tags) == {"div", "table", "tbody", "tr", "td", "sup"}
    assert found.text == f"{HOSTILE}112[1]"


text_without_controls = st.text(st.characters(exclude_categories=["C"]))


@given(text_without_controls, text_without_controls, text_without_controls)
def test_the_quote_and_nothing_else_is_marked(before, quote, after):
    found = read(marked_html(before + quote + after, quote))
    assert found.text == before + quote + after
    assert found.marked == quote
    assert set(found.tags) <= {"mark"}


def test_a_quote_that_is_not_there_is_not_marked():
    assert "<mark>" not in marked_html("Some text.", "Other text.")


@given(st.text())
def test_labels_escape_every_sign_of_markdown(text):
    escaped = label(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_`\[\]()<>!#$:~]", escaped)
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())


@given(st.text(), st.integers(4, 60))
def test_shortened_names_keep_both_ends(text, limit):
    short = shorten(text, limit)
    assert len(short) <= limit
    if len(text) > limit:
        assert short[0] == text[0]
        assert short[-1] == text[-1]
    else:
        assert short == text
