"""The real services in a temporary folder, with one PDF and one text file in them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from app.services import Services, open_services, provide, withdraw
from rag.settings import Settings
from rag.types import State
from tests.app.scripted import ScriptedAnswerer

POLICY = [
    "Business travel is approved by the head of department.",
    "The daily allowance for travel within the country is 45 euros.",
]
SALARY = "The salary of the head of finance is 9000 euros a month.\n"


def write_pdf(path: Path, lines: list[str]) -> Path:
    """One page a line, so that the page number tells which line was found."""
    canvas = Canvas(str(path), pagesize=A4)
    for line in lines:
        canvas.setFont("Helvetica", 12)
        canvas.drawString(72, 700, line)
        canvas.showPage()
    canvas.save()
    return path


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("app")
    opened = open_services(Settings(data_dir=folder / "var"))
    pdf = write_pdf(folder / "policy.pdf", POLICY)
    text = folder / "salary.txt"
    text.write_text(SALARY)
    for path, name, groups in ((pdf, "policy.pdf", ("everyone",)), (text, "salary.txt", ("hr",))):
        document = opened.pipeline.accept(path, name, groups)
        done = opened.pipeline.process(document.id)
        assert done is not None
        assert done.state is State.READY, done.reason
    opened.jobs.start()
    yield opened
    opened.close()


@pytest.fixture
def provided(services: Services) -> Iterator[Services]:
    provide(services)
    yield services
    withdraw()


@pytest.fixture
def scripted(services: Services) -> Iterator[ScriptedAnswerer]:
    """The pages' services with an answerer whose replies the test fills in."""
    answerer = ScriptedAnswerer([])
    runtime = replace(services.runtime, answerer=answerer)  # type: ignore[arg-type]
    provide(replace(services, runtime=runtime))
    yield answerer
    withdraw()
