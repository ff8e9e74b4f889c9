"""File → unstructured elements: PDF and sheets by our own readers, the rest by unstructured.

Zero elements are an error, never an empty result: a file is either read or rejected.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import sniff
from ingest.parse.decode import decode
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element


Word = tuple[str, float, float, float, float]
"""Recognised text with its left, bottom, right, top, in the page's user space."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file that came inside another: an attachment, a file of an archive."""

    name: str
    """Its path inside, with `/`; as the container gives it, not yet made safe."""
    path: Path
    """Where it was unpacked to."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read from a file, in reading order."""

    elements: "list[Element]"
    pages: int
    """Pages, slides or sheets; 0 where the format has none."""
    media_type: str
    members: tuple[Member, ...] = ()
    """They become documents of their own."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Members that were not taken out, and why (one line each)."""
    blank: tuple[int, ...] = ()
    """Pages (from 1) on which neither a text layer nor text recognition gave any text."""
    unread: tuple[int, ...] = ()
    """Pages without a text layer that nobody tried to recognise (OCR missing, or a limit)."""
    ocr: Mapping[int, float] = field(default_factory=dict)
    """Mean word confidence, 0..1, of each page whose text was recognised."""
    words: Mapping[int, tuple[Word, ...]] = field(default_factory=dict)
    """The words of those pages, for highlighting."""


def parse(path: Path, name: str) -> Parsed:
    """Read the file at `path`, which people know as `name`. Use `ingest.guard` for files of
    strangers: this runs in the calling process without limits.

    Raises:
        RejectedFile: the file will never be read as it is; the message says why.
    """
    return _parse(path, name, depth=0)


def _parse(path: Path, name: str, depth: int) -> Parsed:
    media_type = sniff.sniff(path, name)
    elements, pages = _read(path, name, media_type, depth)
    if not any(element.text.strip() for element in elements):
        raise RejectedFile(f"{name}: no text was found in it. Add a file that holds text.")
    return Parsed(elements, pages, media_type)


def _read(path: Path, name: str, media_type: str, depth: int) -> "tuple[list[Element], int]":
    # Each reader brings its own libraries: imported only where a file needs it.
    if media_type == sniff.PDF:
        from ingest.parse.pdf import parse_pdf

        return parse_pdf(path, name)
    if media_type == sniff.XLSX:
        from ingest.parse.sheets import parse_xlsx

        return parse_xlsx(path, name)
    if media_type == sniff.PPTX:
        from ingest.parse.office import parse_pptx

        return parse_pptx(path, name)
    return _read_pageless(path, name, media_type, depth), 0


def _read_pageless(path: Path, name: str, media_type: str, depth: int) -> "list[Element]":
    from ingest.parse import mail, office, plain, sheets

    if media_type in (sniff.CSV, sniff.TSV):
        return sheets.parse_csv(path, name, "\t" if media_type == sniff.TSV else "")
    if media_type == sniff.DOCX:
        return office.parse_docx(path, name)
    if media_type == sniff.HTML:
        return office.parse_html(path, name)
    if media_type == sniff.MARKDOWN:
        return office.parse_markdown(decode(path, name))
    if media_type == sniff.EML:
        return mail.parse_mail(path, name, lambda p, n, d: _parse(p, n, d).elements, depth)
    if media_type == sniff.TEXT:
        return plain.parse_plain(decode(path, name))
    raise RejectedFile(
        f"{name}: {sniff.NAMES[media_type]} is not read yet. Save it as DOCX or PDF."
    )
