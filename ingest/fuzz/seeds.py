"""Small whole files of eight formats, for `ingest/fuzz/run.py` to damage.

Each has what its reader has code for: headings, lists, tables, merged cells, links, bookmarks,
attachments, Cyrillic. Written here, so that fuzzing needs no other files; real ones can be added.
"""

import io
import re
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

FORMATS = ("pdf", "docx", "xlsx", "pptx", "html", "eml", "open", "text")
"""`open` is RTF, ODT and EPUB, `text` CSV, TXT and Markdown; each seed file has one of them."""

_OF_SUFFIX = {
    ".pdf": "pdf", ".docx": "docx", ".xlsx": "xlsx", ".pptx": "pptx", ".html": "html",
    ".eml": "eml", ".rtf": "open", ".odt": "open", ".epub": "open", ".csv": "text",
    ".txt": "text", ".md": "text",
}  # fmt: skip
_LARGEST = 200_000
"""Bytes of a real file that is used: a larger one costs time and fails in the same ways."""
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z?")
_TEXT = "An account is locked for 20 minutes. Учётная запись закрыта на 20 минут."

Seeds = dict[str, list[tuple[str, bytes]]]
"""For each format, suffix and content of the files."""


def seeds(folder: Path | None) -> Seeds:
    """Our own files and, where `folder` is given, the small ones of it that are no scans."""
    found: Seeds = {format_: [] for format_ in FORMATS}
    for suffix, make in _MAKERS.items():
        found[_OF_SUFFIX[suffix]].append((suffix, make()))
    for path in sorted(folder.iterdir()) if folder else []:
        format_ = _OF_SUFFIX.get(path.suffix)
        if format_ and "scan" not in path.name and path.stat().st_size <= _LARGEST:
            found[format_].append((path.suffix, path.read_bytes()))
    return found


def _pdf() -> bytes:
    """Two pages, two fonts, a bookmark, a ruled table, a link, a rotated page."""
    lines = ["1 Leave", "A day off is asked for a week before.", "Kind", "Days", "Annual", "28"]
    text = "".join(
        f"BT /F{1 if i else 2} {11 if i else 18} Tf 72 {700 - 30 * i} Td ({line}) Tj ET\n"
        for i, line in enumerate(lines)
    )
    rules = "".join(f"72 {y} m 300 {y} l S\n" for y in (655, 625, 595, 565, 535))
    stream = f"{text}{rules}72 655 m 72 535 l S 300 655 m 300 535 l S".encode()
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 6 0 R/F2 7 0 R>>>>"
        b"/Contents 5 0 R/Annots[<</Type/Annot/Subtype/Link/Rect[72 690 200 720]"
        b"/A<</S/URI/URI(http://example.invalid/)>>>>]/Rotate %d>>"
    )
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R/Outlines 8 0 R>>",
            b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
            page % 0,
            page % 90,
            b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold>>",
            b"<</Type/Outlines/First 9 0 R/Last 9 0 R/Count 1>>",
            b"<</Title(1 Leave)/Parent 8 0 R/Dest[3 0 R/XYZ 72 720 0]>>",
        ]
    )


def pdf(objects: list[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % table)
    return out.getvalue()


def _docx() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("Accounts", 1)
    document.add_paragraph(_TEXT)
    for style in ("List Bullet", "List Number", "List Bullet 2"):
        document.add_paragraph("A step.", style)
    table = document.add_table(3, 3)
    for index, cell in enumerate(cell for row in table.rows for cell in row.cells):
        cell.text = f"Cell {index}"
    table.cell(0, 0).merge(table.cell(0, 1))
    table.cell(1, 2).add_table(2, 2)
    document.sections[0].header.paragraphs[0].text = "Header"
    return _saved(document.save)


def _xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Kind", "Days", "Since", "Share"])
    for row in range(30):
        sheet.append([f"Вид {row}", row, f"=B{row + 2}*2", row / 7])
    sheet.merge_cells("A5:B6")
    book.create_sheet("Second").append(["Another", True, None, "x"])
    return _saved(book.save)


def _pptx() -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    for number in range(2):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Slide {number}"
        slide.placeholders[1].text = _TEXT
        slide.notes_slide.notes_text_frame.text = "A note."
        area = [Inches(i) for i in (1, 4, 5, 2)]
        table = slide.shapes.add_table(2, 2, *area).table
        table.cell(0, 0).text, table.cell(1, 1).text = "Kind", "28"
    return _saved(deck.save)


def _html() -> bytes:
    return (
        "<!doctype html><html><head><meta charset='utf-8'><title>T</title><style>p{x:1}</style>"
        f"</head><body><nav>Menu</nav><h1>Accounts</h1><p>{_TEXT}</p><ul><li>One<ol><li>Two</ol>"
        "</ul><table><tr><th rowspan=2>Kind<th colspan=2>Days</tr><tr><td>28<td>14</tr></table>"
        "<pre>code  1</pre><script>alert(1)</script><img src='x.png' alt='A picture'>"
        "<h2>&Uuml;ber &#1071;</h2><a href='file:///etc/passwd'>link</a></body></html>"
    ).encode()


def _eml() -> bytes:
    inner = _letter("The letter inside")
    message = _letter("Доступ к архиву")
    message.add_alternative(_html().decode(), subtype="html")
    message.add_attachment(b"Kind,Days\nAnnual,28\n", "text", "csv", filename="leave.csv")
    message.add_attachment(_docx(), "application", "octet-stream", filename="учёт.docx")
    message.add_attachment(inner)
    for number, part in enumerate(message.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"part-{number}")  # it would be random
    return message.as_bytes()


def _letter(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "Анна <a@example.invalid>", "b@example.invalid"
    message["Subject"], message["Date"] = subject, "Mon, 02 Feb 2026 10:00:00 +0300"
    message.set_content(_TEXT)
    return message


def _rtf() -> bytes:
    coded = "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in _TEXT)
    return (
        r"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}{\info{\title T}}\pard\b Accounts\b0\par "
        + coded
        + r"\par\trowd\cellx2000\cellx4000 Kind\cell Days\cell\row\pard\bullet One\par"
        r"{\field{\*\fldinst HYPERLINK http://example.invalid}{\fldrslt link}}\par}"
    ).encode()


def _odt() -> bytes:
    spaces = " ".join(
        f'xmlns:{key}="urn:oasis:names:tc:opendocument:xmlns:{key}:1.0"'
        for key in ("office", "text", "table")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} '
        'office:version="1.2"><office:body><office:text>'
        '<text:h text:outline-level="1">Accounts</text:h>'
        f"<text:p>{_TEXT}</text:p><text:list><text:list-item><text:p>One</text:p></text:list-item>"
        '</text:list><table:table><table:table-column table:number-columns-repeated="2"/>'
        "<table:table-row><table:table-cell><text:p>Kind</text:p></table:table-cell><table:"
        "table-cell><text:p>28</text:p></table:table-cell></table:table-row></table:table>"
        "</office:text></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" manifest:media-type='
        '"application/vnd.oasis.opendocument.text"/><manifest:file-entry manifest:full-path='
        '"content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
        }
    )


def _epub() -> bytes:
    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="b.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>"
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>T</dc:title><dc:identifier'
        ' id="i">1</dc:identifier><dc:language>en</dc:language></metadata><manifest><item id="c" '
        'href="c.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/>'
        "</spine></package>"
    )
    chapter = (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head><body>'
        f"<h1>Accounts</h1><p>{_TEXT}</p><table><tr><td>Kind</td><td>28</td></tr></table>"
        "</body></html>"
    )
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "b.opf": package,
            "c.xhtml": chapter,
        }
    )


def zipped(members: dict[str, str]) -> bytes:
    """A ZIP of texts; `mimetype` is stored as it is, as ODT and EPUB want it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            entry = zipfile.ZipInfo(name)
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, text, how)
    return out.getvalue()


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    """An Office file without the time at which it was written: the same bytes at every run."""
    source, out = io.BytesIO(), io.BytesIO()
    save(source)
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(out, "w") as target:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "docProps/core.xml":
                content = _TIME.sub(b"2026-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _csv() -> bytes:
    rows = [f'"Вид {n}",{n},"a ""quoted"" cell",{n / 7:.3f}' for n in range(40)]
    return "\n".join(["Kind,Days,Note,Share", *rows]).encode("cp1251")


def _txt() -> bytes:
    return f"ACCOUNTS\n\n1.1 Locking\n\n{_TEXT}\nwrapped on.\n\n- one\n- two\n".encode("utf-16")


def _markdown() -> bytes:
    table = "| Kind | Days |\n|---|---|\n| Annual | 28 |"
    return f"# Accounts\n\n{_TEXT}\n\n* one\n  * two\n\n{table}\n\n```py\nx = 1\n```\n".encode()


_MAKERS: dict[str, Callable[[], bytes]] = {
    ".pdf": _pdf, ".docx": _docx, ".xlsx": _xlsx, ".pptx": _pptx, ".html": _html, ".eml": _eml,
    ".rtf": _rtf, ".odt": _odt, ".epub": _epub, ".csv": _csv, ".txt": _txt, ".md": _markdown,
}  # fmt: skip
