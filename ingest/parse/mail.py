"""EML → a letter: headers, the parts of the body, attachments.

Of alternatives the HTML one is read. A signature (S/MIME, OpenPGP) is left out, not checked; an
encrypted mail is rejected, as nobody here has the key. A mail within a mail is an attachment.
"""

import email
import email.policy
import mimetypes
import re
from collections.abc import Iterator
from email.message import EmailMessage, MIMEPart
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ingest.parse.decode import decode_bytes, russian_encoding
from ingest.parse.letter import HEADERS, Attachment, Letter, read_letter
from ingest.parse.unpack import Unpacker
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_SIGNATURES = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-keys",
    }
)
_SEALED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_DEEPEST = 40
"""Multiparts within multiparts; real mails have four or five."""


def parse_mail(path: Path, name: str, unpacker: Unpacker) -> "list[Element]":
    """The elements of a mail; its attachments go to `unpacker`.

    Raises:
        RejectedFile: encrypted.
    """
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    texts: list[tuple[str, str]] = []
    attachments: list[Attachment] = []
    for kind, part in _walk(message, name, 0):
        if kind == "file":
            attachments.append(_attachment(part, len(attachments) + 1))
        else:
            texts.append((kind, _text(part)))
    headers = {key: value for key in HEADERS if (value := _header(message, key))}
    return read_letter(Letter(headers, tuple(texts), tuple(attachments)), unpacker)


def _walk(part: MIMEPart, name: str, depth: int) -> Iterator[tuple[str, MIMEPart]]:
    """The leaves that matter, each as `html`, `plain` or `file`."""
    if depth > _DEEPEST:
        raise RejectedFile(f"{name}: it has parts within parts, more than {_DEEPEST} deep.")
    kind = part.get_content_type()
    if kind == "multipart/encrypted" or kind in _SEALED:
        raise RejectedFile(_sealed(part, name))
    if kind in _SIGNATURES:
        return
    if part.is_multipart() and kind != "message/rfc822":
        parts = [p for p in part.get_payload() if isinstance(p, MIMEPart)]
        chosen = _alternatives(parts) if kind == "multipart/alternative" else parts
        for inner in chosen:
            yield from _walk(inner, name, depth + 1)
        return
    named = part.get_filename() is not None or part.get_content_disposition() == "attachment"
    if kind == "text/html" and not named:
        yield "html", part
    elif kind in ("text/plain", "text/enriched") and not named:
        yield "plain", part
    else:
        yield "file", part


def _alternatives(parts: list[MIMEPart]) -> list[MIMEPart]:
    """The richest form of the text, and whatever is no form of the text."""

    def holds(part: MIMEPart, kind: str) -> bool:
        return any(p.get_content_type() == kind for p in part.walk())

    for kind in ("text/html", "text/plain"):
        chosen = [part for part in parts if holds(part, kind)]
        if chosen:
            texts = ("text/html", "text/plain", "text/calendar", "text/x-amp-html")
            others = [p for p in parts if not any(holds(p, text) for text in texts)]
            return [chosen[-1], *others]
    return parts


def _sealed(part: MIMEPart, name: str) -> str:
    kind = str(part.get_param("smime-type", "") or "")
    if "signed" in kind:
        return (
            f"{name}: the mail is signed in a form that wraps its text (S/MIME). Forward it "
            "unsigned, or save it from the mail program, and add that."
        )
    return (
        f"{name}: the mail is encrypted. Open it in the mail program, save it without encryption "
        "and add it again."
    )


def _header(message: MIMEPart, key: str) -> str:
    raw = _unencoded(message, key)
    try:
        value = message.get(key)
    except (IndexError, ValueError):
        # The standard library cannot take apart every address.
        value = next((v for k, v in message.raw_items() if k.lower() == key.lower()), "")
    return " ".join((raw or str(value or "")).split())


def _unencoded(part: MIMEPart, key: str) -> str:
    """The header as it stands, if it has bytes that nobody encoded, as old programs send it;
    the policy would make question marks of them."""
    for name, value in part.raw_items():
        text = str(value)
        if name.lower() == key.lower() and any("\udc80" <= c <= "\udcff" for c in text):
            data = text.encode("utf-8", "surrogateescape")
            try:
                return data.decode("utf-8")
            except UnicodeDecodeError:
                return data.decode(russian_encoding(data) or "latin-1")
    return ""


def _filename(part: MIMEPart) -> str:
    for key in ("Content-Disposition", "Content-Type"):
        found = re.search(r'name="?([^";]+)', _unencoded(part, key))
        if found:
            return found.group(1).strip()
    return str(part.get_filename() or "")


def _text(part: MIMEPart) -> str:
    """In the declared character set, else whatever fits."""
    data = _bytes(part)
    charset = part.get_content_charset()
    if charset:
        try:
            return data.decode(charset)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode_bytes(data) or data.decode("utf-8", "replace")


def _bytes(part: MIMEPart) -> bytes:
    if part.get_content_type() == "message/rfc822":
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        return inner.as_bytes() if isinstance(inner, MIMEPart) else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _attachment(part: MIMEPart, number: int) -> Attachment:
    given = PurePosixPath(_filename(part).replace("\\", "/")).name
    content_id = str(part.get("Content-ID", "")).strip().strip("<>")
    return Attachment(given or _default_name(part, number), _bytes(part), content_id)


def _default_name(part: MIMEPart, number: int) -> str:
    if part.get_content_type() == "message/rfc822":
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        subject = _header(inner, "Subject") if isinstance(inner, EmailMessage) else ""
        safe = "".join(c for c in subject if c.isprintable() and c not in '/\\:*?"<>|')[:80].strip()
        return f"{safe or f'message-{number}'}.eml"
    suffix = mimetypes.guess_extension(part.get_content_type()) or ".bin"
    return f"attachment-{number}{suffix}"
