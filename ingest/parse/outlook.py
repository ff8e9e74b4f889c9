"""MSG (Outlook) → a letter. Reads the OLE container itself, by olefile.

Layout and property numbers are those of [MS-OXMSG] and [MS-OXPROPS]: each text or binary property
is a stream named by its id and type, each attachment a storage. A mail within a mail becomes an
EML. Where only compressed RTF holds the text, that is unpacked ([MS-OXRTFCP]).
"""

import datetime
import email.policy
import re
import struct
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.parse.compressed_rtf import unpack_rtf
from ingest.parse.decode import decode_bytes
from ingest.parse.letter import Attachment, Letter, read_letter
from ingest.parse.unpack import Unpacker
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_CLASS, _SUBJECT, _HEADERS, _BODY, _HTML, _RTF = 0x001A, 0x0037, 0x007D, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_ADDRESS, _SENDER_SMTP = 0x0C1A, 0x0C1F, 0x5D01
_TO, _CC, _SENT = 0x0E04, 0x0E03, 0x0039
_DATA, _LONG_NAME, _SHORT_NAME, _TITLE, _CID = 0x3701, 0x3707, 0x3704, 0x3001, 0x3712
_CODEPAGE, _BODY_CODEPAGE = 0x3FFD, 0x3FDE
_UNICODE, _STRING, _BINARY, _TIME, _INTEGER = 0x001F, 0x001E, 0x0102, 0x0040, 0x0003
_EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)
_DEEPEST = 10
_LONGEST_RTF = 64 << 20


def parse_msg(path: Path, name: str, unpacker: Unpacker) -> "list[Element]":
    """The elements of a mail; its attachments go to `unpacker`.

    Raises:
        RejectedFile: damaged, encrypted, or no mail.
    """
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as ole:
            return read_letter(_letter(_Storage(ole, ()), name, 0), unpacker)
    except (OSError, struct.error, IndexError, TypeError, KeyError, RecursionError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise RejectedFile(
            f"{name}: the file is damaged. Save the mail again in Outlook."
        ) from None


class _Storage:
    """One storage of the container: the mail, an attachment, a mail within it."""

    def __init__(self, ole: Any, path: tuple[str, ...]) -> None:
        self._ole = ole
        self._path = path
        self._fixed = self._properties()

    def text(self, tag: int, codepage: int = 0) -> str:
        """A text property, empty where there is none."""
        data = self._stream(tag, _UNICODE)
        if data is not None:
            return data.decode("utf-16-le", "replace").rstrip("\x00")
        data = self._stream(tag, _STRING)
        return _decode(data, codepage).rstrip("\x00") if data else ""

    def binary(self, tag: int) -> bytes | None:
        """A binary property."""
        return self._stream(tag, _BINARY)

    def integer(self, tag: int) -> int:
        """A number, 0 where there is none."""
        value = self._fixed.get((tag, _INTEGER), b"\0" * 8)
        return int(struct.unpack("<I", value[:4])[0])

    def time(self, tag: int) -> datetime.datetime | None:
        """A moment, with its zone."""
        value = self._fixed.get((tag, _TIME))
        if value is None:
            return None
        try:
            ticks = struct.unpack("<Q", value)[0]
            return _EPOCH + datetime.timedelta(microseconds=ticks // 10)
        except OverflowError:
            return None

    def inner(self) -> "_Storage | None":
        """The mail that this attachment is."""
        path = (*self._path, f"__substg1.0_{_DATA:04X}000D")
        if not self._ole.exists([*path, "__properties_version1.0"]):
            return None
        return _Storage(self._ole, path)

    def attachments(self) -> "Iterator[_Storage]":
        """Storages of the attachments, in order."""
        depth = len(self._path)
        found = sorted(
            {
                tuple(entry[: depth + 1])
                for entry in self._ole.listdir(streams=True, storages=True)
                if tuple(entry[:depth]) == self._path
                and len(entry) > depth
                and entry[depth].startswith("__attach_version1.0_#")
            }
        )
        return (_Storage(self._ole, path) for path in found)

    def _stream(self, tag: int, kind: int) -> bytes | None:
        return self._read(f"__substg1.0_{tag:04X}{kind:04X}")

    def _read(self, name: str) -> bytes | None:
        where = [*self._path, name]
        if not self._ole.exists(where) or self._ole.get_type(where) != 2:
            return None
        with self._ole.openstream(where) as stream:
            return bytes(stream.read())

    def _properties(self) -> dict[tuple[int, int], bytes]:
        data = self._read("__properties_version1.0") or b""
        # The head of a mail is longer than that of a mail within it, or of an attachment.
        inner = 24 if self._path and self._path[-1].endswith("000D") else 8
        start = inner if self._path else 32
        entries = (data[at : at + 16] for at in range(start, len(data) - 15, 16))
        return {
            (int.from_bytes(e[2:4], "little"), int.from_bytes(e[:2], "little")): e[8:]
            for e in entries
        }


def _decode(data: bytes, codepage: int) -> str:
    if codepage:
        name = {65001: "utf-8", 20866: "koi8_r", 28595: "iso8859_5", 1200: "utf-16-le"}
        try:
            return data.decode(name.get(codepage, f"cp{codepage}"))
        except (LookupError, UnicodeDecodeError):
            pass
    return decode_bytes(data) or data.decode("latin-1")


def _letter(mail: _Storage, name: str, depth: int) -> Letter:
    codepage = mail.integer(_CODEPAGE)
    kind = mail.text(_CLASS, codepage).lower()
    if "smime" in kind and "multipartsigned" not in kind:
        raise RejectedFile(
            f"{name}: the mail is encrypted, or signed in a form that wraps its text (S/MIME). "
            "Open it in Outlook, save it without that and add it again."
        )
    return Letter(
        _headers(mail, codepage),
        _texts(mail, codepage),
        tuple(
            attachment
            for number, storage in enumerate(mail.attachments(), start=1)
            if (attachment := _attachment(storage, number, codepage, name, depth))
        ),
    )


def _headers(mail: _Storage, codepage: int) -> dict[str, str]:
    sender = mail.text(_SENDER, codepage)
    address = mail.text(_SENDER_SMTP, codepage) or mail.text(_SENDER_ADDRESS, codepage)
    if "@" in address and address != sender:
        sender = f"{sender} <{address}>".strip()
    sent = mail.time(_SENT)
    given = re.search(r"^Date:[ \t]*(.+)$", mail.text(_HEADERS, codepage), re.MULTILINE)
    if given:
        date = given.group(1).strip()
    else:
        date = sent.strftime("%a, %d %b %Y %H:%M:%S +0000") if sent else ""
    return {
        "From": sender,
        "To": mail.text(_TO, codepage),
        "Cc": mail.text(_CC, codepage),
        "Date": date,
        "Subject": " ".join(mail.text(_SUBJECT, codepage).split()),
    }


def _texts(mail: _Storage, codepage: int) -> tuple[tuple[str, str], ...]:
    """The body: HTML, else plain text, else what compressed RTF holds."""
    body_codepage = mail.integer(_BODY_CODEPAGE) or codepage
    html = mail.binary(_HTML)
    if html:
        return (("html", _decode(html, body_codepage)),)
    if text := mail.text(_HTML, body_codepage):
        return (("html", text),)
    if text := mail.text(_BODY, body_codepage):
        return (("plain", text),)
    packed = mail.binary(_RTF)
    rtf = unpack_rtf(packed, _LONGEST_RTF) if packed else b""
    return (("rtf", rtf.decode("latin-1")),) if rtf else ()


def _attachment(
    storage: _Storage, number: int, codepage: int, name: str, depth: int
) -> Attachment | None:
    given = storage.text(_LONG_NAME, codepage) or storage.text(_SHORT_NAME, codepage)
    inner = storage.inner()
    if inner is not None:
        if depth >= _DEEPEST:
            raise RejectedFile(f"{name}: it has mails within mails, more than {_DEEPEST} deep.")
        letter = _letter(inner, name, depth + 1)
        title = letter.headers["Subject"] or storage.text(_TITLE, codepage)
        safe = "".join(c for c in title if c.isprintable() and c not in '/\\:*?"<>|')[:80].strip()
        return Attachment(f"{safe or f'message-{number}'}.eml", _as_eml(letter))
    content = storage.binary(_DATA)
    if content is None:
        return None
    base = re.split(r"[/\\]", given)[-1]
    return Attachment(
        base or f"attachment-{number}.bin", content, storage.text(_CID, codepage).strip("<>")
    )


def _as_eml(letter: Letter) -> bytes:
    """The letter in the form that other mails have."""
    mail = EmailMessage(policy=email.policy.SMTPUTF8)
    for key, value in letter.headers.items():
        if value:
            mail[f"{key}"] = " ".join(value.split())
    for number, (kind, text) in enumerate(letter.texts):
        add = mail.set_content if number == 0 else mail.add_attachment
        add(text, subtype=kind)
    if not letter.texts:
        mail.set_content("")
    for attachment in letter.attachments:
        mail.add_attachment(
            attachment.content,
            maintype="application",
            subtype="octet-stream",
            filename=attachment.name,
            cid=f"<{attachment.content_id}>" if attachment.content_id else None,
        )
    return mail.as_bytes()
