"""Pages of an original, PDF or picture: as an image with highlights, and where a quote stands.

pdfium is not thread-safe, so one lock guards every call; nothing else in the process may call
pdfium without `PDFIUM`. Words of pages without a text layer come from the caller (`Reading.words`).
The page of a picture is the picture as its viewer shows it, its user space one unit a pixel with
the origin at the bottom left.
"""

import ctypes
import io
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image, ImageDraw, ImageOps

from rag.quotes import LayerText, Rect, Text, Word, WordText
from rag.types import Box

PDFIUM = threading.Lock()
"""Held around every call into pdfium."""

PDF = "application/pdf"
_HIGHLIGHT = (255, 214, 10, 96)
_EDGE = (214, 158, 0, 200)
_PADDING = 1.5
"""Points around a box, so that letters do not touch the highlight's edge."""
_PICTURE_SIDE = 900
"""Pixels of a picture's longer side at scale 1; a smaller picture is not made larger."""
_NO_WORDS: Mapping[int, Sequence[Word]] = {}


def has_pages(media_type: str) -> bool:
    """Whether an original of this type can be shown page by page."""
    return media_type == PDF or media_type.startswith("image/")


def page_count(original: Path) -> int:
    """Pages of a PDF."""
    with PDFIUM, pdfium.PdfDocument(original) as document:
        return len(document)


def page_png(original: Path, page: int, boxes: Sequence[Box] = (), scale: float = 1.5) -> bytes:
    """Page `page` (from 1) of a PDF as PNG, 72 · `scale` dots an inch, or of a picture file, its
    longer side 900 · `scale` pixels at most; `boxes` of that page highlighted.

    Raises:
        ValueError: the document has no such page.
    """
    marked = [box for box in boxes if box.page == page]
    draw = _pdf_page if _is_pdf(original) else _picture_page
    picture, places = draw(original, page, marked, scale)
    if places:
        layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        pen = ImageDraw.Draw(layer)
        for place in places:
            pen.rectangle(place, fill=_HIGHLIGHT, outline=_EDGE)
        picture = Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def locate(
    original: Path,
    page_from: int,
    page_to: int,
    quote: str,
    near: Sequence[Box] = (),
    words: Mapping[int, Sequence[Word]] = _NO_WORDS,
) -> tuple[Box, ...]:
    """Where `quote` stands on pages `page_from` to `page_to` (from 1), one box a line; () if it
    is not there.

    `words` are those of the pages whose text was recognised. Of several places the one inside
    `near` (boxes of the chunk) wins, else the first.
    """
    numbers = range(max(page_from, 1), page_to + 1)
    if page_from < 1:
        return ()
    if all(number in words for number in numbers) or not _is_pdf(original):
        return _text(numbers, words, None).locate(quote, near)
    with PDFIUM, pdfium.PdfDocument(original) as document:
        within = range(page_from, min(page_to, len(document)) + 1)
        text = _text(within, words, lambda n: LayerText(document[n - 1].get_textpage()))
        return text.locate(quote, near)


def upright(path: Path, number: int) -> Image.Image:
    """Page `number` (from 1) of a picture file as a viewer shows it, RGB, on white where it is
    transparent.

    Raises:
        ValueError, OSError, SyntaxError: there is no such page, or it is damaged.
    """
    with Image.open(path) as image:
        try:
            image.seek(number - 1)
        except EOFError:
            raise ValueError(f"There is no page {number} in the picture.") from None
        shown = ImageOps.exif_transpose(image)
        if shown.mode.startswith("I"):  # 16 bits a pixel
            grey = shown.convert("I").point(lambda value: value * (1 / 256))
            return grey.convert("L").convert("RGB")
        if shown.mode in ("RGBA", "LA", "PA") or "transparency" in shown.info:
            layer = shown.convert("RGBA")
            white = Image.new("RGBA", layer.size, "white")
            return Image.alpha_composite(white, layer).convert("RGB")
        return shown.convert("RGB")


def _is_pdf(original: Path) -> bool:
    with original.open("rb") as file:
        return b"%PDF-" in file.read(1024)


def _text(
    numbers: range,
    words: Mapping[int, Sequence[Word]],
    layer: Callable[[int], LayerText] | None,
) -> Text:
    text = Text()
    for number in numbers:
        if number in words:
            text.add(number, WordText(words[number]))
        elif layer is not None:
            text.add(number, layer(number))
    return text


def _pdf_page(
    original: Path, page: int, boxes: Sequence[Box], scale: float
) -> tuple[Image.Image, list[Rect]]:
    with PDFIUM, pdfium.PdfDocument(original) as document:
        if not 1 <= page <= len(document):
            raise ValueError(f"There is no page {page}: the document has {len(document)} pages.")
        sheet = document[page - 1]
        picture = sheet.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
        return picture, [_on_picture(sheet, box, picture.size) for box in boxes]


def _picture_page(
    original: Path, page: int, boxes: Sequence[Box], scale: float
) -> tuple[Image.Image, list[Rect]]:
    picture = upright(original, page)
    height = picture.height
    shrink = min(1.0, _PICTURE_SIDE * scale / max(picture.size))
    if shrink < 1:
        size = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    pad = _PADDING / shrink
    return picture, [
        (
            (box.left - pad) * shrink,
            (height - box.top - pad) * shrink,
            (box.right + pad) * shrink,
            (height - box.bottom + pad) * shrink,
        )
        for box in boxes
    ]


def _on_picture(page: pdfium.PdfPage, box: Box, size: tuple[int, int]) -> Rect:
    """The box in pixels, turned and cropped as the page is."""
    corners = []
    x, y = ctypes.c_int(), ctypes.c_int()
    for across, up in (
        (box.left - _PADDING, box.bottom - _PADDING),
        (box.right + _PADDING, box.top + _PADDING),
    ):
        raw.FPDF_PageToDevice(page, 0, 0, size[0], size[1], 0, across, up, x, y)
        corners.append((x.value, y.value))
    (x1, y1), (x2, y2) = corners
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
