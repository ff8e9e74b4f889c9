"""A model's stream becomes sentences, and each is checked before it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import write
from rag.answers import Sentence, Support
from rag.cite import Citations
from rag.store.sparse import SparseEncoder
from rag.support import Verifier
from rag.types import Chunk, Document, Passage

VERIFIER = Verifier(SparseEncoder())


def passage(text: str, name: str = "a.pdf") -> Passage:
    document = Document(name, name, "0" * 64, "application/pdf", "v")
    return Passage(Chunk(f"chunk of {name}", name, "v", 0, text), document, 1.0)


HOTELS = passage(
    "Rooms cost at most 140 EUR per night in Rotterdam. Breakfast is reimbursed up to 15 EUR.",
    "travel.pdf",
)
LEAVE = passage(
    "Сотруднику предоставляется отпуск 28 календарных дней. Заявление подают за две недели.",
    "otpusk.pdf",
)


def spoken(reply: str, size: int) -> list[str]:
    return list(write.sentences(reply[i : i + size] for i in range(0, len(reply), size)))


@given(st.integers(min_value=1, max_value=90))
def test_sentences_do_not_depend_on_how_the_reply_is_cut(size: int) -> None:
    reply = "Rooms cost 140 EUR, e.g. in Rotterdam [1]. Breakfast is paid. [2][3] Dr. Vos decides. "
    assert spoken(reply, size) == [
        "Rooms cost 140 EUR, e.g. in Rotterdam [1].",
        "Breakfast is paid.[2][3]",
        "Dr. Vos decides.",
    ]


@given(st.integers(min_value=1, max_value=12))
def test_not_found_yields_no_sentence(size: int) -> None:
    assert spoken("NOT_FOUND", size) == []


@pytest.mark.parametrize("reply", ["**NOT_FOUND**", '"NOT_FOUND"', "`NOT_FOUND`.", "NOT_FOUND."])
def test_a_decorated_not_found_is_one(reply: str) -> None:
    assert spoken(reply, 3) == []


def test_a_model_s_thoughts_are_not_part_of_the_answer() -> None:
    assert spoken("<think>Hm. 140? Yes.</think>\nRooms cost 140 EUR [1].", 4) == [
        "Rooms cost 140 EUR [1]."
    ]


def test_sentences_come_before_the_reply_ends() -> None:
    pieces = iter(["Rooms cost 140 EUR [1]. ", "Breakfast", " costs 15."])
    stream = write.sentences(pieces)
    assert next(stream) == "Rooms cost 140 EUR [1]."
    assert next(pieces) == " costs 15."


def verified(raw: str, *passages: Passage, unsupported: str = "remove") -> Sentence | None:
    assert unsupported in ("remove", "mark")
    mode = "remove" if unsupported == "remove" else "mark"
    return write.verify(raw, passages, VERIFIER, Citations(), mode)  # type: ignore[arg-type]


def test_a_quoted_sentence_keeps_its_citation() -> None:
    found = verified("Rooms cost at most 140 EUR per night in Rotterdam [1].", HOTELS)
    assert found == Sentence(
        "Rooms cost at most 140 EUR per night in Rotterdam.", (1,), Support.QUOTED
    )


def test_a_paraphrase_with_the_same_facts_is_supported() -> None:
    found = verified("A night in Rotterdam may cost at most 140 EUR for the room [1].", HOTELS)
    assert found
    assert found.support is Support.SUPPORTED


@pytest.mark.parametrize("number", ["160", "1400", "14"])
def test_a_changed_number_is_not_supported(number: str) -> None:
    raw = f"Rooms cost at most {number} EUR per night in Rotterdam [1]."
    assert verified(raw, HOTELS) is None
    marked = verified(raw, HOTELS, unsupported="mark")
    assert marked
    assert marked.support is Support.UNSUPPORTED
    assert marked.citations == ()


def test_a_wrong_citation_is_corrected() -> None:
    citations = Citations()
    raw = "Отпуск составляет 28 календарных дней [1]."
    found = write.verify(raw, [HOTELS, LEAVE], VERIFIER, citations, "remove")
    assert found
    assert [c.passage.document.name for c in citations.all()] == ["otpusk.pdf"]
    assert citations.all()[0].quote == "Сотруднику предоставляется отпуск 28 календарных дней."


def test_a_number_that_names_no_passage_is_dropped() -> None:
    citations = Citations()
    raw = "Breakfast is reimbursed up to 15 EUR [7]."
    found = write.verify(raw, [HOTELS], VERIFIER, citations, "remove")
    assert found
    assert found.citations == (1,)
    assert citations.all()[0].quote == "Breakfast is reimbursed up to 15 EUR."


def test_what_no_passage_says_is_removed() -> None:
    assert verified("Employees may fly business class to Tokyo [1].", HOTELS, LEAVE) is None


def test_citations_are_numbered_by_first_mention_and_shared() -> None:
    citations = Citations()
    for raw in (
        "Отпуск 28 календарных дней [2].",
        "Rooms cost at most 140 EUR per night in Rotterdam [1].",
        "Сотруднику предоставляется отпуск 28 календарных дней [2].",
    ):
        write.verify(raw, [HOTELS, LEAVE], VERIFIER, citations, "remove")
    assert [(c.number, c.passage.document.name) for c in citations.all()] == [
        (1, "otpusk.pdf"),
        (2, "travel.pdf"),
    ]
