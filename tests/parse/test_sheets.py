"""Workbooks: merged cells, headers of several rows, several tables, hidden sheets, formats."""

import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from ingest.parse import Parsed, parse


def save(path: Path, book: Workbook) -> Parsed:
    book.save(path)
    return parse(path, path.name)


@pytest.fixture
def book() -> Workbook:
    return openpyxl.Workbook()


def tables(parsed: Parsed) -> list[list[str]]:
    return [e.text.split("\n") for e in parsed.elements if e.category == "Table"]


def test_merged_cells_are_repeated_downwards(book: Workbook, tmp_path: Path) -> None:
    sheet = book.active
    for row in (
        ["Зона", "Смена", "Ставка"],
        ["A", "день", 60],
        [None, "ночь", 90],
        ["B", "день", 50],
    ):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    assert tables(save(tmp_path / "merged.xlsx", book)) == [
        ["Зона | Смена | Ставка", "A | день | 60", "A | ночь | 90", "B | день | 50"]
    ]


def test_a_header_of_two_rows_is_repeated_whole(book: Workbook, tmp_path: Path) -> None:
    sheet = book.active
    sheet.append(["Товар", "2025", None, "2026"])
    sheet.append([None, "план", "факт", "план"])
    for number in range(60):
        sheet.append([f"T-{number}", number, number + 1, number + 2])
    sheet.merge_cells("B1:C1")
    sheet.merge_cells("A1:A2")
    parsed = save(tmp_path / "two.xlsx", book)
    found = tables(parsed)
    assert [table[:2] for table in found] == [
        ["Товар | 2025 |  | 2026", "Товар | план | факт | план"]
    ] * 2
    assert sum(len(table) - 2 for table in found) == 60
    for element in parsed.elements:
        if element.category == "Table":
            assert str(element.metadata.text_as_html).count("<th>") == 8


def test_a_second_table_below_has_its_own_header(book: Workbook, tmp_path: Path) -> None:
    sheet = book.active
    for row in (
        ["Город", "Заказы"], ["Тверь", 7], [], ["Самара", 9], [], ["Год", "Выручка"], ["2025", 100],
    ):  # fmt: skip
        sheet.append(row)
    assert tables(save(tmp_path / "both.xlsx", book)) == [
        ["Город | Заказы", "Тверь | 7", "Самара | 9"],
        ["Год | Выручка", "2025 | 100"],
    ]


def test_formats_hidden_sheets_and_sheet_numbers(book: Workbook, tmp_path: Path) -> None:
    sheet = book.active
    sheet.title = "Tariff"
    sheet.append(["Rate", "Fee", "From", "Code", "Sum"])
    sheet.append([0.125, 1234.5, datetime.datetime(2026, 1, 31), 42, "=B2*2"])
    for cell, number_format in (
        ("A2", "0.0%"), ("B2", '#,##0.00\\ "₽"'), ("C2", "dd.mm.yyyy"), ("D2", "00000"),
    ):  # fmt: skip
        sheet[cell].number_format = number_format
    second = book.create_sheet("Old")
    second.append(["a", "b"])
    second.sheet_state = "hidden"
    parsed = save(tmp_path / "tariff.xlsx", book)
    assert tables(parsed)[0][1].startswith("12.5% | 1234.50 ₽ | 2026-01-31 | 00042")
    titles = [(e.text, e.metadata.page_number) for e in parsed.elements if e.category == "Title"]
    assert titles == [("Tariff", 1), ("Old (hidden sheet)", 2)]
    assert parsed.pages == 2


def test_a_header_that_comes_again_begins_another_table(book: Workbook, tmp_path: Path) -> None:
    sheet = book.active
    for year in ("2023", "2022"):
        sheet.append(["In millions", f"January–June {year}", None])
        sheet.append([None, "Sales", "Profit"])
        for zone in ("NA", "EUR"):
            sheet.append([zone, int(year), 7])
    sheet.merge_cells("B1:C1")
    sheet.merge_cells("B5:C5")
    found = tables(save(tmp_path / "years.xlsx", book))
    assert [table[0] for table in found] == [
        "In millions | January–June 2023 | ",
        "In millions | January–June 2022 | ",
    ]
    assert [table[2:] for table in found] == [
        ["NA | 2023 | 7", "EUR | 2023 | 7"],
        ["NA | 2022 | 7", "EUR | 2022 | 7"],
    ]
