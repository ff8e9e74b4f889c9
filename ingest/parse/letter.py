"""What a mail says, whatever file it came in, as elements; its attachments as members.

The text names every attachment. A picture that the HTML body shows is a member only where it is
large enough to hold text: logos and tracking pixels would be documents of their own otherwise.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.parse.elements import make
from ingest.parse.html import parse_html_text
from ingest.parse.plain import parse_plain
from ingest.parse.rtf import parse_rtf_bytes
from ingest.parse.unpack import Unpacker

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

HEADERS = ("From", "To", "Cc", "Date", "Subject")
_LONG_SIDE, _SHORT_SIDE = 320, 120
"""Pixels that a picture within the text needs to be taken for more than decoration."""
_CID = re.compile(r"cid:([^\"'\s>)]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail."""

    name: str
    content: bytes
    content_id: str = ""
    """By which the HTML body may show it, without `<` and `>`."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, taken apart."""

    headers: dict[str, str]
    """Of `HEADERS`, those that it has."""
    texts: tuple[tuple[str, str], ...] = ()
    """Parts of the body in order: `html`, `plain` or `rtf` (bytes as Latin-1), and the text."""
    attachments: tuple[Attachment, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)
    """Attachments that it names but does not hold, and why."""


def read_letter(letter: Letter, unpacker: Unpacker) -> "list[Element]":
    """Subject as heading, headers, body, then the names of the attachments."""
    found: list[Element] = []
    if subject := letter.headers.get("Subject", ""):
        found.append(make("Title", subject, depth=0))
    lines = [f"{key}: {letter.headers[key]}" for key in HEADERS if letter.headers.get(key)]
    if lines:
        found.append(make("NarrativeText", "\n".join(lines)))
    for kind, text in letter.texts:
        if kind == "html":
            found += parse_html_text(text)
        elif kind == "rtf":
            found += parse_rtf_bytes(text.encode("latin-1"))
        else:
            found += parse_plain(_lines(text))
    names = _take(letter, unpacker)
    if names:
        found.append(make("NarrativeText", f"Attachments: {', '.join(names)}"))
    return found


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _take(letter: Letter, unpacker: Unpacker) -> list[str]:
    """The names of the attachments, taken out or not."""
    html = " ".join(text for kind, text in letter.texts if kind == "html")
    shown = {cid.lower() for cid in _CID.findall(html)}
    names = []
    for attachment in letter.attachments:
        if attachment.content_id.lower() in shown and _is_small(attachment.content):
            continue
        names.append(unpacker.take(attachment.name, attachment.content) or attachment.name)
    for name, reason in letter.skipped.items():
        unpacker.skip(name, reason)
        names.append(name)
    return names


def _is_small(content: bytes) -> bool:
    """Whether it is a picture that is too small for text. Reads its head only."""
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            sides = sorted(image.size)
    except (OSError, ValueError, Image.DecompressionBombError):
        return False
    return sides[0] < _SHORT_SIDE or sides[1] < _LONG_SIDE
