"""Whole files that somebody put into a DOCX, PPTX or XLSX, as members.

Only packages that a page, slide or sheet refers to itself: the workbook behind a chart is no
document of its own. Objects in the old OLE form are named as skipped. What the links of a file
point to outside it is never looked at.
"""

import posixpath
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from ingest.parse.book import parse_xml
from ingest.parse.unpack import Unpacker
from serving.errors import RejectedFile

_HOLDERS = ("word/_rels/document.xml.rels", "ppt/slides/_rels/", "xl/worksheets/_rels/")


def unpack_embedded(path: Path, name: str, unpacker: Unpacker) -> None:
    """Hand the embedded files of an Office file to `unpacker`.

    Raises:
        RejectedFile: damaged.
    """
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(path) as archive:
            _unpack(archive, unpacker)
    except (zipfile.BadZipFile, zlib.error, LxmlError, NotImplementedError, EOFError):
        raise RejectedFile(
            f"{name}: the file is damaged. Open it in Office and save it again."
        ) from None


def _unpack(archive: zipfile.ZipFile, unpacker: Unpacker) -> None:
    names = set(archive.namelist())
    holders = sorted(n for n in names if n.startswith(_HOLDERS) and n.endswith(".rels"))
    seen: set[str] = set()
    for holder in holders:
        folder = posixpath.dirname(posixpath.dirname(holder))
        for relation in parse_xml(archive.read(holder)):
            kind = relation.get("Type", "").rpartition("/")[2]
            if kind not in ("package", "oleObject") or relation.get("TargetMode") == "External":
                continue
            place = posixpath.normpath(posixpath.join(folder, relation.get("Target", "")))
            place = place.lstrip("/")
            if place not in names or place in seen:
                continue
            seen.add(place)
            inside = posixpath.basename(place)
            if kind == "package":
                with archive.open(place) as content:
                    unpacker.take(inside, cast(BinaryIO, content))
            else:
                unpacker.skip(inside, "an embedded object of an old kind, which is not read")
