"""Quotes are found on the page exactly, and the highlight lies on them."""

import io
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from ingest.chunk import chunk
from ingest.parse import parse
from rag.pages import locate, page_count, page_png
from rag.text import split_sentences
from rag.types import Box
from tests.parse.test_pdf import turn_page

MakePdf = Callable[[str, list[Any]], Path]


def count(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) + 2 for text in texts]


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


def under(path: Path, boxes: Sequence[Box]) -> str:
    """The text that the boxes cover."""
    with pdfium.PdfDocument(path) as document:
        return "".join(
            document[box.page - 1]
            .get_textpage()
            .get_text_bounded(box.left - 0.5, box.bottom - 0.5, box.right + 0.5, box.top + 0.5)
            for box in boxes
        )


@pytest.mark.parametrize(
    "name", ["01_tracemonkey_2col.pdf", "14_ru_debian_faq.pdf", "16_ru_ubuntu_pkg.pdf"]
)
def test_sentences_of_chunks_are_found(shared_docs: Path, name: str) -> None:
    path = shared_docs / name
    chunks = chunk(parse(path, name).elements, "doc", "v1", count, 512)
    sentences = [
        (c, c.text[start:end])
        for c in chunks
        for start, end in split_sentences(c.text)
        if end - start > 20
    ]
    chosen = random.Random(7).sample(sentences, 60)
    off = []
    for c, sentence in chosen:
        boxes = locate(path, c.page_from, c.page_to, sentence, c.boxes)
        covered, wanted = letters(under(path, boxes)), letters(sentence)
        # A box takes in what hangs over from the lines beside it: an index, a bracket.
        parts = [wanted[i : i + 8] for i in range(0, len(wanted), 8)]
        if sum(part in covered for part in parts) < 0.9 * len(parts):
            off.append((c.page_from, sentence, covered))
    assert not off


def test_box_ends_where_the_quote_ends(make_pdf: MakePdf) -> None:
    path = make_pdf("a.pdf", ["BodyText: The first one. The second sentence is here! A third one."])
    (box,) = locate(path, 1, 1, "The second sentence is here!")
    assert under(path, [box]).strip() == "The second sentence is here!"


def test_quote_over_a_page_break(tmp_path: Path) -> None:
    path = tmp_path / "break.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 60, "Those who travel for more than a week must")
    canvas.drawString(72, 30, "Page 1 of 2")
    canvas.showPage()
    canvas.drawString(72, 800, "Travel policy, in force")
    canvas.drawString(72, 760, "ask their manager for leave in ad-")
    canvas.drawString(72, 746, "vance. Others need not.")
    canvas.save()
    quote = "Those who travel for more than a week must\nask their manager for leave in advance."
    boxes = locate(path, 1, 2, quote)
    assert [box.page for box in boxes] == [1, 2, 2]
    assert letters(under(path, boxes)) == letters(quote)


def test_quote_that_is_not_there(make_pdf: MakePdf) -> None:
    path = make_pdf("a.pdf", ["BodyText: Some text."])
    assert locate(path, 1, 1, "Quite another text") == ()
    assert locate(path, 0, 0, "Some text") == ()
    assert locate(path, 1, 1, "—") == ()


def test_near_tells_repeated_text_apart(make_pdf: MakePdf) -> None:
    path = make_pdf(
        "a.pdf", ["BodyText: Same words.", "BodyText: Between.", "BodyText: Same words."]
    )
    last = parse(path, "a.pdf").elements
    first = locate(path, 1, 1, "Same words.")[0]
    second = locate(path, 1, 1, "Same words.", [Box(1, 0, 0, 600, first.bottom - 4)])[0]
    assert len(last) >= 1
    assert second.top < first.bottom


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_highlight_lies_on_the_words_however_the_page_is_turned(
    make_pdf: MakePdf, tmp_path: Path, rotation: int
) -> None:
    upright = make_pdf("u.pdf", ["BodyText: Above.", "BodyText: Mark this.", "BodyText: Below."])
    path = upright
    if rotation:
        path = tmp_path / "turned.pdf"
        turn_page(upright, path, rotation)
    boxes = locate(path, 1, 1, "Mark this.")
    assert len(boxes) == 1
    assert letters(under(path, boxes)) == "markthis"
    plain, marked = (page(path, marks) for marks in ((), boxes))
    expected = page(upright, locate(upright, 1, 1, "Mark this."))
    assert marked.size == expected.size
    assert close(yellow(marked), yellow(expected))
    assert yellow(plain) is None


def test_highlight_on_a_cropped_page(make_pdf: MakePdf, tmp_path: Path) -> None:
    whole = make_pdf("w.pdf", ["BodyText: Mark this.", "BodyText: Below."])
    cropped = tmp_path / "cropped.pdf"
    with pdfium.PdfDocument(whole) as document:
        document[0].set_cropbox(50, 500, 400, 800)
        document.save(cropped)
    boxes = locate(cropped, 1, 1, "Mark this.")
    assert boxes == locate(whole, 1, 1, "Mark this.")
    left, top, right, bottom = yellow(page(cropped, boxes)) or (0, 0, 0, 0)
    assert left == pytest.approx(2 * (boxes[0].left - 50 - 1.5), abs=3)
    assert top == pytest.approx(2 * (800 - boxes[0].top - 1.5), abs=3)
    assert right == pytest.approx(2 * (boxes[0].right - 50 + 1.5), abs=4)
    assert bottom == pytest.approx(2 * (800 - boxes[0].bottom + 1.5), abs=4)


def test_there_is_no_such_page(make_pdf: MakePdf) -> None:
    path = make_pdf("a.pdf", ["BodyText: Some text."])
    assert page_count(path) == 1
    with pytest.raises(ValueError, match="There is no page 2: the document has 1 pages"):
        page_png(path, 2)


def page(path: Path, boxes: Sequence[Box]) -> Image.Image:
    return Image.open(io.BytesIO(page_png(path, 1, boxes, scale=2.0)))


def yellow(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """Where the picture is coloured like the highlight."""
    red, _, blue = picture.convert("RGB").split()
    difference = Image.merge("RGB", (red, blue, blue)).convert("RGB")
    mask = Image.eval(Image.composite(blue, blue, blue), lambda v: 255 if v < 200 else 0)
    coloured = Image.eval(difference.getchannel(0), lambda v: 255 if v > 200 else 0)
    both = Image.composite(mask, Image.new("L", mask.size, 0), coloured)
    return both.getbbox()


def close(one: tuple[int, ...] | None, other: tuple[int, ...] | None) -> bool:
    assert one is not None
    assert other is not None
    return all(abs(a - b) <= 4 for a, b in zip(one, other, strict=True))
