"""All forty shared files end in the right state. What the PDFs hold is tested in `test_pdf*.py`;
of the others headings, lists, cells, Cyrillic, numbers of slides and sheets, and members.

81_fake.rtf is real RTF, only its text is made up; it is read as RTF.
"""

from pathlib import Path

import pytest

from ingest import sniff
from ingest.parse import Parsed, parse
from serving.errors import RejectedFile

# What it is, pages (slides, sheets), files inside.
READ: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "01_tracemonkey_2col.pdf": (sniff.PDF, 14, ()),
    "02_freeculture_book.pdf": (sniff.PDF, 352, ()),
    "03_multicol_2p.pdf": (sniff.PDF, 2, ()),
    "04_layoutparser_table.pdf": (sniff.PDF, 1, ()),
    "05_docling_2305_pg9_tables.pdf": (sniff.PDF, 1, ()),
    "06_redp5110.pdf": (sniff.PDF, 18, ()),
    "07_normal_4pages.pdf": (sniff.PDF, 4, ()),
    "09_reliance.pdf": (sniff.PDF, 3, ()),
    "10_embedded_images_tables.pdf": (sniff.PDF, 1, ()),
    "11_list_items.pdf": (sniff.PDF, 2, ()),
    "12_journal_2col.pdf": (sniff.PDF, 10, ()),
    "13_scan_loremipsum.pdf": (sniff.PDF, 1, ()),
    "14_ru_debian_faq.pdf": (sniff.PDF, 75, ()),
    "15_ru_maint_guide.pdf": (sniff.PDF, 69, ()),
    "16_ru_ubuntu_pkg.pdf": (sniff.PDF, 57, ()),
    "16b_ru_devref.pdf": (sniff.PDF, 1, ()),
    "17_ru_scan_3p.pdf": (sniff.PDF, 3, ()),
    "20_handbook_872p.docx": (sniff.DOCX, 0, ()),
    "21_docx_tables.docx": (sniff.DOCX, 0, ()),
    "22_word_sample.docx": (sniff.DOCX, 0, ()),
    "23_docx_lists.docx": (sniff.DOCX, 0, ()),
    "24_headers_numbered.docx": (sniff.DOCX, 0, ()),
    "25_ru_faq.docx": (sniff.DOCX, 0, ()),
    "30_sample_pres.pptx": (sniff.PPTX, 4, ()),
    "31_ppt_sample.pptx": (sniff.PPTX, 3, ()),
    "32_ppt_table.pptx": (sniff.PPTX, 1, ()),
    "40_half_year.xlsx": (sniff.XLSX, 5, ()),
    "41_xlsx_01.xlsx": (sniff.XLSX, 4, ()),
    "50_wiki_duck.html": (sniff.HTML, 0, ()),
    "51_10k_1p.html": (sniff.HTML, 0, ()),
    "52_ru_faq.html": (sniff.HTML, 0, ()),
    "60_attach.eml": (sniff.EML, 0, ("fake-attachment.txt",)),
    "61_family.eml": (sniff.EML, 0, ()),
    "70_readme.md": (sniff.MARKDOWN, 0, ()),
    "71_ru_cp1251.txt": (sniff.TEXT, 0, ()),
    "72_norwich.txt": (sniff.TEXT, 0, ()),
    "80_stanley.csv": (sniff.CSV, 0, ()),
    "81_fake.rtf": (sniff.RTF, 0, ()),
    "82_simple.odt": (sniff.ODT, 0, ()),
    "83_winter.epub": (sniff.EPUB, 0, ()),
}
LOCKED = "08_2206_pg3_password.pdf"

# Category, depth, page (slide, sheet) and whole text of elements, in the order of the file.
ORDER: dict[str, list[tuple[str, int | None, int | None, str]]] = {
    "20_handbook_872p.docx": [("NarrativeText", None, None, "Chapter 13")],
    "21_docx_tables.docx": [
        ("Table", None, None, "Header Col 1 | Header Col 2\nLorem ipsum | A link example"),
        ("Table", None, None, "a | >b< | c\nd | e f g&t h | i\nj | k | l"),
        ("Table", None, None, "a | b | \na | c | d\ne |  | d"),
    ],
    "22_word_sample.docx": [
        ("Title", 0, None, "Swimming in the lake"),
        ("ListItem", 0, None, "You can relax and look around"),
        ("ListItem", 0, None, "1. Wear sunglasses"),
        ("ListItem", 0, None, "2. Don’t forget to drink water"),
        ("Title", 1, None, "Let’s eat"),
    ],
    "23_docx_lists.docx": [
        ("Title", 2, None, "Test 2:"),
        ("ListItem", 0, None, "1. List item a"),
        ("Title", 2, None, "Test 3:"),
        ("ListItem", 0, None, "List item 2"),
        ("ListItem", 1, None, "List item 1.1"),
        ("ListItem", 0, None, "List item 3"),
    ],
    "24_headers_numbered.docx": [
        ("Title", 0, None, "1. Section 1"),
        ("Title", 1, None, "1.1. Section 1.1"),
        ("Title", 2, None, "1.2.1. Section 1.2.3"),
        ("Title", 0, None, "2. Section 2"),
    ],
    "25_ru_faq.docx": [
        ("Title", 1, None, "1.1. О чём данные ЧаВо?"),
        ("Title", 1, None, "1.7. Как произносится слово Debian и что оно означает?"),
    ],
    "30_sample_pres.pptx": [
        ("Title", 0, 2, "This is the first content slide"),
        ("ListItem", 0, 2, "And a list of bulleted information"),
        ("ListItem", 2, 2, "This one is a sub-sub-bullet"),
        ("Title", 0, 3, "This is the second content slide"),
    ],
    "31_ppt_sample.pptx": [
        ("NarrativeText", None, 2, "Some notes on the second slide."),
        ("NarrativeText", None, 3, "Second line of notes."),
    ],
    "32_ppt_table.pptx": [],
    "40_half_year.xlsx": [
        ("Title", 0, 1, "OS-Rev.and results 30 06 2023"),
        ("NarrativeText", None, 1, "3.1 Operating segments"),
        ("Title", 0, 5, "Reconciliation 30 06 2023"),
    ],
    "41_xlsx_01.xlsx": [
        ("Table", None, 1, "first | second | third\n1 | 5 | 9\n2 | 4 | 6\n3 | 3 | 3\n4 | 2 | 0\n"
         "5 | 1 | -3\n6 | 0 | -6"),
        ("Title", 0, 4, "Sheet4 (hidden sheet)"),
    ],
    "50_wiki_duck.html": [("Title", 0, None, "Duck"), ("Title", 1, None, "Etymology")],
    "51_10k_1p.html": [
        ("Table", None, None, "Title of each class | Trading symbol | Name of exchange on which "
         "registered\nCommon stock | GLXZ | OTCQB marketplace"),
    ],
    "52_ru_faq.html": [
        ("Title", 0, None, "Глава 2. Получение и установка Debian GNU/Linux"),
        ("Title", 1, None, "2.1. Какая версия Debian является последней?"),
    ],
    "60_attach.eml": [
        ("Title", 0, None, "Fake email with attachment"),
        ("ListItem", 0, None, "Lots of whitespace"),
        ("NarrativeText", None, None, "Attachments: fake-attachment.txt"),
    ],
    "61_family.eml": [("NarrativeText", None, None, "Make sure to RSVP!")],
    "70_readme.md": [("Title", 1, None, "Example Docs"), ("Title", 3, None, "XBRL 10-K")],
    "71_ru_cp1251.txt": [
        ("Title", 0, None, "Глава 1. Определения и краткий обзор"),
        ("Title", 1, None, "1.2. Что такое Debian GNU/Linux?"),
        ("Title", 0, None, "Глава 2. Получение и установка Debian GNU/Linux"),
    ],
    "72_norwich.txt": [],
    "80_stanley.csv": [
        ("NarrativeText", None, None, "Stanley Cups"),
        ("Table", None, None, "Team | Location | Stanley Cups\nBlues | STL | 1\nFlyers | PHI | 2\n"
         "Maple Leafs | TOR | 13"),
    ],
    "81_fake.rtf": [
        ("Title", 0, None, "My First Heading"),
        ("NarrativeText", None, None, "My first paragraph."),
        ("Table", None, None, "Column 1 | Column 2\nRow 1, Cell 1 | Row 1, Cell 2\n"
         "Row 2, Cell 1 | Row 2, Cell 2"),
    ],
    "82_simple.odt": [
        ("Title", 0, None, "These are a few of my favorite things:"),
        ("ListItem", 0, None, "Parrots"),
        ("ListItem", 0, None, "Hockey"),
        ("NarrativeText", None, None, "DOYLESTOWN, PA 18901"),
    ],
    "83_winter.epub": [
        ("Title", 0, None, "WINTER SPORTS IN SWITZERLAND"),
        ("Title", 1, None, "CHAPTER I THE SUN-SEEKER"),
        ("Title", 1, None, "CHAPTER II RINKS AND SKATERS"),
        ("Title", 1, None, "CHAPTER VIII FOR PARENTS AND GUARDIANS"),
    ],
}  # fmt: skip

# File and the beginning of a row: the cell is found under its header.
CELLS = [
    ("32_ppt_table.pptx", "Red | Green | Blue"),
    ("40_half_year.xlsx", "Zone NA | 12553 | 2713 | 2632 |  | -81"),
    ("40_half_year.xlsx", "Zone NA | 12138 | 2284 | 1829 |  | -455"),
    ("50_wiki_duck.html", "Kingdom: | Animalia"),
    ("83_winter.epub", "II. | Rinks and Skaters | 23"),
]


@pytest.mark.parametrize("name", READ)
def test_read(shared_docs: Path, tmp_path: Path, name: str) -> None:
    media_type, pages, members = READ[name]
    parsed = parse(shared_docs / name, name, tmp_path)
    assert (parsed.media_type, parsed.pages) == (media_type, pages)
    assert tuple(member.name for member in parsed.members) == members
    assert parsed.skipped == {}
    numbers = {element.metadata.page_number for element in parsed.elements}
    assert numbers <= (set(range(1, pages + 1)) if pages else {None})
    assert all(any(c.isalnum() for c in e.text) or e.text.strip() for e in parsed.elements)
    if name in ORDER:
        _in_order(parsed, ORDER[name])


def _in_order(parsed: Parsed, wanted: list[tuple[str, int | None, int | None, str]]) -> None:
    found = [
        (e.category, e.metadata.category_depth, e.metadata.page_number, e.text)
        for e in parsed.elements
    ]
    at = 0
    for one in wanted:
        assert one in found[at:], one
        at += found[at:].index(one) + 1


@pytest.mark.parametrize(("name", "row"), CELLS)
def test_cells(shared_docs: Path, name: str, row: str) -> None:
    rows = [
        line
        for element in parse(shared_docs / name, name).elements
        if element.category == "Table"
        for line in element.text.split("\n")
    ]
    assert any(line.startswith(row) for line in rows)


def test_locked(shared_docs: Path) -> None:
    with pytest.raises(RejectedFile, match="locked with a password"):
        parse(shared_docs / LOCKED, LOCKED)


def test_all_forty_are_here(shared_docs: Path) -> None:
    known = {*READ, LOCKED, "README.md"}
    assert {path.name for path in shared_docs.iterdir()} == known
    assert {name for name in READ if not name.endswith(".pdf")} == set(ORDER)


@pytest.mark.parametrize("name", ["25_ru_faq.docx", "31_ppt_sample.pptx", "83_winter.epub"])
def test_what_it_is_does_not_depend_on_its_name(shared_docs: Path, name: str) -> None:
    for other in ("noname", "report.pdf", "notes.txt", "archive.zip"):
        assert sniff.sniff(shared_docs / name, other) == READ[name][0]
