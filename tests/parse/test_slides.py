"""PPTX: titles, order, groups, tables, charts, notes, hidden slides."""

from pathlib import Path

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ingest.parse import Parsed, parse


def read(tmp_path: Path, deck: object) -> Parsed:
    path = tmp_path / "deck.pptx"
    deck.save(str(path))  # type: ignore[attr-defined]
    return parse(path, path.name)


def lines(parsed: Parsed) -> list[tuple[int | None, str, str]]:
    return [(e.metadata.page_number, e.category, e.text) for e in parsed.elements]


def test_a_slide_is_read_from_top_to_bottom_with_its_notes(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Отпуск"
    slide.placeholders[1].text = "28 дней\nЗаявление за две недели"
    slide.placeholders[1].text_frame.paragraphs[1].level = 1
    lower = slide.shapes.add_textbox(Inches(1), Inches(6), Inches(3), Inches(1))
    lower.text_frame.text = "Below."
    upper = slide.shapes.add_textbox(Inches(1), Inches(0), Inches(3), Inches(0.2))
    upper.text_frame.text = "Above."
    slide.notes_slide.notes_text_frame.text = "Bring the badge."
    assert lines(read(tmp_path, deck)) == [
        (1, "Title", "Отпуск"),
        (1, "NarrativeText", "Above."),
        (1, "ListItem", "28 дней"),
        (1, "ListItem", "Заявление за две недели"),
        (1, "NarrativeText", "Below."),
        (1, "NarrativeText", "Bring the badge."),
    ]


def test_groups_tables_charts_and_hidden_slides(tmp_path: Path) -> None:
    deck = Presentation()
    blank = deck.slide_layouts[6]
    first, second = deck.slides.add_slide(blank), deck.slides.add_slide(blank)
    outer = first.shapes.add_group_shape()
    inner = outer.shapes.add_group_shape()
    box = inner.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(1))
    box.text_frame.text = "In a group."
    frame = first.shapes.add_table(3, 2, Inches(1), Inches(3), Inches(4), Inches(1))
    for cell, text in zip(
        frame.table.iter_cells(), ["Зона", "Ставка", "A", "60", "", "90"], strict=True
    ):
        cell.text = text
    frame.table.cell(1, 0).merge(frame.table.cell(2, 0))
    data = CategoryChartData()
    data.categories = ["2025", "2026"]
    data.add_series("Выручка", (10.5, 20))
    kind = XL_CHART_TYPE.COLUMN_CLUSTERED
    second.shapes.add_chart(kind, Inches(1), Inches(1), Inches(4), Inches(3), data)
    second._element.set("show", "0")
    parsed = read(tmp_path, deck)
    assert parsed.pages == 2
    assert lines(parsed) == [
        (1, "NarrativeText", "In a group."),
        (1, "Table", "Зона | Ставка\nA | 60\nA | 90"),
        (2, "Title", "Slide 2 (hidden slide)"),
        (2, "Table", " | Выручка\n2025 | 10.5\n2026 | 20"),
    ]
    assert parsed.members == ()
