"""DOCX, PPTX and XLSX. Archives are repacked with fixed times so that a build repeats exactly."""

import re
import zipfile
from datetime import datetime
from pathlib import Path

from docx import Document
from docx.document import Document as DocxDocument
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from pptx import Presentation
from pptx.slide import Slide
from pptx.util import Inches, Pt

from render.source import Block, Source, plain

MOMENT = (2025, 1, 1, 0, 0, 0)
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_docx(source: Source, path: Path) -> None:
    """Headings by style, so that a reader of the structure finds them."""
    document = Document()
    document.core_properties.title = source.title
    document.core_properties.author = "Velmora Instruments"
    document.add_heading(source.title, 0)
    facts = (source.meta.get("code", ""), source.meta.get("owner", ""), source.meta["date"])
    document.add_paragraph(" · ".join(fact for fact in facts if fact))
    for block in source.blocks:
        _docx_block(document, block)
    document.save(str(path))
    settle(path)


def _docx_block(document: DocxDocument, block: Block) -> None:
    if block.kind == "heading":
        document.add_heading(plain(block.text), block.level - 1)
    elif block.kind == "table":
        table = document.add_table(len(block.rows), len(block.rows[0]), "Light Grid Accent 1")
        for row, cells in zip(table.rows, block.rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = plain(text)
        document.add_paragraph()
    else:
        _docx_lines(document, block)


def _docx_lines(document: DocxDocument, block: Block) -> None:
    style = {"bullets": "List Bullet", "numbers": "List Number"}.get(block.kind)
    number = _restarted(document) if block.kind == "numbers" else None
    for line in block.lines:
        paragraph = document.add_paragraph(style=style)
        if number is not None:
            paragraph._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = number
        for index, piece in enumerate(line.split("**")):
            paragraph.add_run(piece.replace("`", "")).bold = index % 2 == 1


def _restarted(document: DocxDocument) -> int:
    """A new numbering like the style's own; without it a second list goes on from the first."""
    numbering = document.part.numbering_part.element
    base = document.styles["List Number"].element.pPr.numPr.numId.val
    number = numbering.add_num(numbering.num_having_numId(base).abstractNumId.val)
    number.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(number.numId)


def write_pptx(source: Source, path: Path) -> None:
    """A slide for each heading; a paragraph that begins with "Notes:" becomes speaker notes."""
    deck = Presentation()
    deck.core_properties.title = source.title
    deck.core_properties.author = "Velmora Instruments"
    cover = deck.slides.add_slide(deck.slide_layouts[0])
    cover.shapes.title.text = source.title
    cover.placeholders[1].text = f"{source.meta.get('owner', '')} · {source.meta['date']}"
    slide = cover
    for block in source.blocks:
        if block.kind == "heading":
            slide = deck.slides.add_slide(deck.slide_layouts[1])
            slide.shapes.title.text = plain(block.text)
        else:
            _pptx_block(slide, block)
    deck.save(str(path))
    settle(path)


def _pptx_block(slide: Slide, block: Block) -> None:
    if block.kind == "table":
        _pptx_table(slide, block)
    elif block.text.startswith("Notes:"):
        slide.notes_slide.notes_text_frame.text = plain(block.text[6:].strip())
    else:
        frame = slide.placeholders[1].text_frame
        for line in block.lines:
            paragraph = frame.add_paragraph() if frame.text else frame.paragraphs[0]
            paragraph.text = plain(line)
            paragraph.font.size = Pt(20)


def _pptx_table(slide: Slide, block: Block) -> None:
    body = slide.placeholders[1]
    if body.has_text_frame and not body.text_frame.text:
        body._element.getparent().remove(body._element)
    count = len(block.rows)
    left, width, height = Inches(0.5), Inches(9), Inches(0.4 * count)
    table = slide.shapes.add_table(
        count, len(block.rows[0]), left, Inches(1.7), width, height
    ).table
    for y, row in enumerate(block.rows):
        for x, text in enumerate(row):
            table.cell(y, x).text = plain(text)
            table.cell(y, x).text_frame.paragraphs[0].font.size = Pt(14)


def write_xlsx(source: Source, path: Path) -> None:
    """A sheet for each heading, its tables from the first row on, its paragraphs below them."""
    book = Workbook()
    book.remove(book.active)
    book.properties.title = source.title
    book.properties.creator = "Velmora Instruments"
    sheet = None
    for block in source.blocks:
        if block.kind == "heading":
            sheet = book.create_sheet(plain(block.text)[:31])
        elif sheet is None:
            raise ValueError(f"{source.name}: text before the first heading has no sheet")
        else:
            _sheet_block(sheet, block)
    book.save(str(path))
    settle(path)


def _sheet_block(sheet: Worksheet, block: Block) -> None:
    if block.kind != "table":
        for line in block.lines:
            sheet.cell(sheet.max_row + 2, 1, plain(line))
        return
    for row in block.rows:
        sheet.append([typed(cell) for cell in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="0F4C75")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
    for index, column in enumerate(zip(*block.rows, strict=True), start=1):
        longest = max(len(cell) for cell in column)
        sheet.column_dimensions[get_column_letter(index)].width = min(longest + 3, 60)


def typed(cell: str) -> str | int | float | datetime | None:
    """A cell's value: whole number, decimal, ISO date, text, or None when empty."""
    text = plain(cell)
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"-?\d+\.\d+", text):
        return float(text)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return datetime.fromisoformat(text)
    return text or None


def settle(path: Path) -> None:
    """Repack an Office archive with fixed times in the entries and in the core properties."""
    with zipfile.ZipFile(path) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            if name == "docProps/core.xml":
                content = _STAMP.sub(rb"\g<1>2025-01-01T00:00:00Z", content)
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
