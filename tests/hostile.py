"""Archives, Office files and mails made to harm whoever reads them; none is large on disk."""

import base64
import io
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable

from ingest.fuzz.seeds import seeds

WHOLE = {suffix: data for found in seeds(None).values() for suffix, data in found}
"""A harmless file of each kind, to be made harmful."""
_MAIN = {
    ".docx": "word/document.xml",
    ".xlsx": "xl/worksheets/sheet1.xml",
    ".pptx": "ppt/slides/slide1.xml",
    ".odt": "content.xml",
    ".epub": "c.xhtml",
}
"""The part of each that holds the text."""
LAUGHS = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)
BILLION_LAUGHS = f'<!DOCTYPE x [<!ENTITY a "{"ha" * 40}">{LAUGHS}]>', "&j;"
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"ha" * 50_000}">]>', "&a;" * 50_000


def external(address: str) -> tuple[str, str]:
    """A declaration and a text that would show what is at `address`."""
    return f'<!DOCTYPE x [<!ENTITY e SYSTEM "{address}">]>', "before &e; after"


def with_entities(suffix: str, entities: tuple[str, str]) -> bytes:
    """The harmless file with a declaration, and its text replaced by what uses it."""
    declaration, text = entities
    if suffix == ".html":
        return f"{declaration}<html><body><h1>T</h1><p>{text} 28</p></body></html>".encode()
    if suffix == ".svg":
        return f"<?xml version='1.0'?>{declaration}<svg><text>{text}</text></svg>".encode()

    def change(content: str) -> str:
        head, root = content.split("?>", 1) if content.startswith("<?xml") else ("", content)
        body = root.replace("Accounts", text).replace("Slide 0", text).replace("<v>0</v>", text)
        assert text in body or suffix == ".xlsx"
        return f"{head}?>{declaration}{body}" if head else f"{declaration}{body}"

    return changed(WHOLE[suffix], _MAIN[suffix], change)


def changed(data: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """The ZIP `data` with one part changed; a part that is missing is added to."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        names = source.namelist()
        for name in names:
            content = source.read(name)
            if name == part:
                content = change(content.decode()).encode()
            target.writestr(name, content, zipfile.ZIP_DEFLATED)
        if part not in names:
            target.writestr(part, change(""), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zipped(members: Iterable[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.NameToInfo.pop(name, None)  # the same name twice, without a warning
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def bomb(mib: int, members: int = 1) -> bytes:
    """A ZIP of `members` files of `mib` MiB of nothing each."""
    nothing = bytes(mib << 20)
    return zipped((f"{number}.txt", nothing) for number in range(members))


def nested_bomb(depth: int) -> bytes:
    """ZIPs of ten ZIPs, `depth` deep, of a bomb."""
    data = bomb(8)
    for _ in range(depth):
        data = zipped((f"{number}.zip", data) for number in range(10))
    return data


def lying_bomb(size: int) -> bytes:
    """A ZIP that says its 64 MiB member has `size` bytes."""
    data = bytearray(bomb(64))
    for mark, field in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.rfind(mark) + field
        data[at : at + 4] = struct.pack("<I", size)
    return bytes(data)


def overlapping_bomb(times: int) -> bytes:
    """A ZIP whose table of contents names the same 4 MiB `times` times."""
    data = bomb(4)
    table = data.rfind(b"PK\x01\x02")
    end = data.rfind(b"PK\x05\x06")
    entries = data[table:end] * times
    counts = struct.pack("<HHII", times, times, len(entries), table)
    return data[:table] + entries + data[end : end + 8] + counts + data[end + 20 :]


def wicked_zip() -> bytes:
    """Names that would leave the folder, a link, a device, two of one name, and a good file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("../../up.txt", "/etc/absolute.txt", "C:\\windows\\a.txt", "a\nb.txt"):
            archive.writestr(zipfile.ZipInfo(name), f"Text of {name!r}.")
        for kind, name in ((0o120777, "link.txt"), (0o020666, "device.txt")):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = kind << 16
            archive.writestr(entry, "/etc/passwd")
        for text in ("First good text.", "Second good text."):
            archive.NameToInfo.pop("good.txt", None)
            archive.writestr(zipfile.ZipInfo("good.txt"), text)
    return out.getvalue()


def wicked_tar() -> bytes:
    """Links (also to what follows through them), devices, a pipe, names that leave the folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE)
        for number, kind in enumerate((*kinds, tarfile.FIFOTYPE)):
            entry = tarfile.TarInfo(f"wicked-{number}.txt")
            entry.type, entry.linkname = kind, "/etc/passwd"
            entry.devmajor, entry.devminor = 1, 5  # /dev/zero never ends
            archive.addfile(entry)
        folder = tarfile.TarInfo("out")
        folder.type, folder.linkname = tarfile.SYMTYPE, "/tmp"
        archive.addfile(folder)
        for name in ("out/through.txt", "../up.txt", "/etc/absolute.txt", "good.txt"):
            entry, data = tarfile.TarInfo(name), b"Some good text."
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def long_docx(paragraphs: int) -> bytes:
    body = "<w:p><w:r><w:t>A paragraph like all the others of this file.</w:t></w:r></w:p>"

    def change(content: str) -> str:
        return content.replace("<w:sectPr", body * paragraphs + "<w:sectPr", 1)

    return changed(WHOLE[".docx"], "word/document.xml", change)


def long_xlsx(rows: int) -> bytes:
    def change(_content: str) -> str:
        cells = "".join(
            f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}" t="inlineStr"><is><t>Row {n}</t>'
            f"</is></c></row>"
            for n in range(1, rows + 1)
        )
        return sheet(cells)

    return changed(WHOLE[".xlsx"], "xl/worksheets/sheet1.xml", change)


def sheet(rows: str) -> str:
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{rows}</sheetData></worksheet>"
    )


def far_xlsx() -> bytes:
    """Two cells: the first and the last that a sheet can have."""
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>The first cell</t></is></c></row>'
        '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>The last cell</t></is></c></row>'
    )
    return changed(WHOLE[".xlsx"], "xl/worksheets/sheet1.xml", lambda _: sheet(rows))


def letters_within_letters(depth: int) -> bytes:
    head = b"From: a@example.invalid\nTo: b@example.invalid\nSubject: Level %d\nMIME-Version: 1.0\n"
    lines = [head % n + b"Content-Type: message/rfc822\n\n" for n in range(depth)]
    return b"".join(lines) + head % depth + b"Content-Type: text/plain\n\nThe innermost text.\n"


def parts_within_parts(depth: int) -> bytes:
    head = b"From: a@example.invalid\nSubject: Parts\nMIME-Version: 1.0\n"
    parts = [
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(depth)
    ]
    return head + b"".join(parts) + b"Content-Type: text/plain\n\nThe innermost text.\n"


def many_parts(parts: int) -> bytes:
    head = (
        b"From: a@example.invalid\nSubject: Parts\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n"
    )
    return head + b"--b\n\nx\n" * parts + b"--b--\n"


def remote_docx(address: str) -> bytes:
    """A document with a template, a picture and a frame at `address`, and a field that asks it."""
    relations = "".join(
        f'<Relationship Id="far{n}" TargetMode="External" Target="{address}/{kind}" Type="http://'
        f'schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/>'
        for n, kind in enumerate(("attachedTemplate", "image", "frame", "oleObject", "hyperlink"))
    )
    data = changed(
        WHOLE[".docx"],
        "word/_rels/document.xml.rels",
        lambda c: c.replace("</Relationships>", relations + "</Relationships>"),
    )
    field = (
        f'<w:p><w:r><w:instrText>INCLUDETEXT "{address}/text" DDEAUTO c:\\\\cmd.exe</w:instrText>'
        "</w:r></w:p>"
    )
    return changed(data, "word/document.xml", lambda c: c.replace("<w:sectPr", field + "<w:sectPr"))


def remote_rtf(address: str) -> bytes:
    return (
        r"{\rtf1\ansi{\*\template " + address + r"/t.dot}Accounts have 28 days.\par"
        r"{\field{\*\fldinst INCLUDEPICTURE " + address + r"/p.png}{\fldrslt}}"
        r"{\object\objautlink{\*\objdata " + "41" * 400 + "}}}"
    ).encode()


def remote_html(address: str) -> bytes:
    return (
        f"<html><head><link rel=stylesheet href='{address}/a.css'><base href='{address}'>"
        f"<meta http-equiv=refresh content='0;url={address}'></head><body><p>Accounts have 28 days."
        f"</p><img src='{address}/p.png'><iframe src='{address}/f'></iframe>"
        f"<object data='{address}/o'></object><script src='{address}/s.js'></script></body></html>"
    ).encode()


def with_macro() -> bytes:
    """A DOCM: a Word file with a part for macros and its own content type."""
    kind = "application/vnd.ms-word.document.macroEnabled.main+xml"
    data = changed(
        WHOLE[".docx"],
        "[Content_Types].xml",
        lambda c: c.replace(
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", kind
        ),
    )
    macro = base64.b64encode(random.Random(1).randbytes(600)).decode()
    return changed(data, "word/vbaProject.bin", lambda _: f"AutoOpen Shell {macro}")
