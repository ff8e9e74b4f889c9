"""File → unstructured elements, and the files that were inside it.

A file is read or rejected, never silently empty: without elements there are members, pages that
are known to be blank or unread, or an error.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import sniff
from ingest.limits import Limits
from ingest.parse.decode import decode
from ingest.parse.unpack import Member, Unpacker
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_DEFAULT = Limits()
__all__ = ["Member", "Parsed", "Word", "parse"]

Word = tuple[str, float, float, float, float]
"""Recognised text with its left, bottom, right, top, in the page's user space."""


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


def parse(path: Path, name: str, folder: Path | None = None, limits: Limits = _DEFAULT) -> Parsed:
    """Read the file at `path`, which people know as `name`. Use `ingest.guard` for files of
    strangers: this runs in the calling process without limits on time and memory.

    `folder` is an empty folder for the files inside it; without one they are only named.

    Raises:
        RejectedFile: the file will never be read as it is; the message says why.
    """
    media_type = sniff.sniff(path, name)
    unpacker = Unpacker(name, folder, limits)
    if media_type in sniff.ARCHIVES:
        _unpack(path, name, media_type, unpacker)
        return Parsed([], 0, media_type, tuple(unpacker.members), unpacker.skipped)
    if media_type == sniff.PDF:
        from ingest.parse.pdf import parse_pdf

        return parse_pdf(path, name, limits)
    elements, pages = _read(path, name, media_type, unpacker)
    if not any(e.text.strip() for e in elements) and not unpacker.members:
        raise RejectedFile(f"{name}: no text was found in it. Add a file that holds text.")
    return Parsed(elements, pages, media_type, tuple(unpacker.members), unpacker.skipped)


# Each reader brings its own libraries: imported only where a file needs it.


def _unpack(path: Path, name: str, media_type: str, unpacker: Unpacker) -> None:
    from ingest.parse import archive

    if media_type == sniff.ZIP:
        archive.unpack_zip(path, name, unpacker)
    elif media_type == sniff.TAR:
        archive.unpack_tar(path, name, unpacker)
    else:
        archive.unpack_compressed(path, name, media_type, unpacker)


def _read(
    path: Path, name: str, media_type: str, unpacker: Unpacker
) -> "tuple[list[Element], int]":
    if media_type == sniff.XLSX:
        from ingest.parse.sheets import parse_xlsx

        return parse_xlsx(path, name)
    if media_type == sniff.PPTX:
        from ingest.parse.office import parse_pptx

        return parse_pptx(path, name)
    return _read_pageless(path, name, media_type, unpacker), 0


def _read_pageless(path: Path, name: str, media_type: str, unpacker: Unpacker) -> "list[Element]":
    from ingest.parse import mail, office, outlook, plain, sheets

    if media_type in (sniff.CSV, sniff.TSV):
        return sheets.parse_csv(path, name, "\t" if media_type == sniff.TSV else "")
    if media_type == sniff.DOCX:
        return office.parse_docx(path, name)
    if media_type == sniff.HTML:
        return office.parse_html(path, name)
    if media_type == sniff.MARKDOWN:
        return office.parse_markdown(decode(path, name))
    if media_type == sniff.EML:
        return mail.parse_mail(path, name, unpacker)
    if media_type == sniff.MSG:
        return outlook.parse_msg(path, name, unpacker)
    if media_type == sniff.TEXT:
        return plain.parse_plain(decode(path, name))
    raise RejectedFile(
        f"{name}: {sniff.NAMES[media_type]} is not read yet. Save it as DOCX or PDF."
    )
