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
ODT = "application/vnd.oasis.opendocument.text"
EPUB = "application/epub+zip"
RTF = "text/rtf"
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
    ODT: "OpenDocument text (ODT)", EPUB: "EPUB", RTF: "RTF", EML: "e-mail (EML)",
    MSG: "e-mail (MSG)", ZIP: "a ZIP archive", TAR: "a TAR archive", GZIP: "a GZIP file",
    BZIP2: "a BZIP2 file", XZ: "an XZ file",
    HTML: "HTML", MARKDOWN: "Markdown", CSV: "CSV", TSV: "TSV", TEXT: "plain text",
}  # fmt: skip
ARCHIVES = frozenset({ZIP, TAR, GZIP, BZIP2, XZ})
"""They have no text of their own, only members."""
READABLE = "PDF, DOCX, PPTX, XLSX, HTML, Markdown, TXT, CSV, TSV, EML, MSG, ZIP and TAR"

_SUFFIXES = {
    "pdf": {PDF}, "docx": {DOCX}, "docm": {DOCX}, "pptx": {PPTX}, "pptm": {PPTX},
    "xlsx": {XLSX}, "xlsm": {XLSX}, "odt": {ODT}, "epub": {EPUB}, "rtf": {RTF},
    "eml": {EML}, "msg": {MSG}, "html": {HTML}, "htm": {HTML}, "xhtml": {HTML},
    "md": {MARKDOWN, HTML}, "markdown": {MARKDOWN, HTML}, "csv": {CSV}, "tsv": {TSV},
    "tab": {TSV}, "txt": {TEXT, HTML, EML}, "text": {TEXT, HTML, EML}, "log": {TEXT},
}  # fmt: skip
"""What a file of this suffix may turn out to be; other suffixes promise nothing."""
_TEXTS = {"md": MARKDOWN, "markdown": MARKDOWN, "csv": CSV, "tsv": TSV, "tab": TSV}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PARTS = (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX))
_MAIL = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\n(?:[ \t][^\n]*\n)*){2,}", re.MULTILINE)
_MAIL_KEYS = re.compile(
    rb"^(?:from|to|subject|date|message-id|mime-version|received):", re.I | re.M
)
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
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
    promised = _SUFFIXES.get(suffix)
    if promised is not None and found not in promised:
        raise RejectedFile(
            f"{name}: named .{suffix}, but its content is {NAMES.get(found, found)}. "
            "Give it the right name, or export it again."
        )
    if found not in NAMES:
        raise RejectedFile(f"{name}: files of type {found} are not read. Readable: {READABLE}.")
    return found


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(65536)


def _content_type(path: Path, name: str, head: bytes, suffix: str) -> str:
    if b"%PDF-" in head[:1024]:
        return PDF
    if head.startswith(b"PK"):
        return _container(path, name)
    if head.startswith(b"{\\rtf"):
        return RTF
    found = _magic(head)
    if head.startswith(_OLE):
        return _ole(path, name, head)
    if not _is_text(found, head):
        return found
    if _HTML.match(head[:4096].removeprefix(b"\xef\xbb\xbf")):
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
    """Single-byte Cyrillic is "data" to libmagic; control characters tell noise from text."""
    controls = sum(1 for byte in head if byte < 32 and byte not in b"\t\n\r\f\x1b")
    return controls == 0


def _is_mail(head: bytes) -> bool:
    match = _MAIL.match(head.replace(b"\r\n", b"\n"))
    return match is not None and len(_MAIL_KEYS.findall(match.group())) >= 2


def _container(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            kind = (
                archive.read("mimetype")[:100].decode("ascii", "replace").strip()
                if ("mimetype" in names)
                else ""
            )
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        raise RejectedFile(
            f"{name}: the file is damaged or cut short (its ZIP container cannot be read). "
            "Get a whole copy."
        ) from None
    if kind:
        return kind
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
    except (OSError, IndexError, TypeError, ValueError, struct.error):
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
