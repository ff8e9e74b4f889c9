"""Tables inside a chunk's text: cells, rows, names of columns."""

from hypothesis import given
from hypothesis import strategies as st

from rag.table_text import CELL, cells, labelled, tables


def read(text: str) -> list[list[str]]:
    return [[labelled(row) for row in rows if not row.is_header] for rows in tables(text)]


def test_empty_cells_keep_their_places() -> None:
    assert cells(" | b |  | ") == ["", "b", "", ""]
    assert cells("a || b | c") == ["a || b", "c"]


@given(st.lists(st.text(alphabet="ab |.Ж", max_size=5).map(str.strip), min_size=2, max_size=6))
def test_a_row_as_it_is_written_gives_its_cells(row: list[str]) -> None:
    plain = [cell.replace("|", "") for cell in row]
    assert cells(CELL.join(plain)) == [cell.strip() for cell in plain]


def test_rows_are_found_where_they_stand_and_named_by_the_header() -> None:
    text = "Prices of today.\nCode | Price\nA-1 | 5\nA-2 | \nAsk for more."
    (rows,) = tables(text)
    assert [text[row.start : row.end] for row in rows] == ["Code | Price", "A-1 | 5", "A-2 |"]
    assert read(text) == [["Code: A-1; Price: 5", "Code: A-2"]]


def test_two_tables_keep_their_own_headers() -> None:
    assert read("Code | Price\nA-1 | 5\n\nName | Age\nAnn | 41") == [
        ["Code: A-1; Price: 5"],
        ["Name: Ann; Age: 41"],
    ]


def test_a_header_repeated_inside_is_no_row() -> None:
    assert read("Code | Price\nA-1 | 5\nCode | Price\nA-2 | 6") == [
        ["Code: A-1; Price: 5", "Code: A-2; Price: 6"]
    ]
    assert read("In EUR | 2024 Plan | 2024 Fact\nRent | 5 | 6\n | Plan | Fact\nTax | 1 | 2") == [
        ["In EUR: Rent; 2024 Plan: 5; 2024 Fact: 6", "In EUR: Tax; 2024 Plan: 1; 2024 Fact: 2"]
    ]


def test_numbers_above_numbers_name_no_columns_but_years_do() -> None:
    assert read("Rotterdam | 155\nVienna | 165") == [["Rotterdam: 155", "Vienna: 165"]]
    assert read("Item | 2024 | 2025\nRent | 80 | 90") == [["Item: Rent; 2024: 80; 2025: 90"]]
    assert read("Phone: | 112\nMail: | help@example.org") == [
        ["Phone: 112", "Mail: help@example.org"]
    ]


def test_a_line_with_a_bar_is_prose_where_no_row_follows() -> None:
    assert read("Use a | b to choose.\nNothing follows.") == []
