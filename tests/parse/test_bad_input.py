"""Files that are not read: each gets one line with its name, the reason and a way out."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from PIL import Image
from pypdf import PdfWriter

from ingest.parse import parse
from serving.errors import RejectedFile

MakePdf = Callable[[str, list[Any]], Path]


def reason(path: Path, name: str) -> str:
    with pytest.raises(RejectedFile) as error:
        parse(path, name)
    message = str(error.value)
    assert message.startswith(f"{name}: ")
    assert "\n" not in message
    return message


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "PNG")
    return out.getvalue()


def word() -> bytes:
    out = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Hello there.")
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("empty.pdf", b"", "is empty"),
        ("blank.txt", b" \n\t\n", "is empty"),
        ("picture.docx", picture(), "no text was found in the picture"),
        ("error.docx", b"<html><body>Not found</body></html>", "content is HTML"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "(SVG) are not read"),
        ("winmail.dat", b"\x78\x9f\x3e\x22" + bytes(range(200)), "container of attachments"),
        ("all.7z", b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(range(99)), "7z archives are not read"),
        ("all.rar", b"Rar!\x1a\x07\x01\x00" + bytes(range(99)), "RAR archives are not read"),
        ("text.pdf", b"Only some text, no PDF at all.\n", "content is plain text"),
        ("cut.docx", word()[:2000], "damaged or cut short"),
        ("noise.bin", bytes(range(256)) * 40, "are not read"),
        ("archive.zip", b"PK\x05\x06" + bytes(18), "the archive holds no files"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "old Office format"),
        ("noise.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 40, "damaged or cut short"),
        ("page.html", b"<!doctype html><html><body><script>1</script></body></html>", "no text"),
        ("header.eml.csv", b"\n\n,,,\n,,\n", "no text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rejected(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    path = tmp_path / "stored"
    path.write_bytes(data)
    assert why in reason(path, name)


def test_truncated_pdf(make_pdf: MakePdf) -> None:
    path = make_pdf("whole.pdf", ["BodyText: Some text."])
    path.write_bytes(path.read_bytes()[:600])
    message = reason(path, "cut.pdf")
    assert "damaged or cut short" in message or "no text" in message


def test_locked_pdf(make_pdf: MakePdf) -> None:
    path = make_pdf("open.pdf", ["BodyText: Some text."])
    writer = PdfWriter(clone_from=path)
    writer.encrypt("secret", algorithm="RC4-128")
    locked = path.with_name("locked.pdf")
    writer.write(locked)
    assert "locked with a password" in reason(locked, "locked.pdf")


def test_locked_office_file(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    )
    assert "locked with a password" in reason(path, "plan.docx")


def test_entities_do_not_explode(tmp_path: Path) -> None:
    path = tmp_path / "lol.docx"
    chain = "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    head = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "{"ha" * 50}">{chain}]>'.encode()
    with zipfile.ZipFile(io.BytesIO(word())) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "word/document.xml":
                data = head + data[data.index(b"<w:document") :].replace(b"Hello", b"&i;")
            target.writestr(name, data)
    assert "damaged" in reason(path, "lol.docx")
