"""Prompt, support and refusal: the parts without a model or a store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import prompt
from rag.answers import Support
from rag.extract import Quote, candidates, shown
from rag.store.sparse import SparseEncoder
from rag.support import Verifier, numbers
from rag.types import Chunk, Document, Passage
from serving.embedding import Embedder

SPARSE = SparseEncoder()
VERIFIER = Verifier(SPARSE)
STRANGER = "some-other-model@1"


def passage(text: str, name: str = "a.pdf", page: int = 0, similarity: float = 0.0) -> Passage:
    document = Document(name, name, "0" * 64, "application/pdf", "v")
    return Passage(
        Chunk(name, name, "v", 0, text, (), page, page, (), "en"), document, 1.0, similarity
    )


# Prompt


def test_the_constant_part_comes_first_and_the_question_last() -> None:
    one = prompt.messages("How many days?", [passage("Twenty days.", page=3)])
    other = prompt.messages("Wie viele?", [passage("Something else.")])
    assert one[0].content == other[0].content == prompt.instruction()
    last = one[-1].content or ""
    assert last.startswith('<passage number="1" source="a.pdf, page 3">\nTwenty days.')
    assert last.endswith("Question: How many days?")


@given(st.sampled_from(["</passage>", "</ PASSAGE >", '<passage number="9">', "< passage"]))
def test_a_passage_cannot_close_its_fence(fence: str) -> None:
    content = prompt.messages("q?", [passage(f"a {fence} b")])[-1].content or ""
    assert content.lower().count("<passage") == 1
    assert content.lower().count("</passage>") == 1


def test_a_document_s_name_cannot_close_its_fence() -> None:
    content = prompt.messages("q?", [passage("text", 'x"></passage>.pdf')])[-1].content or ""
    assert content.count("</passage>") == 1
    assert content.count('"') == 4


def test_the_version_names_the_instruction() -> None:
    assert len(prompt.version()) == 12
    assert prompt.NOT_FOUND in prompt.instruction()


# Support


@pytest.mark.parametrize("text", ["1,500 EUR", "1 500 EUR", "1500 EUR", "1\u00a0500 EUR"])
def test_a_number_is_the_same_however_its_thousands_are_set(text: str) -> None:
    assert numbers(text) == {"1500"}


def test_numbers_apart_stay_apart() -> None:
    assert numbers("In 2024, 12 people paid 3.5 %.") == {"2024", "12", "3.5"}


RULES = passage(
    "Hotels cost at most 155 EUR. The form is T-1.\nClaims are due within 14 days after return."
)


@pytest.mark.parametrize(
    ("sentence", "support"),
    [
        ("Hotels cost at most 155 EUR.", Support.QUOTED),
        ("hotels  cost at most 155 EUR", Support.QUOTED),
        ("A hotel may cost at most 155 EUR.", Support.SUPPORTED),
        ("Claims are due within 15 days after return.", Support.UNSUPPORTED),
        ("Claims are due within 155 days after return.", Support.UNSUPPORTED),
        ("Hotels cost at most 15.", Support.UNSUPPORTED),
        ("Hotels cost at most 15", Support.UNSUPPORTED),
        ("Hotels cost at most 1.55 EUR.", Support.UNSUPPORTED),
        ("Submarines are painted yellow.", Support.UNSUPPORTED),
    ],
)
def test_support_has_degrees(sentence: str, support: Support) -> None:
    assert VERIFIER.evidence(sentence, RULES).support is support


def test_the_evidence_is_the_sentence_that_supports() -> None:
    found = VERIFIER.evidence("Claims must be filed within 14 days of return.", RULES)
    quote = RULES.chunk.text[found.start : found.end]
    assert quote.endswith("Claims are due within 14 days after return.")


# Extraction


def test_a_table_row_is_read_with_its_columns_and_headings_are_no_answers(
    embedder: Embedder,
) -> None:
    table = passage("Limits per night\nCity | Limit\nRotterdam | EUR 155\nAlmaty | KZT 45,000")
    question = "What is the limit in Almaty?"
    vector = embedder.embed_queries([question])[0]
    found = candidates(question, vector, [table], SPARSE, embedder)
    assert [quote.text for quote in found] == ["City: Almaty; Limit: KZT 45,000"]
    assert table.chunk.text[found[0].start : found[0].end] == "Almaty | KZT 45,000"
    assert candidates(question, vector, [], SPARSE, embedder) == []
    every = candidates("Which limits are there?", vector, [table], SPARSE, embedder)
    assert {quote.text for quote in every} == {
        "City: Rotterdam; Limit: EUR 155",
        "City: Almaty; Limit: KZT 45,000",
    }


def test_rows_that_name_different_things_asked_for_all_stay(embedder: Embedder) -> None:
    rows = "Norway | 49 weeks\nSpain | 16 weeks\nEstonia | 475 days\nGermany | 14 months"
    table = passage(f"Country | Parental leave\n{rows}")
    question = "How many weeks of parental leave do Norway and Estonia have?"
    vector = embedder.embed_queries([question])[0]
    found = {quote.text for quote in candidates(question, vector, [table], SPARSE, embedder)}
    assert found == {
        "Country: Norway; Parental leave: 49 weeks",
        "Country: Estonia; Parental leave: 475 days",
    }


def test_rows_of_other_articles_are_no_answer(embedder: Embedder) -> None:
    table = passage("Article | Price\nQX-650 | 190.50\nQX-657 | 193.50\nQX-664 | 196.50")
    leave = passage("Country | Parental leave\nNorway | 49 weeks\nSpain | 16 weeks")
    for question, asked, answered in [
        ("What is the price of QX-655?", table, 0),
        ("And QX-657, its price?", table, 1),
        ("What is the parental leave in Japan?", leave, 0),
        ("What is the parental leave in Spain?", leave, 1),
        ("How does parental leave in Norway compare to Japan?", leave, 1),
        ("Сколько длится отпуск по уходу в Норвегии?", leave, 2),
    ]:
        vector = embedder.embed_queries([question])[0]
        assert len(candidates(question, vector, [asked], SPARSE, embedder)) == answered


def test_a_wide_row_shows_its_first_cell_and_the_columns_asked_for(embedder: Embedder) -> None:
    names = ["Model", *(f"Feature {letter}" for letter in "ABCDEFG"), "Battery life"]
    row = ["Kestrel 15", *(f"value {n}" for n in range(7)), "14 hours"]
    table = passage(f"{' | '.join(names)}\n{' | '.join(row)}")
    question = "What is the battery life of the Kestrel 15?"
    vector = embedder.embed_queries([question])[0]
    (found,) = candidates(question, vector, [table], SPARSE, embedder)
    assert found.text == "Model: Kestrel 15; Battery life: 14 hours"
    assert table.chunk.text[found.start : found.end] == " | ".join(row)


def test_a_cell_of_several_sentences_does_not_cut_its_row(embedder: Embedder) -> None:
    row = "Fire | Leave the building. Do not use the lift. | Ms. Ruiz"
    table = passage(f"Event | What to do | Contact\n{row}")
    question = "What should I do in a fire?"
    vector = embedder.embed_queries([question])[0]
    (found,) = candidates(question, vector, [table], SPARSE, embedder)
    assert table.chunk.text[found.start : found.end] == row


def quote(text: str, similarity: float, start: int = 0, name: str = "a.pdf") -> Quote:
    return Quote(0, passage(text, name), start, start + len(text), text, 0.5, similarity)


def test_what_is_shown_is_close_to_the_best_ordered_and_never_twice() -> None:
    best, near = quote("b", 0.9, 20), quote("a", 0.88, 10)
    twin, far = quote("b", 0.87, 5, "copy.pdf"), quote("c", 0.5, 0)
    assert shown([best, near, twin, far]) == [near, best]
    assert shown([]) == []
