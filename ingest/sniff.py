"""What a file is, told from its content; the name decides only among kinds of text.

Uses libmagic (bundled by pylibmagic) and looks into ZIP containers. Does not judge whether a
file is harmless, only whether Footnote can read it.
"""

import re
import struct
import zipfile
from pathlib import Path, PurePosixPath

from ingest.parse.decode import wide_encoding
from serving.errors import RejectedFile

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODT = "application/vnd.oasis.opendocument.text"
EPUB = "application/epub+zip"
FB2 = "application/x-fictionbook+xml"
RTF = "text/rtf"
RST = "text/x-rst"
PNG, JPEG, TIFF, WEBP, GIF, BMP = (
    f"image/{kind}" for kind in ("png", "jpeg", "tiff", "webp", "gif", "bmp")
)
EML = "message/rfc822"
MSG = "application/vnd.ms-outlook"
ZIP = "application/zip"
TAR = "application/x-tar"
GZIP = "application/gzip"
BZIP2 = "application/x-bzip2"
XZ = "application/x-xz"
HTML = "text/html"
MARKDOWN = "text/markdown"
CSV = "text/csv"
TSV = "text/tab-separated-values"
TEXT = "text/plain"

NAMES = {
    PDF: "PDF", DOCX: "Word (DOCX)", PPTX: "PowerPoint (PPTX)", XLSX: "Excel (XLSX)",
    ODT: "OpenDocument text (ODT)", ODS: "OpenDocument sheet (ODS)", FB2: "FB2", RST: "RST",
    PNG: "a PNG picture", JPEG: "a JPEG picture", TIFF: "a TIFF picture", GIF: "a GIF picture",
    WEBP: "a WebP picture", BMP: "a BMP picture", EPUB: "EPUB", RTF: "RTF", EML: "e-mail (EML)",
    MSG: "e-mail (MSG)", ZIP: "a ZIP archive", TAR: "a TAR archive", GZIP: "a GZIP file",
    BZIP2: "a BZIP2 file", XZ: "an XZ file",
    HTML: "HTML", MARKDOWN: "Markdown", CSV: "CSV", TSV: "TSV", TEXT: "plain text",
}  # fmt: skip
ARCHIVES = frozenset({ZIP, TAR, GZIP, BZIP2, XZ})
"""They have no text of their own, only members."""
IMAGES = frozenset({PNG, JPEG, TIFF, WEBP, GIF, BMP})
ZIPPED = frozenset({DOCX, PPTX, XLSX, ODT, ODS, EPUB})
"""Formats that are a ZIP inside."""
TEXTS = frozenset({CSV, TSV, MARKDOWN, RST, TEXT})
"""Kinds of text that only the name tells apart."""
READABLE = (
    "PDF, DOCX, PPTX, XLSX, ODT, ODS, RTF, EPUB, FB2, HTML, Markdown, RST, TXT, CSV, TSV, EML, "
    "MSG, PNG, JPEG, TIFF, WebP, GIF, BMP, ZIP and TAR"
)

_BINARY = frozenset(
    {"pdf", "docx", "docm", "pptx", "pptm", "xlsx", "xlsm", "odt", "ods", "epub", "msg", "zip",
     "png", "jpg", "jpeg", "tif", "tiff", "webp", "gif", "bmp", "tar", "gz", "tgz"}
)  # fmt: skip
"""Suffixes of files that are no text: text under such a name is an error page or a stub, and
would only pollute the answers."""
_TEXTS = {"md": MARKDOWN, "markdown": MARKDOWN, "csv": CSV, "tsv": TSV, "tab": TSV,
          "rst": RST, "rest": RST}  # fmt: skip
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PARTS = (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX))
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,80}", re.ASCII)
_MAIL = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}", re.MULTILINE)
_MAIL_KEYS = re.compile(
    rb"^(?:from|to|subject|date|message-id|mime-version|received):", re.I | re.M
)
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)


_KINDS_OF_TEXT = frozenset({TEXT, HTML, MARKDOWN, CSV, TSV, RST, EML})
_XLSB = "application/vnd.ms-excel.sheet.binary"
_IWORK = "application/x-iwork"
_TNEF = "application/vnd.ms-tnef"
_SVG = "image/svg+xml"
_UNREAD = {
    "application/x-7z-compressed": "7z archives are not read. Pack the files as ZIP",
    "application/x-rar": "RAR archives are not read. Pack the files as ZIP",
    "application/vnd.rar": "RAR archives are not read. Pack the files as ZIP",
    "application/zstd": "Zstandard files are not read. Pack the files as ZIP",
    "application/vnd.oasis.opendocument.presentation": "ODP is not read. Save it as PPTX or PDF",
    "application/vnd.oasis.opendocument.graphics": "ODG is not read. Save it as PDF",
    "image/heif": "HEIF pictures are not read. Save it as JPEG or PNG",
    "image/heic": "HEIC pictures are not read. Save it as JPEG or PNG",
    "image/vnd.djvu": "DjVu is not read. Convert it to PDF",
    _SVG: "drawings (SVG) are not read. Export it as PDF or PNG",
    _XLSB: "binary workbooks (XLSB) are not read. Save it as XLSX",
    _IWORK: "files of Pages, Numbers and Keynote are not read. Export it as DOCX, XLSX or PDF",
    _TNEF: "Outlook's own container of attachments (winmail.dat) is not read. Ask the sender for "
    "the files, or save the mail from Outlook as MSG",
}
"""What is known but not read, and what to do instead."""
_OTHER_NAMES = {"image/x-ms-bmp": BMP, "image/jpg": JPEG, "application/x-gzip": GZIP}
_SVG_ROOT = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg\b", re.S
)


def sniff(path: Path, name: str) -> str:
    """The media type of the file at `path`, which people know as `name`.

    Raises:
        RejectedFile: empty, damaged, of a kind that is not read, or not what its name says.
    """
    head = _head(path)
    if not head.strip(b"\x00 \t\r\n"):
        raise RejectedFile(f"{name}: the file is empty. Add a file with content.")
    suffix = PurePosixPath(name).suffix.lower().lstrip(".")
    found = _content_type(path, name, head, suffix)
    if suffix in _BINARY and found in _KINDS_OF_TEXT:
        raise RejectedFile(
            f"{name}: named .{suffix}, but its content is {NAMES[found]}. Give it the right name, "
            "or export it again."
        )
    if found in _UNREAD:
        raise RejectedFile(f"{name}: {_UNREAD[found]}.")
    if found not in NAMES:
        raise RejectedFile(f"{name}: files of type {found} are not read. Readable: {READABLE}.")
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(65536)


def _content_type(path: Path, name: str, head: bytes, suffix: str) -> str:
    if b"%PDF-" in head[:1024] and not head.startswith(b"PK"):  # it may be inside a ZIP
        return PDF
    if head.startswith(b"PK"):
        return _container(path, name)
    if head.startswith(b"{\\rtf"):
        return RTF
    if head.startswith(_OLE):
        return _ole(path, name, head)
    if head.startswith(b"\x78\x9f\x3e\x22"):
        return _TNEF
    found = _magic(head)
    if found == _SVG or not _is_text(found, head):
        return _OTHER_NAMES.get(found, found)
    return _text_type(head, suffix)


def _text_type(head: bytes, suffix: str) -> str:
    start = head[:4096].removeprefix(b"\xef\xbb\xbf")
    if b"<FictionBook" in start:
        return FB2
    if _SVG_ROOT.match(start):
        return _SVG
    if _HTML.match(start):
        return HTML
    if suffix == "eml" or (suffix not in _TEXTS and _is_mail(head)):
        return EML if _is_mail(head) else TEXT
    if suffix in ("html", "htm", "xhtml") and re.search(rb"<[a-zA-Z][^>]*>", head):
        return HTML
    return _TEXTS.get(suffix, TEXT)


def _magic(head: bytes) -> str:
    import magic

    return str(magic.from_buffer(head, mime=True))


def _is_text(found: str, head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or wide_encoding(head[:4096]):
        return True
    binary = found.startswith(("image/", "audio/", "video/", "font/"))
    return (
        not binary
        and b"\x00" not in head
        and (
            found.startswith(("text/", "message/"))
            or found in {"application/json", "application/xml", "application/javascript"}
            or (found == "application/octet-stream" and _few_controls(head))
        )
    )


def _few_controls(head: bytes) -> bool:
    """Single-byte Cyrillic is "data" to libmagic; control characters tell noise from text.

    Noise has one in ten; old programs leave single ones in texts, such as the end of a DOS file.
    """
    controls = sum(1 for byte in head if byte < 32 and byte not in b"\t\n\r\f\x1b")
    return controls <= 1 + len(head) // 200


def _is_mail(head: bytes) -> bool:
    match = _MAIL.match(head.replace(b"\r\n", b"\n"))
    return match is not None and len(_MAIL_KEYS.findall(match.group())) >= 2


def _container(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            # Python would make room for all that a damaged table of contents promises.
            if any(e.compress_size > path.stat().st_size for e in archive.infolist()):
                raise zipfile.BadZipFile
            kind = (
                archive.read("mimetype")[:100].decode("ascii", "replace").strip()
                if ("mimetype" in names)
                else ""
            )
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError):
        raise RejectedFile(
            f"{name}: the file is damaged or cut short (its ZIP container cannot be read). "
            "Get a whole copy."
        ) from None
    if kind and not _MEDIA_TYPE.fullmatch(kind):  # what else stands there is not for a message
        raise RejectedFile(
            f"{name}: the file is damaged (what it says of its own kind cannot be read). "
            "Get a whole copy."
        )
    if kind:
        return kind
    if "xl/workbook.bin" in names:
        return _XLSB
    if "Index/Document.iwa" in names or "Index.zip" in names:
        return _IWORK
    if "[Content_Types].xml" in names:
        for prefix, media_type in _PARTS:
            if any(entry.startswith(prefix) for entry in names):
                return media_type
    return ZIP


def _ole(path: Path, name: str, head: bytes) -> str:
    """Outlook's mail, old Office, or a locked new Office file: all OLE containers."""
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as ole:
            entries = {entry[0] for entry in ole.listdir(streams=True, storages=True)}
    except (OSError, IndexError, TypeError, ValueError, RecursionError, struct.error):
        entries = set()
    locked = "EncryptedPackage" in entries or "EncryptedPackage".encode("utf-16-le") in head
    if locked:
        raise RejectedFile(
            f"{name}: the file is locked with a password. Remove the password and add it again."
        )
    if "__properties_version1.0" in entries:
        return MSG
    raise RejectedFile(
        f"{name}: the old Office format (DOC, XLS, PPT) is not read. Save it as DOCX, XLSX or "
        "PPTX and add it again."
    )
