"""The PDF reader on PDFs made here: tables, headings, lists, hyphens, running lines, rotation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Spacer, Table

from ingest.parse import parse

MakePdf = Callable[[str, list[Any]], Path]
MakeTable = Callable[..., Table]

PRICES = [["Code", "Name", "Price"], *([f"P-{i:02}", f"Pump {i}", f"{i}.50"] for i in range(1, 60))]
ZONES = [
    ["Zone", "Countries", "Allowance"],
    ["A", "Germany, France, Austria,\nSwitzerland and Belgium", "60 EUR a day"],
    ["B", "Spain, Italy and\nPortugal", "45 EUR a day"],
    ["C", "All other countries", "40 EUR a day"],
]


def texts(path: Path, category: str) -> list[str]:
    return [e.text for e in parse(path, path.name).elements if e.category == category]


@pytest.mark.parametrize("how", ["grid", "lines", "stripes", "plain"])
def test_rows_stay_whole(make_pdf: MakePdf, make_table: MakeTable, how: str) -> None:
    story = ["Heading1: Prices", "BodyText: All of them.", make_table(PRICES, how)]
    story += [Spacer(1, 40), make_table(ZONES, how, [50, 200, 150]), "BodyText: The end."]
    tables = texts(make_pdf("prices.pdf", story), "Table")
    rows = [row for table in tables for row in table.split("\n")]
    expected = [" | ".join(row) for row in PRICES[1:]]
    assert [row for row in rows if row.startswith("P-")] == expected
    assert all(table.startswith(("Code | Name | Price", "Zone | ")) for table in tables)
    zones = [[cell.replace("\n", " ") for cell in row] for row in ZONES]
    assert tables[-1].split("\n") == [" | ".join(row) for row in zones]


def test_headings_lists_and_paragraphs(make_pdf: MakePdf) -> None:
    path = make_pdf(
        "guide.pdf",
        [
            "Title: Travel guide",
            "Heading1: 1. Booking",
            "BodyText: " + "Trips are booked through the desk by the person who travels. " * 6,
            "Heading2: 1.1 Trains",
            "BodyText: " + "Second class is the rule for all journeys under four hours. " * 6,
            "BodyText: • First item of the list",
            "BodyText: • Second item of the list",
        ],
    )
    titles = {
        e.text: e.metadata.category_depth
        for e in parse(path, "guide.pdf").elements
        if e.category == "Title"
    }
    assert list(titles) == ["Travel guide", "1. Booking", "1.1 Trains"]
    assert titles["1.1 Trains"] > titles["1. Booking"]
    assert texts(path, "ListItem") == ["First item of the list", "Second item of the list"]
    assert len(texts(path, "NarrativeText")) == 2


def test_words_cut_at_line_ends_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "cut.pdf"
    lines = [
        "All re-entry forms are kept in the per-",
        "manent archive, and each re-",
        "entry is noted.",
    ]
    draw(path, lines)
    assert texts(path, "NarrativeText") == [
        "All re-entry forms are kept in the permanent archive, and each re-entry is noted."
    ]


def test_running_lines_are_kept_once_and_page_numbers_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "running.pdf"
    canvas = Canvas(str(path))
    for page in range(1, 6):
        canvas.drawString(72, 810, "Staff handbook, edition 3")
        canvas.drawString(72, 500, f"Body of sheet number {page * 11} is here.")
        canvas.drawString(300, 30, str(page))
        canvas.showPage()
    canvas.save()
    elements = parse(path, "running.pdf").elements
    assert [e.text for e in elements if e.category == "Header"] == ["Staff handbook, edition 3"]
    assert [e.text for e in elements if e.category != "Header"] == [
        f"Body of sheet number {page * 11} is here." for page in range(1, 6)
    ]


def test_numbers_at_one_height_on_many_pages_are_no_running_lines(
    make_pdf: MakePdf, make_table: MakeTable
) -> None:
    rows = [["No", "Value"], *([str(i), str(i * i)] for i in range(1, 200))]
    tables = texts(make_pdf("numbers.pdf", [make_table(rows, "plain")]), "Table")
    found = [row for table in tables for row in table.split("\n") if row != "No | Value"]
    assert found == [" | ".join(row) for row in rows[1:]]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_turned_page_reads_like_an_upright_one(
    make_pdf: MakePdf, make_table: MakeTable, tmp_path: Path, rotation: int
) -> None:
    story = ["Heading1: Turned", "BodyText: " + "One line after the other. " * 12]
    upright = make_pdf("upright.pdf", [*story, make_table(ZONES, "grid", [50, 200, 150])])
    turned = tmp_path / "turned.pdf"
    turn_page(upright, turned, rotation)
    assert [e.text for e in parse(turned, "t.pdf").elements] == [
        e.text for e in parse(upright, "u.pdf").elements
    ]


def test_pages_without_text_are_skipped(make_pdf: MakePdf) -> None:
    path = make_pdf(
        "gap.pdf", ["BodyText: One.", PageBreak(), Spacer(1, 1), PageBreak(), "BodyText: Two."]
    )
    parsed = parse(path, "gap.pdf")
    assert [(e.text, e.metadata.page_number) for e in parsed.elements] == [("One.", 1), ("Two.", 3)]


def test_bookmarks_name_headings_in_plain_type(tmp_path: Path) -> None:
    path = tmp_path / "marks.pdf"
    canvas = Canvas(str(path))
    for number, (title, level) in enumerate([("Leave", 0), ("Sick leave", 1)]):
        canvas.bookmarkPage(title)
        canvas.addOutlineEntry(title, title, level)
        canvas.drawString(72, 700, title)
        canvas.drawString(72, 640, f"Text of part {number} goes on here without end.")
        canvas.showPage()
    canvas.save()
    titles = [
        (e.text, e.metadata.category_depth)
        for e in parse(path, "marks.pdf").elements
        if e.category == "Title"
    ]
    assert titles == [("Leave", 0), ("Sick leave", 1)]


def draw(path: Path, lines: list[str]) -> None:
    canvas = Canvas(str(path))
    for number, line in enumerate(lines):
        canvas.drawString(72, 700 - 14 * number, line)
    canvas.save()


def turn_page(source: Path, target: Path, rotation: int) -> None:
    """The same look, but drawn turned and turned back by /Rotate."""
    with pdfium.PdfDocument(source) as document:
        page = document[0]
        width, height = page.get_size()
        matrix = {
            90: pdfium.PdfMatrix(0, 1, -1, 0, height, 0),
            180: pdfium.PdfMatrix(-1, 0, 0, -1, width, height),
            270: pdfium.PdfMatrix(0, -1, 1, 0, 0, width),
        }[rotation]
        for item in page.get_objects(max_depth=1):
            item.transform(matrix)
        if rotation != 180:
            page.set_mediabox(0, 0, height, width)
        page.set_rotation(rotation)
        page.gen_content()
        document.save(target)
