"""A question about one cell of a table: the cell in the answer, its row in the citation.

Through the real pipeline, store, model and answerer, without a language model. The bounds are
a little below what is measured (docs/decisions/0009-chunking.md); what is quoted has no bound.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from rag.evaluate.metrics import contains
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings
from rag.table_text import cells
from rag.types import EVERYONE, Answer, Answered, Principal, State
from serving.embedding import Embedder
from tests.cell_tables import ALL, ENGLISH, RUSSIAN, Cell, Made, write
from tests.conftest import MODELS

pytestmark = pytest.mark.slow
CELLS = [(made, cell) for made in ALL for cell in made.cells]
READER = Principal("reader", frozenset({EVERYONE}))


@pytest.fixture(scope="module")
def answers(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    del embedder  # built by now
    folder = tmp_path_factory.mktemp("cells")
    (folder / "models").symlink_to(MODELS)
    with open_runtime(Settings(data_dir=folder)) as opened:
        pipeline = Pipeline(opened.library, opened.store, opened.embedder, opened.settings)
        for made in ALL:
            document = pipeline.accept(write(made, folder), made.name)
            done = pipeline.process(document.id)
            assert done is not None
            assert done.state is State.READY
        yield opened


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


@pytest.mark.parametrize("tables", [ENGLISH, RUSSIAN], ids=["en", "ru"])
def test_cell_questions_are_answered_by_their_cells(answers: Runtime, tables: list[Made]) -> None:
    wrong = []
    asked = [(made, cell) for made in tables for cell in made.cells]
    for made, cell in asked:
        answer = ask(answers, cell.question)
        if not (said(answer, cell) and cited(answer, made, cell)):
            wrong.append((cell.question, answer.mode.value, answer.text))
    assert len(wrong) <= 0.1 * len(asked), wrong
