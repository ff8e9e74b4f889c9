"""Filters said in words: which documents a question limits itself to, and that none leaks."""

from pathlib import Path

import pytest

from rag.library import Library
from rag.store.sparse import SparseEncoder
from rag.types import EVERYONE, Document, Principal, document_id
from rag.understand_filter import documents_named

SPARSE = SparseEncoder()
STAFF = Principal("anna")
NAMES = (
    "travel/travel-policy-2024.pdf",
    "travel/travel-policy-2025.pdf",
    "finance/procurement-policy.pdf",
    "закупки/Регламент закупок.docx",
    "договоры/Договор с ООО Ромашка 2025.pdf",
    "travel/avansovyj-otchet.docx",
    "people/handbook.pdf",
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    for name in NAMES:
        library.add(Document(document_id(name), name, "0" * 64, "application/pdf", ""))
    secret = "board/merger-policy.pdf"
    library.add(Document(document_id(secret), secret, "1" * 64, "", "", groups=("board",)))
    return library


@pytest.mark.parametrize(
    ("question", "words", "names"),
    [
        ("What is the hotel limit in the 2025 travel policy?", "the 2025 travel policy", [1]),
        ("According to the travel policy, who approves trips?", "the travel policy", [0, 1]),
        ("Who signs orders under the procurement policy?", "the procurement policy", [2]),
        ("Кто подписывает по регламенту закупок?", "регламенту закупок", [3]),
        ("Какой срок оплаты в договоре с Ромашкой?", "договоре с Ромашкой", [4]),
        ("Что указывают в авансовом отчёте?", "авансовом отчёте", [5]),
        ("What does handbook.pdf say about leave?", "handbook.pdf", [6]),
    ],
)
def test_a_phrase_that_names_documents_limits_to_them(
    library: Library, question: str, words: str, names: list[int]
) -> None:
    found, said = documents_named(question, STAFF, library, SPARSE)
    assert said == words
    assert found == {document_id(NAMES[n]) for n in names}


@pytest.mark.parametrize(
    "question",
    [
        "Is that in the policy?",
        "What changed in the 2023 travel policy?",
        "How do I travel in Kazakhstan?",
        "What did the report say about reports in general?",
        "Что сказано в договоре?",
        "Какие налоги платят по договору с Василёк?",
        "How is a plan made in the planning department?",
    ],
)
def test_anything_less_clear_limits_nothing(library: Library, question: str) -> None:
    assert documents_named(question, STAFF, library, SPARSE) == (frozenset(), "")


def test_a_document_that_the_asker_may_not_read_is_not_there(library: Library) -> None:
    question = "Who is named in the merger policy?"
    assert documents_named(question, STAFF, library, SPARSE) == (frozenset(), "")
    board = Principal("boris", frozenset({EVERYONE, "board"}))
    assert documents_named(question, board, library, SPARSE)[1] == "the merger policy"
