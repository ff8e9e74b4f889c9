"""PDF by reportlab: title block, ruled tables, bookmarks; the same bytes from each run."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    HRFlowable,
    ListFlowable,
    ListItem,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from render.source import Block, Source, plain

FONTS = Path("/usr/share/fonts/truetype/dejavu")
FACES = {"Body": "DejaVuSans", "Body-Bold": "DejaVuSans-Bold", "Mono": "DejaVuSansMono"}
INK, BLUE, RULE = HexColor("#1d2733"), HexColor("#0f4c75"), HexColor("#b8c4d0")
BAND = HexColor("#f3f6f9")
WIDTH = A4[0] - 44 * mm


def _style(name: str, size: float, **more: object) -> ParagraphStyle:
    base = {"fontName": "Body", "leading": size * 1.42, "textColor": INK, "splitLongWords": 0}
    return ParagraphStyle(name, fontSize=size, **{**base, **more})


BODY = _style("body", 9.5, spaceAfter=6)
CELL = _style("cell", 8.3)
HEAD_CELL = _style("head", 8.3, fontName="Body-Bold", textColor=HexColor("#ffffff"))
META = _style("meta", 8.3, textColor=HexColor("#5a6876"))
TITLE = _style("title", 20, fontName="Body-Bold", textColor=BLUE, leading=26, spaceAfter=4)
HEADINGS = {
    2: _style("h2", 13, fontName="Body-Bold", textColor=BLUE, spaceBefore=12, spaceAfter=5),
    3: _style("h3", 10.5, fontName="Body-Bold", spaceBefore=8, spaceAfter=3),
}


class _Document(BaseDocTemplate):
    """Adds a bookmark for each heading as it lands on its page."""

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 (reportlab's name)
        level = getattr(flowable, "outline", None)
        if level is None:
            return
        key = f"h{self.bookmarks}"
        self.bookmarks += 1
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(flowable.getPlainText(), key, level=level, closed=level > 0)


def write_pdf(source: Source, path: Path) -> None:
    """Raises OSError (reportlab's TTFError is one of its kin) when the DejaVu fonts are missing."""
    for face, file in FACES.items():
        if face not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(face, str(FONTS / f"{file}.ttf")))
    pdfmetrics.registerFontFamily("Body", normal="Body", bold="Body-Bold", italic="Body")
    document = _Document(
        str(path),
        pagesize=A4,
        invariant=1,
        title=source.title,
        author="Velmora Instruments",
        lang=source.meta["language"],
    )
    document.bookmarks = 0
    frame = Frame(22 * mm, 20 * mm, WIDTH, A4[1] - 44 * mm, 0, 0, 0, 0)
    page = PageTemplate("page", [frame], onPage=partial(_furniture, source=source))
    document.addPageTemplates([page])
    document.build(_story(source))


def _furniture(canvas: Canvas, _document: BaseDocTemplate, source: Source) -> None:
    left, right, top = 22 * mm, A4[0] - 22 * mm, A4[1] - 15 * mm
    canvas.saveState()
    canvas.setFont("Body", 7.5)
    canvas.setFillColor(HexColor("#5a6876"))
    canvas.setStrokeColor(RULE)
    canvas.drawString(left, top, "Velmora Instruments")
    canvas.drawRightString(right, top, source.title)
    canvas.line(left, top - 2 * mm, right, top - 2 * mm)
    canvas.drawString(left, 11 * mm, f"{source.meta.get('code', '')}  ·  {source.meta['date']}")
    word = "Страница" if source.russian else "Page"
    canvas.drawRightString(right, 11 * mm, f"{word} {canvas.getPageNumber()}")
    canvas.restoreState()


def _story(source: Source) -> list[Flowable]:
    title = Paragraph(escape(source.title), TITLE)
    title.outline = 0
    words = ("Владелец", "Документ", "Дата") if source.russian else ("Owner", "Document", "Date")
    values = (source.meta.get("owner", ""), source.meta.get("code", ""), source.meta["date"])
    meta = "   |   ".join(f"{word}: {value}" for word, value in zip(words, values, strict=True))
    rule = HRFlowable(width="100%", color=BLUE, thickness=1.2, spaceBefore=5, spaceAfter=9)
    story: list[Flowable] = [title, Paragraph(escape(meta), META), rule]
    for block in source.blocks:
        story += _flowables(block)
    return story


def _flowables(block: Block) -> list[Flowable]:
    if block.kind == "heading":
        heading = Paragraph(_markup(block.text), HEADINGS[max(2, min(block.level, 3))])
        heading.outline = max(1, block.level - 1)
        # Not keepWithNext: it would move a whole table to the next page with its heading.
        return [CondPageBreak((38 if block.level < 3 else 30) * mm), heading]
    if block.kind == "table":
        return [_table(block), Spacer(1, 9)]
    if block.kind == "paragraph":
        return [Paragraph(_markup(block.text), BODY)]
    close = BODY.clone("item", spaceAfter=2)
    items = [ListItem(Paragraph(_markup(line), close)) for line in block.lines]
    look = {"bulletType": "1", "bulletFormat": "%s."} if block.kind == "numbers" else {"start": "•"}
    if block.kind == "bullets":
        look["bulletType"] = "bullet"
    listing = ListFlowable(
        items, leftIndent=16, bulletFontName="Body", bulletFontSize=BODY.fontSize, **look
    )
    return [listing, Spacer(1, 5)]


def _table(block: Block) -> Table:
    head, *rows = block.rows
    cells = [[Paragraph(_markup(cell), HEAD_CELL) for cell in head]]
    cells += [[Paragraph(_markup(cell), CELL) for cell in row] for row in rows]
    table = Table(cells, colWidths=_widths(block.rows), repeatRows=1)
    bands = [("BACKGROUND", (0, row), (-1, row), BAND) for row in range(2, len(cells), 2)]
    frame = [
        ("BACKGROUND", (0, 0), (-1, 0), BLUE),
        ("GRID", (0, 0), (-1, -1), 0.5, RULE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    table.setStyle(frame + bands)
    return table


def _widths(rows: tuple[tuple[str, ...], ...]) -> list[float]:
    """Column widths that fill the page; the widest columns give way first, down to their words."""
    columns = list(zip(*rows, strict=True))
    words = [[text for cell in column for text in cell.split()] for column in columns]
    least = [_widest(column) for column in words]
    natural = [_widest(column) for column in columns]
    limit = max(natural)
    while limit > min(least) and sum(map(max, least, [min(n, limit) for n in natural])) > WIDTH:
        limit -= 2
    widths = list(map(max, least, [min(n, limit) for n in natural]))
    return [width * WIDTH / sum(widths) for width in widths]


def _widest(texts: Sequence[str]) -> float:
    """Points, measured in bold since a column's first text is its head, with the padding."""
    drawn = (pdfmetrics.stringWidth(plain(text), "Body-Bold", CELL.fontSize) for text in texts)
    return max(drawn, default=0.0) + 14


def _markup(text: str) -> str:
    bold = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text))
    return re.sub(r"`(.+?)`", r'<font face="Mono" size="8.5">\1</font>', bold)
