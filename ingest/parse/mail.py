"""EML → elements: the headers that people read, the body, and the text of attachments.

An attachment that cannot be read becomes a line that says so: it is not lost silently.
Signatures, encryption and inline pictures are not looked at.
"""

import email
import email.policy
import tempfile
from collections.abc import Callable
from email.message import EmailMessage, MIMEPart
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ingest.parse.decode import decode_bytes
from ingest.parse.elements import make
from ingest.parse.office import parse_html
from ingest.parse.plain import parse_plain
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_DEEPEST = 3
"""Mails within mails."""

ParseFile = Callable[[Path, str, int], "list[Element]"]
"""Reads a file at a path, with a name, at a depth of nesting."""


def parse_mail(path: Path, name: str, parse_file: ParseFile, depth: int = 0) -> "list[Element]":
    """Subject as heading, headers, body, then each attachment under its name."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    headers = [(key, _header(message, key)) for key in _HEADERS]
    subject = _header(message, "Subject")
    found: list[Element] = []
    if subject:
        found.append(make("Title", subject, depth=0))
    lines = [f"{key}: {value}" for key, value in headers if value]
    if lines:
        found.append(make("NarrativeText", "\n".join(lines)))
    with tempfile.TemporaryDirectory() as folder:
        found += _body(message, Path(folder), name)
        for number, part in enumerate(message.iter_attachments()):
            found += _attachment(part, Path(folder), number, parse_file, depth)
    return found


def _header(message: EmailMessage, key: str) -> str:
    value = message.get(key)
    return " ".join(str(value).split()) if value is not None else ""


def _body(message: EmailMessage, folder: Path, name: str) -> "list[Element]":
    body = message.get_body(preferencelist=("html", "plain"))
    if body is None:
        return []
    data = _bytes(body)
    if body.get_content_subtype() != "html":
        return parse_plain(_text(body, data))
    file = folder / "body.html"
    file.write_text(_text(body, data), "utf-8-sig")
    return parse_html(file, name)


def _text(part: MIMEPart, data: bytes) -> str:
    """In the declared character set, else whatever fits."""
    charset = part.get_content_charset()
    if charset:
        try:
            return data.decode(charset)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode_bytes(data) or data.decode("utf-8", "replace")


def _bytes(part: MIMEPart) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload(0)
        return inner.as_bytes() if isinstance(inner, MIMEPart) else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _attachment(
    part: MIMEPart, folder: Path, number: int, parse_file: ParseFile, depth: int
) -> "list[Element]":
    default = "message.eml" if part.get_content_type() == "message/rfc822" else f"part-{number}.txt"
    name = PurePosixPath(part.get_filename() or default).name
    title = make("Title", name, depth=0)
    if depth >= _DEEPEST:
        return [
            title,
            make("Text", f"Attachment {name} was not read: too many mails inside mails."),
        ]
    file = folder / f"attachment-{number}"
    file.write_bytes(_bytes(part))
    try:
        elements = parse_file(file, name, depth + 1)
    except RejectedFile as error:
        return [title, make("Text", f"Attachment was not read. {error}")]
    for element in elements:
        element.metadata.page_number = None
        element.metadata.coordinates = None
        element.metadata.attached_to_filename = name
        if element.category == "Title":
            element.metadata.category_depth = (element.metadata.category_depth or 0) + 1
    return [title, *elements]
