"""Tables in parts: every row whole under its header, long rows between cells, nothing lost."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunk import chunk
from ingest.chunk_tables import TableCutter, table_lines
from ingest.parse.elements import make
from rag.table_text import CELL, cells, labelled, tables


def count(texts: Sequence[str]) -> list[int]:
    """Two special tokens, then one token for each four characters of a word."""
    return [2 + sum(-(-len(word) // 4) for word in text.split()) for text in texts]


def parts(text: str, room: int) -> list[str]:
    return TableCutter(count, 2, room).parts(text)


def test_a_long_row_is_cut_between_cells_with_key_and_names() -> None:
    names = ["Model", *(f"Name {n}" for n in range(8))]
    row = ["Kestrel", *(f"a value of column {n}" for n in range(8))]
    found = parts(f"{CELL.join(names)}\n{CELL.join(row)}", 40)
    assert len(found) > 1
    assert all(size <= 40 for size in count(found))
    pairs = [
        pair for part in found for rows in tables(part) for pair in zip(*rows_of(rows), strict=True)
    ]
    assert set(pairs) == set(zip(names, row, strict=True))
    assert all(part.split("\n")[1].startswith("Kestrel | ") for part in found)


def rows_of(rows: Sequence[object]) -> tuple[Sequence[str], Sequence[str]]:
    header, row = rows
    return header.cells, row.cells  # type: ignore[attr-defined]


def test_a_cell_longer_than_a_part_is_cut_like_prose_under_its_name() -> None:
    prose = " ".join(f"Sentence number {n} says something." for n in range(20))
    found = parts(f"Topic | Text | Owner\nSafety | {prose} | Ann", 40)
    assert all(size <= 40 for size in count(found))
    told = " ".join(labelled(rows[1]) for part in found for rows in tables(part))
    assert all(f"Sentence number {n} says something." in told for n in range(20))
    assert "Owner: Ann" in told
    assert all("Topic: Safety" in labelled(rows[1]) for part in found for rows in tables(part))


CELLS = st.text(alphabet="abЖ .", max_size=40).map(lambda text: " ".join(text.split()))
TABLES = st.integers(2, 5).flatmap(
    lambda width: st.lists(
        st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6
    )
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(TABLES, st.integers(14, 60))
def test_parts_fit_and_lose_no_word(rows: list[list[str]], room: int) -> None:
    found = parts("\n".join(CELL.join(row) for row in rows), room)
    assert all(size <= room + 4 for size in count(found))
    wanted = Counter(letter for row in rows for cell in row for letter in cell if letter != " ")
    assert not wanted - Counter("".join(found))


def test_whole_rows_stay_whole_wherever_they_fit() -> None:
    rows = [f"P-{n} | {n}.50 EUR | Hall {n % 4}" for n in range(40)]
    found = parts("\n".join(["Code | Price | Place", *rows]), 60)
    assert [line for part in found for line in part.split("\n")[1:]] == rows
    assert all(part.startswith("Code | Price | Place\n") for part in found)


def test_header_rows_told_by_the_html_become_one_with_what_stands_above() -> None:
    html = (
        "<table><tr><th></th><th>2024</th><th></th><th>2025</th><th></th></tr>"
        "<tr><th>Region</th><th>Plan</th><th>Fact</th><th>Plan</th><th>Fact</th></tr>"
        "<tr><td>Ural</td><td>1</td><td>2</td><td>3</td><td>4</td></tr></table>"
    )
    text = " | 2024 |  | 2025 | \nRegion | Plan | Fact | Plan | Fact\nUral | 1 | 2 | 3 | 4"
    header, row = table_lines(text, html).split("\n")
    assert cells(header) == ["Region", "2024 Plan", "2024 Fact", "2025 Plan", "2025 Fact"]
    assert row == "Ural | 1 | 2 | 3 | 4"


def test_the_caption_is_repeated_and_tables_stay_apart() -> None:
    rows = "\n".join(f"P-{n} | {n}.50 EUR" for n in range(40))
    chunks = chunk(
        [
            make("NarrativeText", "Table 3. Prices of spare parts"),
            make("Table", f"Code | Price\n{rows}"),
            make("Table", "Name | Age\nAnn | 41"),
        ],
        "doc",
        "v1",
        count,
        60,
    )
    assert len(chunks) > 2
    assert all(
        c.text.startswith("Table 3. Prices of spare parts\nCode | Price\n") for c in chunks[:-1]
    )
    assert chunks[-1].text.endswith("Name | Age\nAnn | 41")
    last = [
        [labelled(row) for row in rows if not row.is_header] for rows in tables(chunks[-1].text)
    ]
    assert last[-1] == ["Name: Ann; Age: 41"]


def test_a_table_over_the_page_is_given_its_header_again() -> None:
    def part(text: str, page: int, left: float = 50.0) -> object:
        box = (left, 100.0, 400.0, 700.0)
        return make("Table", text, page=page, box=box, page_size=(600, 800))

    first, second = "Country | Leave\nNorway | 49 weeks\nSpain | 16 weeks", "Estonia | 475 days"
    other = "Name | Office\nAnn | Oslo"

    def texts(*parts: object) -> list[str]:
        return chunk(parts, "doc", "v1", count, 100)[0].text.split("\n\n")  # type: ignore[arg-type]

    assert texts(part(first, 1), part(second, 2))[1] == f"Country | Leave\n{second}"
    assert texts(part(first, 1), part(second, 1))[1] == second
    assert texts(part(first, 1), part(second, 2, left=200.0))[1] == second
    assert texts(part(first, 1), part(other, 2))[1] == other
    repeated = f"Country | Leave\n{second}"
    assert texts(part(first, 1), part(repeated, 2))[1] == repeated


SHEET = """In millions of CHF |  |  | January to June
 | Sales | Underlying profit | of which impairment
Zone NA | 12553 | 2713 | -29
Zone EUR | 9467 | 1570 | —"""


def test_a_second_header_row_is_told_by_its_shape() -> None:
    header, *rows = table_lines(SHEET, "").split("\n")
    assert cells(header) == [
        "In millions of CHF",
        "Sales",
        "Underlying profit",
        "January to June of which impairment",
    ]
    assert rows == SHEET.split("\n")[2:]
    plain = "Item | 2024 | 2025\nRevenue | n/a | n/a\nRent | 80 | 90"
    assert table_lines(plain, "") == plain
    section = "Item | Plan | Fact\nEurope |  | \nRent | 80 | 90"
    assert table_lines(section, "") == section


def test_the_next_group_of_a_sheet_s_rows_has_the_whole_header() -> None:
    first = SHEET.split("\n")[0]
    more = f"{first}\nZone AOA | 9060 | 2068 | -49\nZone GC | 2548 | 422 | -2"
    (found,) = chunk([make("Table", SHEET), make("Table", more)], "doc", "v1", count, 100)
    told = [labelled(row) for rows in tables(found.text) for row in rows if not row.is_header]
    assert told[-1].startswith("In millions of CHF: Zone GC; Sales: 2548; Underlying profit: 422")
