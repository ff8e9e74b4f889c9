"""Text recognition measured: pages of PDFs whose text is known, drawn as pictures and read back.

`python -m ingest.bench.ocr --docs ../shared/docs`: words found and CPU seconds a page at several
resolutions, and as the product does it (150, small type once more). `--type 0.6` draws the pages
as if their type were that much smaller. A drawn page is cleaner than paper: real scans are the
tests' business (`tests/parse/test_ocr.py`).
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image, ImageFilter

from ingest.bench.process import cpu_seconds
from ingest.parse import ocr

PAGES = (
    ("14_ru_debian_faq.pdf", 12),
    ("16_ru_ubuntu_pkg.pdf", 20),
    ("02_freeculture_book.pdf", 100),
    ("01_tracemonkey_2col.pdf", 3),
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_SECONDS = 120.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print one line a page and resolution."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--docs", type=Path, default=Path("../shared/docs"))
    parser.add_argument("--dpi", type=int, nargs="*", default=[150, 200, 300, 0])
    parser.add_argument("--type", type=float, default=1.0, help="size of the type, 1 is as it is")
    parser.add_argument("--page", type=int, nargs="*", default=range(len(PAGES)))
    chosen = parser.parse_args(arguments)
    for number in chosen.page:
        name, page = PAGES[number]
        with pdfium.PdfDocument(chosen.docs / name) as document:
            sheet = document[page - 1]
            wanted = _words(sheet.get_textpage().get_text_range())
            for dpi in chosen.dpi:
                before = cpu_seconds()
                found = _recognised(sheet, dpi, chosen.type)
                recall = sum((wanted & found).values()) / sum(wanted.values())
                precision = sum((wanted & found).values()) / max(sum(found.values()), 1)
                how = f"{dpi} dpi" if dpi else "product"
                sys.stdout.write(
                    f"{name:26} {how:8} recall {recall:.3f} precision {precision:.3f} "
                    f"{cpu_seconds() - before:5.2f} s\n"
                )
    return 0


def _recognised(sheet: pdfium.PdfPage, dpi: int, size: float) -> Counter[str]:
    """`dpi` 0: as the product does it."""

    def draw(scale: float) -> Image.Image:
        picture: Image.Image = sheet.render(
            scale=scale * size * (dpi or ocr.DPI) / 72, grayscale=True
        ).to_pil()
        return picture.filter(ImageFilter.GaussianBlur(0.6))  # paper is never as sharp

    found = ocr.recognise(draw, _SECONDS) if dpi == 0 else ocr.look(draw, _SECONDS, dpi)
    return _words(" ".join(word.text for line in found.lines for word in line.words))


def _words(text: str) -> Counter[str]:
    whole = re.sub(r"[\u00ad\ufffe\x02-]\s*", "", text.casefold())
    return Counter(_WORD.findall(whole))


if __name__ == "__main__":
    sys.exit(main())
