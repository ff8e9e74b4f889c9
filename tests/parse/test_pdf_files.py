"""The shared PDFs: headings, lists, cells, order, Cyrillic, pages, and scans read by hand."""

import re
from functools import cache
from pathlib import Path

import pytest

from ingest.limits import Limits
from ingest.parse import Parsed, parse
from serving.errors import RejectedFile

# Read off the pictures of the pages by eye.
SCANNED = {
    "13_scan_loremipsum.pdf": [
        (1, "Lorem ipsum dolor sit amet, consectetur adipiscing elit."),
        (1, "Morbi efficitur, ipsum maximus tristique lobortis, arcu erat dignissim urna"),
        (1, "Sed posuere sit amet lacus sed pharetra."),
        (1, "Pellentesque in gravida ante, ullamcorper sodales elit."),
        (1, "Pellentesque a libero fringilla, lobortis nisi consequat, lobortis eros."),
    ],
    "17_ru_scan_3p.pdf": [
        (3, "В настоящее время существует три версии Debian GNU/Linux:"),
        (
            3,
            "стабильное и хорошо протестированное ПО, которое изменяется, если в него включаются",
        ),
        (3, "эти пакеты прошли некоторое тестирование в нестабильной версии"),
        (3, "This is the version currently under development; it is updated continuously."),
        (
            3,
            "a Debian version is released and tagged stable it will only get security updates.",
        ),
        (3, "Обновления безопасности служат одной цели: исправить уязвимость."),
        (3, "Поэтому исправление проблем безопасности в пакетах не приводит к обновлению ПО."),
    ],
}
# File, heading, depth, page.
HEADINGS = [
    ("01_tracemonkey_2col.pdf", "1. Introduction", 1),
    ("01_tracemonkey_2col.pdf", "6.1 Calling Compiled Traces", 8),
    ("02_freeculture_book.pdf", "CHAPTER FOUR: “Pirates”", 67),
    ("03_multicol_2p.pdf", "2 Background", 2),
    ("04_layoutparser_table.pdf", "3.1 Layout Detection Models", 1),
    ("05_docling_2305_pg9_tables.pdf", "5.1 Hyper Parameter Optimization", 1),
    ("06_redp5110.pdf", "Chapter 1. Securing and protecting IBM DB2 data", 5),
    ("12_journal_2col.pdf", "II. STRESS-ENGINEERED MICROROBOT", 2),
    ("14_ru_debian_faq.pdf", "2.1 Какая версия Debian является последней?", 13),
    ("15_ru_maint_guide.pdf", "A.3 Мультиархитектурность", 67),
    ("16_ru_ubuntu_pkg.pdf", "Создание ключа GPG", 11),
    ("17_ru_scan_3p.pdf", "Глава 2 Получение и установка Debian", 3),
    ("17_ru_scan_3p.pdf", "2.2 Обновляются ли пакеты в «stable»?", 3),
]
LISTS = [
    ("11_list_items.pdf", "Which products should be developed and tested?"),
    ("14_ru_debian_faq.pdf", "FreeBSD: provided through the kfreebsd-amd64 and"),
    ("15_ru_maint_guide.pdf", "Файл Makefile соответствует соглашениям GNU"),
    ("16_ru_ubuntu_pkg.pdf", "Установка программ для работы с пакетами."),
]
# Rows whole, cells in their columns; the first two were broken or wrong before.
ROWS = [
    ("10_embedded_images_tables.pdf", "2 | 1.9460 | 0.0596 | −0.8276 | 0.0002 | 121.440 | 1.5054"),
    ("12_journal_2col.pdf", "Number of robots with ξn=20 | 10 | 19 | 100 | 18 | 90"),
    ("02_freeculture_book.pdf", "Cable TV | Broadcasters | No protection | Statutory license"),
    ("05_docling_2305_pg9_tables.pdf", "6 | 6 | OTSL | 0.965 | 0.934 | 0.955 | 0.88 | 2.73"),
    ("07_normal_4pages.pdf", "분류 | 1군 감염병 | 1급 감염병"),
    (
        "06_redp5110.pdf",
        "User action | *JOBCTL | QIBM_DB_SECADM | QIBM_DB_SQLADM | QIBM_DB_SYSMON | No Authority",
    ),
    ("06_redp5110.pdf", "Visual Explain within Run SQL scripts | X |  | X | X | X"),
]
# Parts in the order in which a person reads them: the left column, then the right one.
ORDER = [
    (
        "01_tracemonkey_2col.pdf",
        1,
        ["Dynamic languages such as", "1. Introduction", "and is used for the appl"],
    ),
    (
        "03_multicol_2p.pdf",
        1,
        ["Open-domain question answering relies on", "1 Introduction", "Equal contribution"],
    ),
    (
        "12_journal_2col.pdf",
        2,
        ["STRESS-ENGINEERED MICROROBOT", "MicroStressBot"],
    ),
]
# File, page, a sentence that goes over a line's end in Russian.
RUSSIAN = [
    ("14_ru_debian_faq.pdf", 13, "Официальным документом с инструкциями по установке является"),
    ("15_ru_maint_guide.pdf", 67, "Свойство мультиархитектурности, появившееся в Debian wheezy"),
    ("16_ru_ubuntu_pkg.pdf", 6, "Ubuntu"),
]


@cache
def read(path: Path) -> Parsed:
    return parse(path, path.name, limits=Limits())


def text_of(parsed: Parsed, page: int) -> str:
    return " ".join(e.text for e in parsed.elements if e.metadata.page_number == page)


@pytest.mark.parametrize("name", SCANNED)
def test_scans_say_what_a_person_reads(shared_docs: Path, name: str) -> None:
    parsed = read(shared_docs / name)
    found = wanted = 0
    for page, sentence in SCANNED[name]:
        words = re.findall(r"\w+", sentence.casefold())
        known = set(re.findall(r"\w+", text_of(parsed, page).casefold()))
        found, wanted = found + sum(word in known for word in words), wanted + len(words)
    assert found / wanted > 0.95
    assert parsed.unread == ()
    assert set(parsed.ocr) == set(range(1, parsed.pages + 1))
    assert min(parsed.ocr.values()) > 0.85


def test_words_cut_at_the_end_of_a_scanned_line_are_whole(shared_docs: Path) -> None:
    text = text_of(read(shared_docs / "17_ru_scan_3p.pdf"), 3)
    for word in ("приведём", "существенные", "некоторое", "безопасности"):
        assert word in text, word


@pytest.mark.parametrize(("name", "heading", "page"), HEADINGS)
def test_headings(shared_docs: Path, name: str, heading: str, page: int) -> None:
    titles = {
        (e.text, e.metadata.page_number)
        for e in read(shared_docs / name).elements
        if e.category == "Title"
    }
    assert (heading, page) in titles


@pytest.mark.parametrize(("name", "item"), LISTS)
def test_list_items(shared_docs: Path, name: str, item: str) -> None:
    items = [e.text for e in read(shared_docs / name).elements if e.category == "ListItem"]
    assert any(text.startswith(item) for text in items)


@pytest.mark.parametrize(("name", "row"), ROWS)
def test_rows_of_tables(shared_docs: Path, name: str, row: str) -> None:
    tables = [e.text for e in read(shared_docs / name).elements if e.category == "Table"]
    assert row in [line for text in tables for line in text.split("\n")]


def test_no_value_of_the_polarisation_table_lost_its_sign(shared_docs: Path) -> None:
    parsed = read(shared_docs / "10_embedded_images_tables.pdf")
    (table,) = [e.text for e in parsed.elements if e.category == "Table"]
    potentials = [row.split(" | ")[3] for row in table.split("\n")[2:]]
    assert potentials == ["−0.9393", "−0.8276", "−0.8825", "−0.8027", "−0.5896", "−0.5356"]


@pytest.mark.parametrize(("name", "page", "parts"), ORDER)
def test_columns_are_read_in_order(
    shared_docs: Path, name: str, page: int, parts: list[str]
) -> None:
    text = text_of(read(shared_docs / name), page)
    places = [text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize(("name", "page", "sentence"), RUSSIAN)
def test_russian_text_is_on_its_page(
    shared_docs: Path, name: str, page: int, sentence: str
) -> None:
    assert sentence in text_of(read(shared_docs / name), page)


def test_a_cover_is_recognised_and_the_rest_is_not(shared_docs: Path) -> None:
    parsed = read(shared_docs / "02_freeculture_book.pdf")
    assert (parsed.pages, list(parsed.ocr)) == (352, [1])
    assert "FREE CULTURE" in text_of(parsed, 1).upper()


def test_an_empty_page_is_blank_and_not_unread(shared_docs: Path) -> None:
    parsed = read(shared_docs / "06_redp5110.pdf")
    assert (parsed.pages, parsed.blank, parsed.unread, parsed.ocr) == (18, (17,), (), {})


def test_formulas_and_listings_are_not_tables(shared_docs: Path) -> None:
    parsed = read(shared_docs / "12_journal_2col.pdf")
    tables = [e for e in parsed.elements if e.category == "Table"]
    assert len(tables) <= 3
    assert not any(e.text.startswith(("(𝑉", "[1]")) for e in tables)


def test_a_report_of_boxes_has_few_headings(shared_docs: Path) -> None:
    elements = read(shared_docs / "09_reliance.pdf").elements
    titles = [e.text for e in elements if e.category == "Title"]
    assert len(titles) < 0.5 * len(elements)


def test_a_locked_file_says_so(shared_docs: Path) -> None:
    with pytest.raises(RejectedFile, match="locked with a password"):
        read(shared_docs / "08_2206_pg3_password.pdf")


def test_a_page_that_stands_for_a_missing_book_is_read(shared_docs: Path) -> None:
    parsed = read(shared_docs / "16b_ru_devref.pdf")
    assert "not build due to tool chain issues" in text_of(parsed, 1)
