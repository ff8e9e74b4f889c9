"""Picture files (PNG, JPEG, TIFF of several pages, WebP, …) → elements, by text recognition.

The page of a picture is the picture the way its viewer shows it (EXIF orientation applied); its
user space has one unit a pixel and its origin at the bottom left. Every page is a scan; one
without text is `blank`.
"""

import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from ingest.limits import Limits, check_pages, too_large
from ingest.parse import Parsed, ocr
from ingest.parse.pdf_blocks import Page, elements
from ingest.parse.pdf_scan import WORKERS, Scans
from ingest.parse.scan_page import even_sizes, place
from rag.pages import upright
from serving.errors import RejectedFile

_DEFAULT = Limits()
_MOST_PIXELS = 150e6
_LONG_SIDE = 2500
"""Pixels; without a trustworthy resolution a picture is looked at no larger than this at first."""
_DPI = (100, 1200)
"""Resolutions within are believed; 72 and 96 are what screens and careless programs write."""
_TYPE = 10.0
"""What the usual type of a picture measures in the layout, which expects points."""


def parse_image(path: Path, name: str, media_type: str, limits: Limits = _DEFAULT) -> Parsed:
    """Elements in reading order, with words and confidences by page.

    With `limits.recognise` off, the pages are named as unread and there are no elements.

    Raises:
        RejectedFile: damaged, too large, without text, or text recognition is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damaged EXIF data, large pictures: no concern here
        return _parse(path, name, media_type, limits)


def _parse(path: Path, name: str, media_type: str, limits: Limits) -> Parsed:
    sizes = _sizes(path, name, limits)
    numbers = range(1, len(sizes) + 1)
    if not limits.recognise:
        return Parsed([], len(sizes), media_type, unread=tuple(numbers))
    if not ocr.available():
        raise RejectedFile(
            f"{name}: it is a picture, and text recognition is not installed. Install it "
            f"({ocr.INSTALL}) and add the file again."
        )
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(lambda n: _recognise(path, n, sizes[n - 1], limits), numbers))
    scans, pages = Scans(), []
    for number, one in zip(numbers, found, strict=True):
        pages.append(_page(number, sizes[number - 1], one, scans))
    if not scans.words:
        raise RejectedFile(_empty(name, scans))
    even_sizes(pages)
    return Parsed(
        elements(pages),
        len(pages),
        media_type,
        blank=tuple(scans.blank),
        unread=tuple(scans.unread),
        ocr=scans.ocr,
        words=scans.words,
    )


Size = tuple[int, int, float]
"""Width and height as shown, in pixels, and the scale of the first look."""


def _sizes(path: Path, name: str, limits: Limits) -> list[Size]:
    found: list[Size] = []
    try:
        with Image.open(path) as image:
            frames = getattr(image, "n_frames", 1) if image.format in ("TIFF", "MPO") else 1
            check_pages(name, frames, limits)
            for frame in range(frames):
                image.seek(frame)
                if image.width * image.height > _MOST_PIXELS:
                    raise too_large(name, limits)
                found.append(_size(image))
    except Image.DecompressionBombError:
        raise too_large(name, limits) from None
    except (UnidentifiedImageError, OSError, EOFError, ValueError, SyntaxError):
        raise RejectedFile(_damaged(name)) from None
    return found


def _damaged(name: str) -> str:
    return f"{name}: the picture is damaged or cut short. Get a whole copy and add it again."


def _size(image: Image.Image) -> Size:
    turned = image.getexif().get(0x0112, 1) >= 5  # on its side
    width, height = (image.height, image.width) if turned else image.size
    try:
        told = float(image.info.get("dpi", (0, 0))[0])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        told = 0.0
    believed = _DPI[0] <= told <= _DPI[1] and max(width, height) / told < 60
    scale = ocr.DPI / told if believed else _LONG_SIDE / max(width, height)
    return width, height, min(1.0, scale)


def _recognise(path: Path, number: int, size: Size, limits: Limits) -> ocr.Recognised | None:
    """None: tesseract could not, or the picture cannot be decoded."""

    def draw(scale: float) -> Image.Image:
        picture = upright(path, number).convert("L")
        wanted = scale * size[2]
        if wanted == 1:
            return picture
        return picture.resize(
            (max(1, round(size[0] * wanted)), max(1, round(size[1] * wanted))),
            Image.Resampling.LANCZOS,
        )

    try:
        return ocr.recognise(draw, limits.page_seconds)
    except (ocr.Unreadable, OSError, EOFError, ValueError, SyntaxError):
        return None


def _page(number: int, size: Size, found: ocr.Recognised | None, scans: Scans) -> Page:
    width, height, first = size
    if found is None:
        scans.unread.append(number)
    elif not found.letters:
        scans.blank.append(number)
    if found is None or not found.letters:
        return Page(number, 0, (0.0, 0.0, width, height))
    scale = found.scale * first
    unit = max(ocr.usual_size(found.lines) / scale / _TYPE, 0.01)
    page = Page(number, found.turned, (0.0, 0.0, width / unit, height / unit), unit=unit)
    scans.words[number] = place(page, found, scale * unit)
    scans.ocr[number] = round(found.confidence, 3)
    return page


def _empty(name: str, scans: Scans) -> str:
    if scans.unread:
        return (
            f"{name}: recognising its text failed or took too long. Add a better picture, or "
            "raise FOOTNOTE_MAX_PAGE_SECONDS."
        )
    return f"{name}: no text was found in the picture. Add a file that holds text."
