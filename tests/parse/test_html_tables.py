"""Cells that span columns and rows keep everything under its own column."""

from ingest.parse.html import parse_html_text
from ingest.parse.html_grid import html_rows
from ingest.parse.html_tables import header_rows

PAGE = """<html><body><h1>Plan</h1><table><thead>
<tr><th rowspan="2">Region</th><th colspan="2">2024</th><th colspan="2">2025</th></tr>
<tr><th>Plan</th><th>Fact</th><th>Plan</th><th>Fact</th></tr></thead><tbody>
<tr><td rowspan="2">Ural</td><td>1</td><td>2</td><td>3</td><td>4</td></tr>
<tr><td>5</td><td>6</td><td>7</td><td>8</td></tr></tbody></table></body></html>"""


def test_wide_and_tall_cells_are_written_out() -> None:
    (table,) = [e for e in parse_html_text(PAGE) if e.category == "Table"]
    assert [[cell.strip() for cell in line.split("|")] for line in table.text.split("\n")] == [
        ["Region", "2024", "", "2025", ""],
        ["Region", "Plan", "Fact", "Plan", "Fact"],
        ["Ural", "1", "2", "3", "4"],
        ["Ural", "5", "6", "7", "8"],
    ]
    assert header_rows(table.metadata.text_as_html or "") == 2


def test_absurd_spans_are_bounded() -> None:
    cell = '<td colspan="99999999" rowspan="99999999">x</td>'
    assert html_rows(f"<table><tr>{cell}</tr><tr><td>y</td></tr></table>") == [
        ["x", ""],
        ["x", "y"],
    ]


def test_header_rows_default_to_one() -> None:
    assert header_rows("") == 1
    assert header_rows("<table><tr><td>a</td></tr></table>") == 1
    assert header_rows("<table><tr><th>a</th></tr><tr><th>b</th><td>1</td></tr></table>") == 1
