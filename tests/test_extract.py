"""Extractive answers: what is chosen, and how it reads."""

from collections.abc import Sequence

import pytest

from rag.answers import Citation, Sentence
from rag.cite import Citations
from rag.extract import Quote, candidates, sentence, shown
from rag.extract_kind import holds, wanted
from rag.extract_merge import merged
from rag.store.sparse import SparseEncoder
from rag.types import Chunk, Document, Passage
from serving.embedding import Embedder

SPARSE = SparseEncoder()


def passage(text: str, name: str = "a.txt") -> Passage:
    document = Document(name, name, "0" * 64, "text/plain", "v")
    return Passage(Chunk(name, name, "v", 0, text, language="en"), document, 1.0, 0.8)


def answer(
    embedder: Embedder, question: str, *passages: Passage
) -> tuple[list[Sentence], Sequence[Citation]]:
    vector = embedder.embed_queries([question])[0]
    citations = Citations()
    quotes = shown(candidates(question, vector, passages, SPARSE, embedder))
    return [sentence(quote, citations) for quote in quotes], citations.all()


def test_a_pronoun_is_quoted_with_its_antecedent_in_one_citation(embedder: Embedder) -> None:
    text = (
        "Lunch is at noon. The boiler of the north wing is from 1987. It is serviced by Hartmann."
    )
    said, citations = answer(embedder, "Who has serviced it, Hartmann?", passage(text))
    whole = "The boiler of the north wing is from 1987. It is serviced by Hartmann."
    assert said[0].text == whole
    assert citations[said[0].citations[0] - 1].quote == whole


def test_what_confirms_the_question_is_an_answer_and_the_question_itself_is_none(
    embedder: Embedder,
) -> None:
    text = "Does Hartmann service the boiler? Hartmann services the boiler. Ask the porter."
    said, _ = answer(embedder, "Does Hartmann service the boiler?", passage(text))
    assert said[0].text == "Hartmann services the boiler."


def test_a_list_that_is_asked_for_is_shown_whole(embedder: Embedder) -> None:
    text = (
        "The reception opens at 8.\nFor a badge these documents are needed:\na passport;\n"
        "the signed contract;\na photograph.\nThe badge costs nothing."
    )
    said, citations = answer(embedder, "Which documents are needed for a badge?", passage(text))
    whole = "For a badge these documents are needed: a passport; the signed contract; a photograph."
    assert said[0].text == whole
    assert len(said[0].citations) == 1
    assert citations[0].quote in text


def test_an_item_is_quoted_with_its_lead_in_in_two_citations(embedder: Embedder) -> None:
    text = (
        "Visitors must not:\nphotograph the machines;\nenter the furnace hall;\nfeed the porter's "
        "dog."
    )
    said, citations = answer(embedder, "Is the porter's dog fed by visitors?", passage(text))
    assert said[0].text == "Visitors must not: feed the porter's dog."
    assert [c.quote for c in citations] == ["Visitors must not:", "feed the porter's dog."]


def test_steps_are_numbered_together_and_not_alone(embedder: Embedder) -> None:
    text = "Cleaning day.\n1. Drain the tubing.\n2. Replace the tubing.\n3. Reset the counter."
    said, _ = answer(embedder, "How do I replace the tubing?", passage(text))
    assert said[0].text == "1. Drain the tubing. 2. Replace the tubing. 3. Reset the counter."
    said, _ = answer(embedder, "Is the tubing drained first?", passage(text))
    assert said[0].text == "Drain the tubing."


def test_a_row_is_a_small_table(embedder: Embedder) -> None:
    text = "City | Limit\nRotterdam | EUR 155\nAlmaty | KZT 45,000"
    said, _ = answer(embedder, "What is the limit in Almaty?", passage(text))
    assert [s.table for s in said] == [(("City", "Almaty"), ("Limit", "KZT 45,000"))]
    text = "Город | Лимит\nРоттердам | 155 евро\nАлматы | 45 000 тенге"
    said, _ = answer(embedder, "Какой лимит в Алматы?", passage(text))
    assert [s.table for s in said] == [(("Город", "Алматы"), ("Лимит", "45 000 тенге"))]


def test_the_same_in_two_documents_is_said_once_with_two_citations(embedder: Embedder) -> None:
    one = passage("The hotel limit in Rome is EUR 155 per night.", "one.txt")
    two = passage("Rules. The hotel limit in Rome is EUR 155 per  night!", "two.txt")
    said, citations = answer(embedder, "What is the hotel limit in Rome?", one, two)
    assert [(s.text, s.citations) for s in said] == [(one.chunk.text, (1, 2))]
    assert [c.passage.document.name for c in citations] == ["one.txt", "two.txt"]


def quote(text: str, name: str) -> Quote:
    return Quote(0, passage(text, name), 0, len(text), text, 0.5)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("The fee is 5 EUR.", "The fee is 5 EUR", True),
        ("1. Срок — пять дней.", "Срок пять дней.", True),
        (
            "Each request for leave is sent to the manager at least two weeks before it begins.",
            "Each request for leave is sent to the manager at least two weeks before it begin.",
            True,
        ),
        ("The fee for a visit in Rome is 5 EUR.", "The fee for a visit in Rome is 6 EUR.", False),
        ("Lunch is from 11 to 12.", "Lunch is from 12 to 11.", False),
        (
            "The door of the furnace hall is locked at night by the porter.",
            "The door of the furnace hall is not locked at night by the porter.",
            False,
        ),
        ("The head of sales is Ann Lee.", "The head of sales is Tom Lee.", False),
        ("Заявку подаёт Иванов в срок.", "Заявку подаёт Петров в срок.", False),
    ],
)
def test_twins_differ_in_no_number_name_or_negation(one: str, other: str, same: bool) -> None:
    found = merged([quote(one, "one.txt"), quote(other, "two.txt")])
    assert [len(q.also) for q in found] == ([1] if same else [0, 0])


@pytest.mark.parametrize(
    ("question", "kind", "holding", "lacking"),
    [
        ("Who services the boiler?", "who", "It is serviced by Hartmann.", "It is serviced."),
        ("When did the war end?", "when", "It ended in 1945.", "It ended badly."),
        ("How many seats are there?", "number", "It seats twelve.", "It has seats."),
        ("How much does it cost?", "money", "The price is EUR 5.", "The price is high."),
        ("How long is the leave?", "long", "It lasts 26 days.", "It is long."),
        ("How often is it cleaned?", "often", "It is cleaned weekly.", "It is cleaned."),
        ("Where is the office?", "where", "It is in Almaty.", "It is closed."),
        ("Кто обслуживает котёл?", "who", "Его обслуживает Петров.", "Его обслуживают."),
        ("Когда закончилась война?", "when", "Она закончилась в мае.", "Она закончилась."),
        ("Сколько стоит обед?", "money", "Он стоит 700 тенге.", "Он стоит дорого."),
        ("Как часто моют окна?", "often", "Окна моют ежемесячно.", "Окна моют."),
        ("Где находится склад?", "where", "Он находится в Астане.", "Он закрыт."),
        ("Is it open?", "", "", ""),
    ],
)
def test_the_kind_of_answer(question: str, kind: str, holding: str, lacking: str) -> None:
    assert wanted(question) == kind
    if kind:
        assert holds(kind, holding, question)
        assert not holds(kind, lacking, question)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Who approves a purchase of EUR 30,000?", ["EUR 25,001 to 100,000"]),
        ("Who approves a purchase of EUR 500?", ["Up to EUR 500"]),
        ("Who approves a purchase of EUR 200,000?", ["Above EUR 100,000"]),
    ],
)
def test_a_number_asked_about_finds_its_range(
    embedder: Embedder, question: str, expected: list[str]
) -> None:
    rows = ["Up to EUR 500 | Holder", "EUR 501 to 25,000 | Head", "EUR 25,001 to 100,000 | Finance"]
    text = "\n".join(["Value of purchase | Who approves", *rows, "Above EUR 100,000 | Board"])
    said, _ = answer(embedder, question, passage(text))
    assert [s.table[0][1] for s in said] == expected


def test_a_number_of_another_unit_drops_no_row(embedder: Embedder) -> None:
    text = "Скидка | Кто решает\nДо 5 процентов | Инженер\nДо 20 процентов | Директор"
    said, _ = answer(embedder, "Кто решает о скидке, если прошло 18 дней?", passage(text))
    assert len(said) == 2
    said, _ = answer(embedder, "Кто решает о скидке 18 процентов?", passage(text))
    assert [s.table[1][1] for s in said] == ["Директор"]
