"""Every shared document ends in the right state, with the right text in the right place."""

from pathlib import Path

import pytest

from ingest import sniff
from ingest.parse import Parsed, parse
from serving.errors import RejectedFile

REJECTED = {
    "08_2206_pg3_password.pdf": "locked with a password",
}

# File, category, text that one element of that category holds.
HOLDS = [
    ("01_tracemonkey_2col.pdf", "Title", "1. Introduction"),
    ("01_tracemonkey_2col.pdf", "NarrativeText", "are more difficult to compile than statically"),
    ("01_tracemonkey_2col.pdf", "NarrativeText", "We present an alternative compilation technique"),
    ("02_freeculture_book.pdf", "Title", "INTRODUCTION"),
    ("03_multicol_2p.pdf", "NarrativeText", "relies on efficient passage retrieval"),
    ("04_layoutparser_table.pdf", "Table", "PRImA [3] | M | - | Layouts of scanned modern"),
    (
        "05_docling_2305_pg9_tables.pdf",
        "Table",
        "6 | 6 | OTSL | 0.965 | 0.934 | 0.955 | 0.88 | 2.73",
    ),
    ("06_redp5110.pdf", "Table", "USER_NAME | VARCHAR(10) | Name of the user profile that has a"),
    ("07_normal_4pages.pdf", "Table", "구분 | 개정전 | 개정후"),
    ("09_reliance.pdf", "NarrativeText", "RIL has always strived to positively touch"),
    ("10_embedded_images_tables.pdf", "Table", "0 | 0.0335 | 0.0409 | −0.9393 | 0.0003 | 24.0910"),
    ("11_list_items.pdf", "ListItem", "Design considerations"),
    ("12_journal_2col.pdf", "Title", "I. INTRODUCTION"),
    ("13_scan_loremipsum.pdf", "NarrativeText", "consectetur adipiscing"),
    ("17_ru_scan_3p.pdf", "Title", "2.1 Какая версия Debian является последней?"),
    ("14_ru_debian_faq.pdf", "Title", "О чём данные ЧаВо?"),
    ("15_ru_maint_guide.pdf", "NarrativeText", "Debian"),
    ("16_ru_ubuntu_pkg.pdf", "NarrativeText", "Ubuntu"),
    ("16b_ru_devref.pdf", "NarrativeText", "due to tool chain issues"),
    ("20_handbook_872p.docx", "NarrativeText", "the"),
    ("21_docx_tables.docx", "Table", "Header Col 1 | Header Col 2\nLorem ipsum | A link example"),
    ("22_word_sample.docx", "ListItem", "You can relax and look around"),
    ("23_docx_lists.docx", "ListItem", "List item 1"),
    ("24_headers_numbered.docx", "Title", "1.2.1. Section 1.2.3"),
    ("25_ru_faq.docx", "Title", "1.1. О чём данные ЧаВо?"),
    ("30_sample_pres.pptx", "Title", "This is the first content slide"),
    ("31_ppt_sample.pptx", "Table", " | "),
    ("32_ppt_table.pptx", "Table", "Red | Green | Blue"),
    ("40_half_year.xlsx", "Table", " | "),
    ("41_xlsx_01.xlsx", "Table", " | "),
    ("50_wiki_duck.html", "NarrativeText", "waterfowl"),
    ("51_10k_1p.html", "Table", "Common stock | GLXZ | OTCQB marketplace"),
    ("52_ru_faq.html", "Title", "2.1. Какая версия Debian является последней?"),
    ("60_attach.eml", "NarrativeText", "Attachments: fake-attachment.txt"),
    ("61_family.eml", "NarrativeText", "There will be face painting, a petting zoo"),
    ("70_readme.md", "Title", "Example Docs"),
    ("71_ru_cp1251.txt", "NarrativeText", "Linux"),
    ("72_norwich.txt", "ListItem", "Norwich"),
    ("80_stanley.csv", "Table", "Team | Location | Stanley Cups\nBlues | STL | 1"),
    ("81_fake.rtf", "Table", "Column 1 | Column 2\nRow 1, Cell 1 | Row 1, Cell 2"),
    ("82_simple.odt", "Title", "These are a few of my favorite things:"),
    ("83_winter.epub", "Title", "CHAPTER I THE SUN-SEEKER"),
]


@pytest.mark.parametrize(("name", "category", "text"), HOLDS, ids=lambda v: str(v)[:30])
def test_holds(shared_docs: Path, name: str, category: str, text: str) -> None:
    found = [e.text for e in read(shared_docs, name).elements if e.category == category]
    assert any(text in one for one in found), found[:20]


@pytest.mark.parametrize(("name", "reason"), REJECTED.items())
def test_rejected(shared_docs: Path, name: str, reason: str) -> None:
    with pytest.raises(RejectedFile) as error:
        parse(shared_docs / name, name)
    message = str(error.value)
    assert reason in message
    assert message.startswith(f"{name}: ")
    assert "\n" not in message


def test_nothing_is_left_out_of_these_tests(shared_docs: Path) -> None:
    known = {name for name, _, _ in HOLDS} | set(REJECTED) | {"README.md"}
    assert {path.name for path in shared_docs.iterdir()} == known


def test_two_columns_are_read_one_after_the_other(shared_docs: Path) -> None:
    text = "\n".join(e.text for e in read(shared_docs, "01_tracemonkey_2col.pdf").elements)
    order = [
        "Dynamic languages such as JavaScript are more difficult",
        "Categories and Subject Descriptors",
        "1. Introduction",
        "and is used for the application logic of browser-based",
        "6.1 Calling Compiled Traces",
    ]
    places = [text.find(part) for part in order]
    assert -1 not in places
    assert places == sorted(places)


def test_elements_of_a_pdf_lie_on_their_page(shared_docs: Path) -> None:
    parsed = read(shared_docs, "14_ru_debian_faq.pdf")
    assert parsed.pages == 75
    assert {e.metadata.page_number for e in parsed.elements} <= set(range(1, 76))
    for element in parsed.elements:
        where = element.metadata.coordinates
        assert where is not None
        assert where.points is not None
        assert where.system is not None
        xs, ys = zip(*where.points, strict=True)
        # The centre, because listings in this document run over the page's edge.
        assert 0 < (min(xs) + max(xs)) / 2 < where.system.width
        assert 0 < (min(ys) + max(ys)) / 2 < where.system.height


def test_heading_depths(shared_docs: Path) -> None:
    titles = {
        e.text: e.metadata.category_depth
        for e in read(shared_docs, "24_headers_numbered.docx").elements
        if e.category == "Title"
    }
    assert titles["1. Section 1"] == 0
    assert titles["1.1. Section 1.1"] == 1
    assert titles["1.2.1. Section 1.2.3"] == 2


def test_slides_are_pages(shared_docs: Path) -> None:
    parsed = read(shared_docs, "30_sample_pres.pptx")
    second = next(e for e in parsed.elements if e.text == "This is the first content slide")
    assert (parsed.pages, second.metadata.page_number) == (4, 2)


def test_mail_has_its_headers_and_its_attachment_as_a_member(
    shared_docs: Path, tmp_path: Path
) -> None:
    parsed = parse(shared_docs / "60_attach.eml", "60_attach.eml", tmp_path)
    texts = [e.text for e in parsed.elements]
    assert any("From: Mallori Harrell" in text and "Subject: " in text for text in texts)
    assert [member.name for member in parsed.members] == ["fake-attachment.txt"]
    assert "Hey this is a fake attachment!" in parsed.members[0].path.read_text()


def test_media_types(shared_docs: Path) -> None:
    assert sniff.sniff(shared_docs / "60_attach.eml", "60_attach.eml") == sniff.EML
    assert sniff.sniff(shared_docs / "52_ru_faq.html", "noname") == sniff.HTML
    assert sniff.sniff(shared_docs / "25_ru_faq.docx", "noname") == sniff.DOCX
    assert sniff.sniff(shared_docs / "71_ru_cp1251.txt", "71.txt") == sniff.TEXT


_READ: dict[str, Parsed] = {}


def read(folder: Path, name: str) -> Parsed:
    """Each file is parsed once for all tests."""
    if name not in _READ:
        _READ[name] = parse(folder / name, name)
    return _READ[name]
