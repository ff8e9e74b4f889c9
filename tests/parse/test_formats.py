"""Text encodings, sheets, mail, Markdown, HTML and DOCX, made here."""

import datetime
from pathlib import Path

import docx
import openpyxl
import pytest
from PIL import Image
from pptx import Presentation

from ingest import sniff
from ingest.parse import Parsed, parse
from ingest.parse.html_grid import html_rows

RUSSIAN = (
    "ПРАВИЛА ОТПУСКА\n\nСотрудник подаёт заявление за две недели до начала отпуска. "
    "Руководитель отвечает в течение трёх рабочих дней.\n\n- заявление\n- приказ\n"
)


def read(path: Path) -> Parsed:
    return parse(path, path.name)


def lines(parsed: Parsed) -> list[tuple[str, str]]:
    return [(e.category, e.text) for e in parsed.elements]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251", "koi8-r"]
)
def test_russian_text_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rules.txt"
    path.write_bytes(RUSSIAN.encode(encoding))
    assert lines(read(path)) == [
        ("Title", "ПРАВИЛА ОТПУСКА"),
        (
            "NarrativeText",
            "Сотрудник подаёт заявление за две недели до начала отпуска. "
            "Руководитель отвечает в течение трёх рабочих дней.",
        ),
        ("ListItem", "заявление"),
        ("ListItem", "приказ"),
    ]


def test_wrapped_lines_are_joined_and_short_ones_kept(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text(
        "The tenant keeps the premises in good repair at all times and\n"
        "returns them clean.\n\nPhone: 123\nRoom: 4\n"
    )
    assert [text for _, text in lines(read(path))] == [
        "The tenant keeps the premises in good repair at all times and returns them clean.",
        "Phone: 123\nRoom: 4",
    ]


def test_sheet_rows_come_in_groups_under_their_header(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Prices"
    sheet.append(["Price list 2026"])
    sheet.append(["Code", "Price", "From"])
    for number in range(120):
        sheet.append([f"P-{number}", number * 1.5, datetime.datetime(2026, 1, 2)])
    book.create_sheet("Empty")
    path = tmp_path / "prices.xlsx"
    book.save(path)
    parsed = read(path)
    found = lines(parsed)
    assert found[:2] == [("Title", "Prices"), ("NarrativeText", "Price list 2026")]
    tables = [text.split("\n") for kind, text in found if kind == "Table"]
    assert [table[0] for table in tables] == ["Code | Price | From"] * 3
    rows = [row for table in tables for row in table[1:]]
    assert rows == [f"P-{n} | {n * 1.5:g} | 2026-01-02" for n in range(120)]
    assert parsed.pages == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_delimiters(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "data.csv"
    rows = [["Город", "Сумма"], ['Москва, центр; "юг"', "10"], ["Тверь", "7"]]
    text = "\n".join(
        delimiter.join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in r) for r in rows
    )
    path.write_bytes(text.encode("cp1251"))
    assert lines(read(path)) == [("Table", 'Город | Сумма\nМосква, центр; "юг" | 10\nТверь | 7')]


def test_markdown_and_html_headings_keep_their_depth(tmp_path: Path) -> None:
    markdown, html = tmp_path / "a.md", tmp_path / "a.html"
    markdown.write_text(
        "# Отпуск\n\nТекст о нём.\n\n## Срок\n\n- один\n- два\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    html.write_bytes(
        '<html><head><meta charset="windows-1251"></head><body><h1>Отпуск</h1><p>Текст о нём.</p>'
        "<h2>Срок</h2><ul><li>один</li><li>два</li></ul><table><tr><th>a</th><th>b</th></tr>"
        "<tr><td>1</td><td>2</td></tr></table></body></html>".encode("cp1251")
    )
    for path in (markdown, html):
        elements = read(path).elements
        titles = [(e.text, e.metadata.category_depth) for e in elements if e.category == "Title"]
        assert titles == [("Отпуск", 0), ("Срок", 1)]
        texts = [e.text for e in elements if e.category != "Title"]
        assert texts == ["Текст о нём.", "один", "два", "a | b\n1 | 2"]


def test_cells_over_several_rows_are_repeated() -> None:
    html = (
        "<table><tr><td rowspan=2>Zone A</td><td>Day</td><td/><td>60</td></tr>"
        "<tr><td>Night</td><td/><td>90</td></tr>"
        "<tr><td colspan=2>All</td><td/><td>5</td></tr></table>"
    )
    assert html_rows(html) == [["Zone A", "Day", "60"], ["Zone A", "Night", "90"], ["All", "", "5"]]


def test_docx(tmp_path: Path) -> None:
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Internal"
    document.add_heading("Закупки", 1)
    document.add_heading("Пороги", 2)
    document.add_paragraph("Заказы до 500 евро одобряет руководитель.")
    document.add_paragraph("первый", style="List Bullet")
    table = document.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), "abcd", strict=True):
        cell.text = text
    path = tmp_path / "buy.docx"
    document.save(str(path))
    parsed = read(path)
    assert lines(parsed)[-1] == ("Header", "Internal")
    assert [(e.text, e.metadata.category_depth) for e in parsed.elements[:2]] == [
        ("Закупки", 0),
        ("Пороги", 1),
    ]
    assert ("ListItem", "первый") in lines(parsed)
    assert ("Table", "a | b\nc | d") in lines(parsed)
    assert {e.metadata.page_number for e in parsed.elements} == {None}


def test_notes_of_slides_are_read(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Onboarding"
    slide.placeholders[1].text = "First day"
    slide.notes_slide.notes_text_frame.text = "Bring the badge."
    path = tmp_path / "deck.pptx"
    deck.save(str(path))
    parsed = read(path)
    assert [text for _, text in lines(parsed)] == ["Onboarding", "First day", "Bring the badge."]
    assert {e.metadata.page_number for e in parsed.elements} == {1}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP"])
def test_pictures_are_told_by_content(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "stored"
    Image.new("RGB", (40, 30), "white").save(path, kind)
    for name in ("scan", "scan.jpg", "scan.pdf", "scan.txt"):
        assert sniff.sniff(path, name) == f"image/{kind.lower()}"


def test_text_files_have_no_drawn_lines_but_numbered_questions(tmp_path: Path) -> None:
    path = tmp_path / "faq.txt"
    path.write_text(
        "Вопросы\n=======\n\n-----------------\n\n1.1. Что такое Debian?\n\nЭто система.\n"
        "* * * * *\nИ не только.\n\n2. Is it the end?\n"
    )
    assert lines(read(path)) == [
        ("Title", "Вопросы"),
        ("Title", "1.1. Что такое Debian?"),
        ("NarrativeText", "Это система.\nИ не только."),
        ("ListItem", "2. Is it the end?"),
    ]
