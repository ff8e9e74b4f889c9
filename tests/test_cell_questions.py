"""A question about one cell of a table: the cell in the answer, its row in the citation.

Through the real pipeline, store, model and answerer, without a language model. The bounds are
a little below what is measured (docs/decisions/0009-chunking.md); what is quoted has no bound.
"""

from pathlib import Path

import pypdfium2 as pdfium
import pytest

from ingest.pipeline import Pipeline
from rag.answers import Answer, Answered
from rag.evaluate.metrics import contains
from rag.pages import PDFIUM
from rag.runtime import Runtime
from rag.table_text import cells
from rag.types import EVERYONE, Box, Principal, State
from tests.cell_tables import ALL, ENGLISH, LONG, RUSSIAN, Cell, Made, write

pytestmark = pytest.mark.slow
CELLS = [(made, cell) for made in ALL for cell in made.cells]
READER = Principal("reader", frozenset({EVERYONE}))


@pytest.fixture(scope="module")
def answers(empty_runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    opened, folder = empty_runtime, tmp_path_factory.mktemp("cells")
    pipeline = Pipeline(opened.library, opened.store, opened.embedder, opened.settings)
    for made in ALL:
        document = pipeline.accept(write(made, folder), made.name)
        done = pipeline.process(document.id)
        assert done is not None
        assert done.state is State.READY
    return opened


def ask(runtime: Runtime, question: str) -> Answer:
    *_, last = runtime.answerer.ask(question, READER)
    assert isinstance(last, Answered)
    return last.answer


def said(answer: Answer, cell: Cell) -> bool:
    return contains(" ".join(s.text for s in answer.sentences), [cell.cell])


def cited(answer: Answer, made: Made, cell: Cell) -> bool:
    """Whether a citation's quote is the row of the cell."""
    return any(
        citation.passage.document.name == made.name
        and {cell.key, cell.cell} <= set(cells(citation.quote))
        for citation in answer.citations
    )


@pytest.mark.parametrize("tables", [ENGLISH, RUSSIAN, LONG], ids=["en", "ru", "long"])
def test_cell_questions_are_answered_by_their_cells(answers: Runtime, tables: list[Made]) -> None:
    wrong = []
    asked = [(made, cell) for made in tables for cell in made.cells]
    for made, cell in asked:
        answer = ask(answers, cell.question)
        if not (said(answer, cell) and cited(answer, made, cell)):
            wrong.append((cell.question, answer.mode.value, answer.text))
    assert len(wrong) <= 0.1 * len(asked), wrong


NOWHERE = [
    "What is the parental leave in Japan?",
    "How many seats does the room Orion have?",
    "What is the hotel limit per night in Lisbon?",
    "How many pieces of QX-655 are in stock?",
    "Who is the contact person at Rossi Acciai?",
    "What is the battery life of the Falcon 17?",
    "What is the pension contribution in Norway?",
    "Какой телефон у филиала в Туле?",
    "Какая мощность у насоса Волна-90?",
    "Какая цена у модели ТС-700?",
    "Какая ставка за мытьё окон?",
    "Какой остаток гвоздей 80 мм?",
]


def test_rows_about_others_are_not_given_for_an_answer(answers: Runtime) -> None:
    answered = [question for question in NOWHERE if not ask(answers, question).refused]
    assert len(answered) <= 2, answered


@pytest.mark.parametrize("made", [m for m in ALL if m.name.endswith(".pdf")], ids=lambda m: m.name)
def test_the_highlight_covers_the_row_and_no_other(answers: Runtime, made: Made) -> None:
    for cell in made.cells:
        answer = ask(answers, cell.question)
        citation = next(c for c in answer.citations if cell.key in cells(c.quote))
        path = answers.library.original(citation.passage.document.sha256)
        shown = " ".join(text_in(path, box) for box in citation.boxes)
        assert {*cells(citation.quote)} <= {cell for row in made.rows for cell in row}
        assert fold(citation.quote) == fold(shown)


def text_in(path: Path, box: Box) -> str:
    """The text layer inside a box."""
    with PDFIUM, pdfium.PdfDocument(path) as document:
        page = document[box.page - 1].get_textpage()
        return page.get_text_bounded(box.left - 1, box.bottom - 1, box.right + 1, box.top + 1)


def fold(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
