"""A page's text in one call is what pdfium says of each of its characters."""

import ctypes
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest
from reportlab.pdfgen.canvas import Canvas

from ingest.parse.pdfium_calls import page_text

CUT = "The whole pump\x02house is closed."


@pytest.mark.parametrize(
    ("shown", "text", "at_once"),
    [
        ("plain", f"plain\r\n{CUT}", True),
        (r"Value \003 0.8", f"Value \x03 0.8\r\n{CUT}", False),
        ("", CUT, True),
    ],
)
def test_text_of_a_page(tmp_path: Path, shown: str, text: str, at_once: bool) -> None:
    """`at_once`: pdfium's own text of the page leaves nothing out."""
    canvas = Canvas(str(tmp_path / "page.pdf"))
    canvas._code.append(f"BT /F1 12 Tf 72 700 Td ({shown}) Tj ET")  # escapes as they are
    canvas.drawString(72, 650, "The whole pump-")
    canvas.drawString(72, 636, "house is closed.")
    canvas.showPage()
    canvas.showPage()
    canvas.save()
    with pdfium.PdfDocument(tmp_path / "page.pdf") as document:
        written, empty = (page.get_textpage() for page in document)
        count = raw.FPDFText_CountChars(written)
        units = raw.FPDFText_GetText(written, 0, count, (ctypes.c_ushort * (count + 1))())
        assert (units == count + 1) is at_once
        each = [chr(raw.FPDFText_GetUnicode(written, index)) for index in range(count)]
        assert page_text(written.raw) == "".join(each) == text
        assert page_text(empty.raw) == ""
