"""DOCX: what Word shows, in the order in which it shows it."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.document import Document

from ingest.parse import Parsed, parse

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def save(path: Path, document: Document) -> Path:
    document.save(str(path))
    return path


def change(path: Path, part: str, edit: Callable[[str], str]) -> None:
    """Rewrite one part of the package, or add it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = edit(parts.get(part, b"").decode()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def with_body(tmp_path: Path, xml: str) -> Path:
    """A document whose body begins with this XML."""
    path = save(tmp_path / "made.docx", docx.Document())
    change(path, "word/document.xml", lambda old: old.replace("<w:body>", f"<w:body>{xml}"))
    return path


def read(path: Path, folder: Path | None = None) -> Parsed:
    return parse(path, path.name, folder)


def lines(path: Path) -> list[tuple[str, str]]:
    return [(e.category, e.text) for e in read(path).elements]


def test_tracked_changes_count_as_accepted(tmp_path: Path) -> None:
    path = with_body(
        tmp_path,
        '<w:p><w:r><w:t xml:space="preserve">The limit is </w:t></w:r>'
        "<w:del w:id='1'><w:r><w:delText>300</w:delText></w:r></w:del>"
        "<w:ins w:id='2'><w:r><w:t>500</w:t></w:r></w:ins>"
        "<w:moveFrom w:id='3'><w:r><w:t> old place</w:t></w:r></w:moveFrom>"
        '<w:r><w:t xml:space="preserve"> euros.</w:t></w:r></w:p>'
        "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>Hidden.</w:t></w:r></w:p>",
    )
    assert lines(path) == [("NarrativeText", "The limit is 500 euros.")]


def test_numbers_that_word_shows_are_read(tmp_path: Path) -> None:
    document = docx.Document()
    for level, text in ((1, "Закупки"), (2, "Пороги"), (2, "Сроки"), (1, "Отпуск")):
        document.add_heading(text, level)
        document.add_paragraph(f"О разделе «{text}».")
    document.add_paragraph("first", style="List Number")
    document.add_paragraph("second", style="List Number")
    document.add_paragraph("bullet", style="List Bullet")
    path = save(tmp_path / "numbers.docx", document)
    levels = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for at, text in ((0, "%1."), (1, "%1.%2."))
    )
    number = f'<w:abstractNum w:abstractNumId="77">{levels}</w:abstractNum>'
    change(
        path,
        "word/numbering.xml",
        lambda old: re.sub(r"(<w:num )", rf"{number}\1", old, count=1).replace(
            "</w:numbering>",
            '<w:num w:numId="77"><w:abstractNumId w:val="77"/></w:num></w:numbering>',
        ),
    )

    def number_headings(old: str) -> str:
        for style, level in (("Heading1", 0), ("Heading2", 1)):
            old = old.replace(
                f'<w:pStyle w:val="{style}"/>',
                f'<w:pStyle w:val="{style}"/><w:numPr><w:ilvl w:val="{level}"/>'
                '<w:numId w:val="77"/></w:numPr>',
            )
        return old

    change(path, "word/document.xml", number_headings)
    elements = read(path).elements
    titles = [(e.text, e.metadata.category_depth) for e in elements if e.category == "Title"]
    assert titles == [("1. Закупки", 0), ("1.1. Пороги", 1), ("1.2. Сроки", 1), ("2. Отпуск", 0)]
    items = [e.text for e in elements if e.category == "ListItem"]
    assert items == ["1. first", "2. second", "bullet"]


def test_merged_cells_and_header_rows(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(4, 3)
    rows = (("Тариф", "Цена", ""), ("", "за день", "за месяц"), ("A", "10", "200"), ("", "7", "90"))
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 0).merge(table.cell(1, 0))
    table.cell(2, 0).merge(table.cell(3, 0))
    path = save(tmp_path / "merged.docx", document)
    change(
        path,
        "word/document.xml",
        lambda old: old.replace("<w:tr>", "<w:tr><w:trPr><w:tblHeader/></w:trPr>", 2),
    )
    (element,) = (e for e in read(path).elements if e.category == "Table")
    assert element.text.split("\n") == [
        "Тариф | Цена | ",
        "Тариф | за день | за месяц",
        "A | 10 | 200",
        "A | 7 | 90",
    ]
    assert element.metadata.text_as_html is not None
    assert element.metadata.text_as_html.count("<th>") == 6


def test_notes_comments_boxes_and_running_headers(tmp_path: Path) -> None:
    document = docx.Document()
    section = document.sections[0]
    section.header.paragraphs[0].text = "Internal"
    section.footer.paragraphs[0].text = "Edition 3"
    paragraph = document.add_paragraph("Orders need approval")
    document.add_comment(paragraph.runs, "Is this still so?", author="Anna")
    document.add_paragraph("Later text.")
    path = save(tmp_path / "rest.docx", document)
    note = "<w:r><w:footnoteReference w:id='5'/></w:r>"
    content = "<w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    box = (
        f"<w:r><mc:AlternateContent xmlns:mc='{mc}'><mc:Choice>{content}</mc:Choice>"
        f"<mc:Fallback>{content}</mc:Fallback></mc:AlternateContent></w:r>"
    )
    change(
        path,
        "word/document.xml",
        lambda old: old.replace("approval</w:t></w:r>", f"approval</w:t></w:r>{note}{box}"),
    )
    change(
        path,
        "word/footnotes.xml",
        lambda _: (
            f"<w:footnotes {W}><w:footnote w:id='5'><w:p><w:r><w:footnoteRef/></w:r><w:r>"
            "<w:t>Above 500 euros.</w:t></w:r></w:p></w:footnote></w:footnotes>"
        ),
    )
    assert lines(path) == [
        ("NarrativeText", "Orders need approval[1]"),
        ("NarrativeText", "Boxed."),
        ("NarrativeText", "[1] Above 500 euros."),
        ("NarrativeText", "Later text."),
        ("Header", "Internal"),
        ("Footer", "Edition 3"),
        ("NarrativeText", "Comment by Anna: Is this still so?"),
    ]


@pytest.mark.parametrize("with_headings", [True, False])
def test_bold_paragraphs_are_headings_where_there_are_no_others(
    tmp_path: Path, with_headings: bool
) -> None:
    document = docx.Document()
    if with_headings:
        document.add_heading("Rules", 1)
    document.add_paragraph().add_run("Working hours").bold = True
    document.add_paragraph("The office is open from nine to six.")
    document.add_paragraph().add_run("Bold at the end").bold = True
    found = lines(save(tmp_path / "bold.docx", document))
    assert (("Title", "Working hours") in found) is not with_headings
    assert ("NarrativeText", "Bold at the end") in found


def test_contents_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    path = with_body(
        tmp_path,
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj>"
        "</w:sdtPr><w:sdtContent><w:p><w:r><w:t>Rules 3</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:r><w:t>Page </w:t></w:r><w:r><w:fldChar w:fldCharType='begin'/></w:r>"
        "<w:r><w:instrText> PAGE </w:instrText></w:r>"
        "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>7</w:t></w:r>"
        "<w:r><w:fldChar w:fldCharType='end'/></w:r><w:r><w:t>of the book.</w:t></w:r></w:p>",
    )
    assert lines(path) == [
        ("NarrativeText", "In a control."),
        ("NarrativeText", "Page of the book."),
    ]


def test_embedded_files_are_members(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "inner.xlsx")
    inner = (tmp_path / "inner.xlsx").read_bytes()
    document = docx.Document()
    document.add_paragraph("See the sheet.")
    path = save(tmp_path / "outer.docx", document)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("word/embeddings/Sheet1.xlsx", inner)
        archive.writestr("word/embeddings/chart.xlsx", inner)
        archive.writestr("word/embeddings/old.bin", b"x")
    relation = (
        '<Relationship Id="r{0}" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships/{1}" Target="{2}"{3}/>'
    )
    added = "".join(
        relation.format(900 + at, *fields)
        for at, fields in enumerate(
            [
                ("package", "embeddings/Sheet1.xlsx", ""),
                ("oleObject", "embeddings/old.bin", ""),
                ("package", "file:///etc/passwd", ' TargetMode="External"'),
                ("package", "../../../etc/passwd", ""),
            ]
        )
    )
    change(
        path,
        "word/_rels/document.xml.rels",
        lambda old: old.replace("</Relationships>", f"{added}</Relationships>"),
    )
    folder = tmp_path / "members"
    folder.mkdir()
    parsed = read(path, folder)
    assert {m.name: m.path.read_bytes() for m in parsed.members} == {"Sheet1.xlsx": inner}
    assert list(parsed.skipped) == ["old.bin"]
