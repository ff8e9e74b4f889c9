"""File → unstructured elements, and the files that were inside it.

A file is read or rejected, never silently empty: without elements there are members, pages that
are known to be blank or unread, or an error.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import sniff
from ingest.limits import Budget, Limits, check_pages
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
    """Read the file at `path`, which people know as `name`. Use `ingest.guard.parser` for files of
    strangers: this runs in the calling process without limits on time and memory.

    `folder` is an empty folder for the files inside it; without one they are only named.

    Raises:
        RejectedFile: the file will never be read as it is; the message says why.
    """
    media_type = sniff.sniff(path, name)
    if media_type == sniff.PDF:
        from ingest.parse.pdf import parse_pdf

        return parse_pdf(path, name, limits)
    if media_type in sniff.IMAGES:
        from ingest.parse.image import parse_image

        return parse_image(path, name, media_type, limits)
    unpacker = Unpacker(name, folder, limits)
    if media_type in sniff.ARCHIVES:
        _unpack(path, name, media_type, unpacker)
        return Parsed([], 0, media_type, tuple(unpacker.members), unpacker.skipped)
    if media_type in sniff.ZIPPED:
        with zipfile.ZipFile(path) as archive:
            Budget(name, limits).take_zip(archive)
    elements, pages = _read(path, name, media_type, unpacker)
    check_pages(name, pages, limits)
    if media_type in (sniff.DOCX, sniff.PPTX, sniff.XLSX):
        from ingest.parse.embedded import unpack_embedded

        unpack_embedded(path, name, unpacker)
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
    """Elements, and the number of sheets or slides where the format has them."""
    if media_type == sniff.XLSX:
        from ingest.parse.sheets import parse_xlsx

        return parse_xlsx(path, name)
    if media_type == sniff.PPTX:
        from ingest.parse.slides import parse_pptx

        return parse_pptx(path, name)
    if media_type in (sniff.EML, sniff.MSG):
        from ingest.parse import mail, outlook

        read = mail.parse_mail if media_type == sniff.EML else outlook.parse_msg
        return read(path, name, unpacker), 0
    if media_type in sniff.TEXTS:
        return _read_text(path, name, media_type), 0
    return _read_document(path, name, media_type), 0


def _read_document(path: Path, name: str, media_type: str) -> "list[Element]":
    from ingest.parse import book, html, odt, rtf, word

    readers = {
        sniff.DOCX: word.parse_docx,
        sniff.ODT: odt.parse_odt,
        sniff.ODS: odt.parse_odt,
        sniff.RTF: rtf.parse_rtf,
        sniff.EPUB: book.parse_epub,
        sniff.FB2: book.parse_fb2,
        sniff.HTML: html.parse_html,
    }
    return readers[media_type](path, name)


def _read_text(path: Path, name: str, media_type: str) -> "list[Element]":
    from ingest.parse import markup, plain, sheets

    if media_type in (sniff.CSV, sniff.TSV):
        return sheets.parse_csv(path, name, "\t" if media_type == sniff.TSV else "")
    text = decode(path, name)
    if media_type == sniff.MARKDOWN:
        return markup.parse_markdown(text)
    if media_type == sniff.RST:
        return markup.parse_rst(text)
    return plain.parse_plain(text)
