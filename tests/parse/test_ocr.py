"""Scans, and pages of a PDF that are pictures: what they say, and where on the page."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ingest.guard.parser import Parser
from ingest.limits import Limits
from ingest.parse import Parsed, ocr, parse
from ingest.parse.image import parse_image
from rag.pages import locate, page_png
from rag.types import Box
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
        width, height = (side * 72 / 150 for side in drawn.picture.size)
        canvas.setPageSize((width, height))
        put(canvas, drawn.picture, width, height)
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


def yellow(path: Path, page: int, boxes: tuple[Box, ...]) -> tuple[int, int, int, int] | None:
    """Where the picture of the page is coloured when `boxes` are marked."""
    plain, marked = (
        Image.open(io.BytesIO(page_png(path, page, shown))).convert("RGB") for shown in ((), boxes)
    )
    return ImageChops.difference(plain, marked).getbbox()


def test_the_highlight_hits_the_word(mixed_pdf: Callable[..., Path]) -> None:
    drawn = draw_text(LETTER)
    path = mixed_pdf(drawn)
    parsed = parse(path, "mixed.pdf")
    boxes = locate(path, 1, 3, "Ростове закрывается", words=parsed.words)
    assert [box.page for box in boxes] == [2]
    left, top = drawn.words["Ростове"][:2]
    right, bottom = drawn.words["закрывается"][2:]
    scale = 72 / 150 * 1.5  # of the picture on the page to that of `page_png`
    assert yellow(path, 2, boxes) == pytest.approx(
        (left * scale, top * scale, right * scale, bottom * scale), abs=7
    )


def test_a_quote_from_typed_into_recognised_text(mixed_pdf: Callable[..., Path]) -> None:
    path = mixed_pdf(draw_text(LETTER))
    parsed = parse(path, "mixed.pdf")
    quote = f"and says so in full words. {LETTER[0]}"
    assert {box.page for box in locate(path, 1, 2, quote, words=parsed.words)} == {1, 2}


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_scan_turned_by_rotate_and_cropped(tmp_path: Path, rotation: int) -> None:
    drawn = draw_text(LETTER)
    path = tmp_path / "turned.pdf"
    canvas = Canvas(str(path), pagesize=(595.2, 841.92))
    put(canvas, drawn.picture)
    canvas.save()
    with pdfium.PdfDocument(path) as document:
        document[0].set_cropbox(20, 300, 580, 830)
        document[0].set_rotation(rotation)
        document.save(tmp_path / "cropped.pdf")
    parsed = parse(tmp_path / "cropped.pdf", "turned.pdf")
    assert LETTER[1] in text_of(parsed, 1).replace("\n", " ")
    (box,) = [box for text, *box in parsed.words[1] if text == "Ростове"]
    left, top, right, bottom = (side * 72 / 150 for side in drawn.words["Ростове"])
    assert box == pytest.approx((left, 841.92 - bottom, right, 841.92 - top), abs=4)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_page_scanned_upside_down_or_sideways(
    mixed_pdf: Callable[..., Path], turned: int
) -> None:
    lines = LETTER * 4
    drawn = draw_text(lines)
    parsed = parse(mixed_pdf(Drawn(drawn.picture.rotate(turned, expand=True), {})), "mixed.pdf")
    text = text_of(parsed, 2).replace("\n", " ")
    assert [text.count(line) for line in LETTER] == [4, 4, 4]
    first = next(e for e in parsed.elements if e.metadata.page_number == 2)
    assert first.text.startswith(LETTER[0])


def test_two_columns_of_a_scan_are_read_one_after_the_other(
    mixed_pdf: Callable[..., Path],
) -> None:
    left = ["The harbour was built", "by sailors of the north", "and closed to visitors."] * 5
    right = ["В музее хранятся карты", "всех островов залива", "и старые письма."] * 5
    sheet = draw_text(left, 28, left=90).picture
    other = draw_text(right, 28, left=700).picture
    parsed = parse(mixed_pdf(Drawn(ImageChops.darker(sheet, other), {})), "mixed.pdf")
    text = text_of(parsed, 2).replace("\n", " ")
    assert " ".join(left) in text
    assert " ".join(right) in text


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_picture_files(tmp_path: Path, kind: str) -> None:
    drawn = draw_text(LETTER)
    path = tmp_path / f"letter.{kind.lower()}"
    drawn.picture.save(path, kind)
    parsed = parse_image(path, path.name, f"image/{kind.lower()}")
    assert (parsed.pages, list(parsed.ocr)) == (1, [1])
    assert LETTER[1] in text_of(parsed, 1).replace("\n", " ")
    boxes = locate(path, 1, 1, "Ростове закрывается", words=parsed.words)
    left, top = drawn.words["Ростове"][:2]
    right, bottom = drawn.words["закрывается"][2:]
    scale = 900 * 1.5 / 1754
    expected = tuple(side * scale for side in (left, top, right, bottom))
    assert yellow(path, 1, boxes) == pytest.approx(expected, abs=7)


def test_pages_of_a_tiff_and_a_blank_one(tmp_path: Path) -> None:
    path = tmp_path / "fax.tiff"
    empty = Image.new("L", (1240, 1754), "white")
    sheets = [draw_text([line]).picture for line in LETTER]
    sheets[0].save(path, "TIFF", save_all=True, append_images=[empty, *sheets[1:]])
    parsed = parse_image(path, "fax.tiff", "image/tiff")
    assert [text_of(parsed, page) for page in (1, 3, 4)] == LETTER
    assert (parsed.pages, parsed.blank) == (4, (2,))
    assert page_png(path, 3) != page_png(path, 4)


def test_a_photograph_held_sideways_and_small_type(tmp_path: Path) -> None:
    drawn = draw_text(LETTER * 3, size=13, page=(620, 877), left=40)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    path = tmp_path / "photo.png"
    drawn.picture.rotate(90, expand=True).save(path, exif=exif)
    parsed = parse_image(path, "photo.png", "image/png")
    text = text_of(parsed, 1).replace("\n", " ")
    assert [text.count(line) for line in LETTER] == [3, 3, 3]
    found = [(box[0], box[3]) for word, *box in parsed.words[1] if word == "Rostov"]
    left, top, *_ = drawn.words["Rostov"]  # of the last of three
    assert found[-1] == pytest.approx((left, 877 - top), abs=4)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", b"II*\x00\x08\x00\x00\x00"])
def test_a_damaged_picture_is_rejected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content + b"rest")
    with pytest.raises(RejectedFile, match="damaged or cut short"):
        parse_image(path, "broken.png", "image/png")


def test_a_picture_without_text_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    Image.new("RGB", (300, 300), "grey").save(path)
    with pytest.raises(RejectedFile, match="no text was found in the picture"):
        parse_image(path, "grey.png", "image/png")


def test_a_long_scan_has_time_for_each_of_its_pages(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    canvas = Canvas(str(path), pagesize=(595.2, 841.92))
    sheet = draw_text(LETTER * 10, 22).picture
    for _ in range(6):
        put(canvas, sheet)
        canvas.showPage()
    canvas.save()
    parser = Parser(Limits(seconds=3, page_seconds=60))
    try:
        parsed = parser.parse(path, "long.pdf", tmp_path)
    finally:
        parser.close()
    assert list(parsed.ocr) == list(range(1, 7))
    assert parsed.unread == ()


def test_a_page_that_takes_too_long_is_named_and_the_others_are_read(
    mixed_pdf: Callable[..., Path],
) -> None:
    path = mixed_pdf(draw_text(LETTER))
    parsed = parse(path, "mixed.pdf", limits=Limits(page_seconds=0.01))
    assert (parsed.unread, parsed.blank) == ((2,), (4,))
    assert "third page" in text_of(parsed, 3)
