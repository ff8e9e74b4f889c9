"""The shared documents, and PDFs made for a test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from reportlab.lib import colors
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

SHARED = Path(__file__).resolve().parents[3] / "shared" / "docs"


@pytest.fixture(scope="session")
def shared_docs() -> Path:
    """The forty real files; nothing of them is copied into the repository."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing: the shared documents are not part of the repository")
    return SHARED


@pytest.fixture
def make_pdf(tmp_path: Path) -> Callable[[str, list[Any]], Path]:
    """Builds a PDF of reportlab flowables; strings become paragraphs of the style before `:`."""
    styles = getSampleStyleSheet()

    def build(name: str, story: list[Any]) -> Path:
        path = tmp_path / name
        flowables = []
        for part in story:
            if isinstance(part, str):
                style, text = part.split(":", 1)
                flowables.append(Paragraph(text.strip(), styles[style]))
            else:
                flowables.append(part)
        SimpleDocTemplate(str(path)).build(flowables)
        return path

    return build


@pytest.fixture
def make_table() -> Callable[..., Table]:
    """A table ruled `grid`, `lines` (between rows only), `stripes` or not at all (`plain`)."""
    ruling = {
        "grid": [("GRID", (0, 0), (-1, -1), 0.5, colors.black)],
        "lines": [("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.black)],
        "stripes": [("ROWBACKGROUNDS", (0, 0), (-1, -1), [colors.white, colors.lightgrey])],
        "plain": [],
    }

    def build(rows: list[list[Any]], how: str, widths: list[int] | None = None) -> Table:
        return Table(rows, colWidths=widths, style=TableStyle(ruling[how]), repeatRows=1)

    return build
