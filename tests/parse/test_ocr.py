"""Scans, and pages of a PDF that are pictures: what they say, and where on the page."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.limits import Limits
from ingest.parse import Parsed, ocr, parse
from serving.errors import RejectedFile

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
LETTER = [
    "The warehouse in Rostov closes at half past six.",
    "Склад в Ростове закрывается в половине седьмого.",
    "Deliveries after that go to the night porter.",
]


@dataclass(frozen=True)
class Drawn:
    """A picture of text, and where its words are, in pixels from the top left."""

    picture: Image.Image
    words: dict[str, tuple[int, int, int, int]]


def draw_text(
    lines: list[str], size: int = 30, page: tuple[int, int] = (1240, 1754), left: int = 120
) -> Drawn:
    """By default an A4 page at 150 dots an inch."""
    picture = Image.new("L", page, "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(FONT, size)
    words = {}
    for number, line in enumerate(lines):
        x, y = float(left), 150 + number * int(size * 1.5)
        for word in line.split():
            pen.text((x, y), word, fill="black", font=font)
            box = pen.textbbox((x, y), word, font=font)
            words[word] = (int(box[0]), int(box[1]), int(box[2]), int(box[3]))
            x += pen.textlength(word + " ", font=font)
    return Drawn(picture, words)


def put(canvas: Canvas, picture: Image.Image, width: float = 595.2, height: float = 841.92) -> None:
    file = io.BytesIO()
    picture.save(file, "PNG")
    canvas.drawImage(ImageReader(file), 0, 0, width, height)


@pytest.fixture
def mixed_pdf(tmp_path: Path) -> Callable[..., Path]:
    """Page 1 and 3 with a text layer, page 2 a picture of `LETTER`."""

    def make(drawn: Drawn, stamp: str = "") -> Path:
        path = tmp_path / "mixed.pdf"
        canvas = Canvas(str(path), pagesize=(595.2, 841.92))
        canvas.drawString(72, 700, "The first page was typed, and says so in full words.")
        canvas.showPage()
        put(canvas, drawn.picture)
        canvas.drawString(72, 20, stamp)
        canvas.showPage()
        canvas.drawString(72, 700, "The third page was typed as well.")
        canvas.showPage()
        canvas.showPage()
        canvas.save()
        return path

    return make


def text_of(parsed: Parsed, page: int) -> str:
    return "\n".join(e.text for e in parsed.elements if e.metadata.page_number == page)


@pytest.mark.parametrize("stamp", ["", "Archive copy, 12 May 2019"])
def test_a_picture_among_pages_of_text_is_read(mixed_pdf: Callable[..., Path], stamp: str) -> None:
    parsed = parse(mixed_pdf(draw_text(LETTER), stamp), "mixed.pdf")
    assert parsed.pages == 4
    assert "was typed, and says so" in text_of(parsed, 1)
    assert "third page" in text_of(parsed, 3)
    for line in LETTER:
        assert line in text_of(parsed, 2).replace("\n", " ")
    assert parsed.blank == (4,)
    assert parsed.unread == ()
    assert list(parsed.ocr) == list(parsed.words) == [2]
    assert parsed.ocr[2] > 0.85


def test_words_have_the_boxes_at_which_they_were_drawn(mixed_pdf: Callable[..., Path]) -> None:
    drawn = draw_text(LETTER)
    parsed = parse(mixed_pdf(drawn), "mixed.pdf")
    found = {text.strip(".,"): box for text, *box in parsed.words[2]}
    for word, (left, top, right, bottom) in drawn.words.items():
        scale = 72 / 150
        expected = (left * scale, 841.92 - bottom * scale, right * scale, 841.92 - top * scale)
        assert found[word.strip(".,")] == pytest.approx(expected, abs=4), word


def test_without_recognition_such_pages_are_named_as_unread(
    mixed_pdf: Callable[..., Path],
) -> None:
    parsed = parse(mixed_pdf(draw_text(LETTER)), "mixed.pdf", limits=Limits(recognise=False))
    assert (parsed.unread, parsed.blank) == ((2,), (4,))
    assert "third page" in text_of(parsed, 3)


def test_without_tesseract_a_scan_says_what_to_install(
    shared_docs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RejectedFile, match="apt-get install tesseract-ocr tesseract-ocr-rus"):
        parse(shared_docs / "13_scan_loremipsum.pdf", "scan.pdf")


def test_without_tesseract_the_other_pages_are_read(
    mixed_pdf: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    parsed = parse(mixed_pdf(draw_text(LETTER)), "mixed.pdf")
    assert (parsed.unread, parsed.blank) == ((2,), (4,))
    assert "third page" in text_of(parsed, 3)


def test_tesseract_is_here() -> None:
    assert ocr.available()
