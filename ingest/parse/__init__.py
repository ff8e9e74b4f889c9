"""File → unstructured elements: PDF and sheets by our own readers, the rest by unstructured.

Zero elements are an error, never an empty result: a file is either read or rejected.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import sniff
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element


@dataclass(frozen=True, slots=True)
class Parsed:
    """What was read from a file, in reading order."""

    elements: "list[Element]"
    pages: int
    """Pages, slides or sheets; 0 where the format has none."""
    media_type: str


def parse(path: Path, name: str) -> Parsed:
    """Read the file at `path`, which people know as `name`. Use `ingest.guard` for files of
    strangers: this runs in the calling process without limits.

    Raises:
        RejectedFile: the file will never be read as it is; the message says why.
    """
    media_type = sniff.sniff(path, name)
    elements, pages = _read(path, name, media_type)
    if not any(element.text.strip() for element in elements):
        raise RejectedFile(f"{name}: no text was found in it. Add a file that holds text.")
    return Parsed(elements, pages, media_type)


def _read(path: Path, name: str, media_type: str) -> "tuple[list[Element], int]":
    if media_type == sniff.PDF:
        from ingest.parse.pdf import parse_pdf

        return parse_pdf(path, name)
    if media_type == sniff.XLSX:
        from ingest.parse.sheets import parse_xlsx

        return parse_xlsx(path, name)
    if media_type in (sniff.CSV, sniff.TSV):
        from ingest.parse.sheets import parse_csv

        return parse_csv(path, name, "\t" if media_type == sniff.TSV else ""), 0
    if media_type in (sniff.RTF, sniff.ODT, sniff.EPUB):
        raise RejectedFile(
            f"{name}: {sniff.NAMES[media_type]} is not read yet. Save it as DOCX or PDF."
        )
    from ingest.parse.office import parse_office

    return parse_office(path, name, media_type)
