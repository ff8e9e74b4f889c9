"""PDFs and pictures made to harm whoever reads them; none is large on disk."""

import struct
import zlib
from collections.abc import Iterable

from ingest.fuzz.seeds import pdf


def hostile_pdf(kind: str) -> bytes:
    """A page with the text "Read me" and something that a reader must not follow."""
    extra, tail = {
        "javascript": (
            b"/OpenAction<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1'\\))>>",
            [],
        ),
        "launch": (b"/OpenAction<</S/Launch/F(/bin/touch)/Win<</F(calc.exe)>>>>", []),
        "file": (
            b"/Names<</EmbeddedFiles<</Names[(a.exe)6 0 R]>>>>",
            [b"<</Type/Filespec/F(a.exe)/EF<</F 7 0 R>>>>", stream(b"MZ embedded", b"")],
        ),
    }[kind]
    return one_page(b"BT /F1 20 Tf 72 700 Td (Read me) Tj ET", root=extra, tail=tail)


def one_page(
    content: bytes, root: bytes = b"", page: bytes = b"", tail: Iterable[bytes] = (),
    box: bytes = b"0 0 595 842",
) -> bytes:  # fmt: skip
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R %s>>" % root,
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>"
            b"%s>>>>" % (box, page),
            stream(content, b""),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            *tail,
        ]
    )


def stream(data: bytes, entries: bytes) -> bytes:
    return b"<</Length %d %s>>stream\n%s\nendstream" % (len(data), entries, data)


def endless_pages() -> bytes:
    """A page tree that contains itself."""
    return pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[2 0 R 3 0 R 2 0 R]/Count 1000000>>",
            b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R 3 0 R]/Count 500000>>",
        ]
    )


def many_pages(pages: int) -> bytes:
    """So many pages, all the same one."""
    kids = b"3 0 R " * pages
    content = b"BT /F1 20 Tf 72 700 Td (Read me) Tj ET"
    return one_page(content).replace(b"[3 0 R]/Count 1>>", b"[%s]/Count %d>>" % (kids, pages))


def picture_pdf(width: int, height: int) -> bytes:
    """A page whose picture says it has that many pixels; a few bytes stand for all of them."""
    data = zlib.compress(bytes(1 << 20))
    entries = (
        b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8"
        b"/Filter/FlateDecode" % (width, height)
    )
    image = b"/XObject<</I 6 0 R>>"
    return one_page(b"q 500 0 0 500 50 50 cm /I Do Q", page=image, tail=[stream(data, entries)])


def stream_bomb(mib: int) -> bytes:
    """A page whose content is `mib` MiB of nothing, packed twice."""
    data = zlib.compress(zlib.compress(b" " * (mib << 20), 9), 9)
    body = stream(data, b"/Filter[/FlateDecode/FlateDecode]")
    whole = one_page(b"BT /F1 20 Tf (Read me) Tj ET")
    return whole.replace(stream(b"BT /F1 20 Tf (Read me) Tj ET", b""), body)


def png(width: int, height: int) -> bytes:
    """A PNG of one colour that says it has that many pixels, one bit each."""

    def piece(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    line = bytes(1 + (width + 7) // 8)
    packer, packed = zlib.compressobj(9), b""
    for _ in range(min(height, 50_000)):
        packed += packer.compress(line)
    packed += packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", head) + piece(b"IDAT", packed) + piece(b"IEND", b"")
    )


def tiff(width: int, height: int) -> bytes:
    """A TIFF of no content that says it has that many pixels."""
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1),
            (278, height), (279, min(width * height, 0xFFFFFFFF))]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(tags)) + entries + bytes(4)
