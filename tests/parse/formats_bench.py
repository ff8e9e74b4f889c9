"""Our readers beside unstructured's, in one run: facts of made files found, and CPU time.

    .venv/bin/python -m tests.parse.formats_bench [folder of an installed pypandoc_binary]

unstructured reads RTF, ODT, EPUB and RST through pandoc; without it those lines are left out.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import docx
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE

from ingest.parse import parse
from ingest.parse.nlp import install
from tests.parse import test_office_texts as made
from tests.parse import test_word

SHARED = Path(__file__).resolve().parents[3] / "shared" / "docs"
HTML = (
    "<body><nav>Menu</nav><h1>Fees</h1><dl><dt>Zone</dt><dd>An area</dd></dl><ol><li>Pay</ol>"
    "<p>10<sup>6</sup> euros</p><table><tr><th>Zone</th><th>Shift</th><th>Fee</th></tr>"
    "<tr><td rowspan=2>A</td><td>day</td><td>60</td></tr><tr><td>night</td><td>90</td></tr></table>"
    "<div class='cookie-banner'>We use cookies</div></body>"
)
RTF = (
    r"{\rtf1\ansi\ansicpg1251 " + made.hexed("Отпуск длится 28 дней.", "cp1251") + r"\par"
    r"\trowd\cellx1000\cellx2000\pard\intbl a\cell b\cell\row"
    r"\trowd\cellx1000\cellx2000\pard\intbl 1\cell 2\cell\row\pard {\deleted gone }end\par}"
)  # fmt: skip
# File, what a reader should say, what it should not.
FACTS: dict[str, tuple[list[str], list[str]]] = {
    "made.docx": (
        ["limit is 500", "Boxed.", "Above 500 euros", "In a control", "1. first"], ["300"],
    ),
    "made.pptx": (["In a group.", "Bring the badge", "Выручка", "10.5"], []),
    "made.html": (
        ["Zone: An area", "1. Pay", "10⁶", "A | day | 60", "A | night | 90"], ["cookies", "Menu"],
    ),
    "made.rtf": (["Отпуск длится 28 дней", "a | b\n1 | 2"], ["gone"]),
}  # fmt: skip
SPEED = ("20_handbook_872p.docx", "25_ru_faq.docx", "31_ppt_sample.pptx", "50_wiki_duck.html",
         "82_simple.odt", "83_winter.epub")  # fmt: skip


def make_files(folder: Path) -> None:
    """The files of `FACTS`."""
    document = docx.Document()
    document.add_paragraph("Orders need approval")
    document.add_paragraph("first", style="List Number")
    path = test_word.save(folder / "made.docx", document)
    word = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>"
    body = (
        f"<w:p>{word.format('The limit is ')}<w:del w:id='1'><w:r><w:delText>300</w:delText></w:r>"
        f"</w:del><w:ins w:id='2'>{word.format('500')}</w:ins><w:r><w:footnoteReference w:id='5'/>"
        f"</w:r><w:r><w:pict><w:txbxContent><w:p>{word.format('Boxed.')}</w:p></w:txbxContent>"
        "</w:pict></w:r></w:p><w:sdt><w:sdtContent><w:p>"
        f"{word.format('In a control.')}</w:p></w:sdtContent></w:sdt>"
    )
    test_word.change(path, "word/document.xml", lambda x: x.replace("<w:body>", f"<w:body>{body}"))
    note = f"<w:footnote w:id='5'><w:p>{word.format('Above 500 euros.')}</w:p></w:footnote>"
    notes = f"<w:footnotes {test_word.W}>{note}</w:footnotes>"
    test_word.change(path, "word/footnotes.xml", lambda _: notes)
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    box = slide.shapes.add_group_shape().shapes.add_textbox(0, 0, 999999, 999999)
    box.text_frame.text = "In a group."
    slide.notes_slide.notes_text_frame.text = "Bring the badge."
    data = CategoryChartData()
    data.categories = ["2025", "2026"]
    data.add_series("Выручка", (10.5, 20))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, 999999, 999999, data)
    deck.save(str(folder / "made.pptx"))
    (folder / "made.html").write_text(HTML, "utf-8")
    (folder / "made.rtf").write_text(RTF, "ascii")


def ours(path: Path) -> str:
    """All text, by this project."""
    return "\n".join(element.text for element in parse(path, path.name).elements)


def theirs(path: Path) -> str:
    """All text, by unstructured with the stand-in for spaCy; tables as rows of cells."""
    install()
    from importlib import import_module

    from ingest.parse.html_grid import html_rows

    kind = path.suffix[1:]
    partition = getattr(import_module(f"unstructured.partition.{kind}"), f"partition_{kind}")
    lines = []
    for element in partition(str(path), languages=[""]):
        html = element.metadata.text_as_html
        rows = [" | ".join(row) for row in html_rows(html)] if html else [element.text]
        lines.append("\n".join(rows))
    return "\n".join(lines)


def facts(text: str, name: str) -> int:
    """How many of the facts of a file are right in the text that was read of it."""
    wanted, unwanted = FACTS[name]
    return sum(one in text for one in wanted) + sum(one not in text for one in unwanted)


def seconds(read: Callable[[Path], str], path: Path) -> float:
    """CPU seconds, the second time, when all is imported; of children (pandoc) too."""
    read(path)
    start = sum(os.times()[:4])
    read(path)
    return sum(os.times()[:4]) - start


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(arguments: Sequence[str]) -> None:
    """Prints two tables in Markdown."""
    if arguments:
        sys.path.append(arguments[0])
    pandoc = ("rtf", "odt", "epub") if not arguments else ()
    _say("| made file | facts | ours | unstructured |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder)
        for file, (wanted, unwanted) in FACTS.items():
            if file.rpartition(".")[2] not in pandoc:
                path = folder / file
                counts = (facts(read(path), file) for read in (ours, theirs))
                _say(f"| {file} | {len(wanted) + len(unwanted)} | {' | '.join(map(str, counts))} |")
    _say("\n| shared file | ours, CPU s | unstructured, CPU s |\n|---|---|---|")
    for file in SPEED:
        if file.rpartition(".")[2] not in pandoc and SHARED.is_dir():
            took = [seconds(read, SHARED / file) for read in (ours, theirs)]
            _say(f"| {file} | {took[0]:.2f} | {took[1]:.2f} |")


if __name__ == "__main__":
    main(sys.argv[1:])
