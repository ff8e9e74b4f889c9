"""What a reader process found, as a file: JSON, so that reading it back runs nothing.

Of an element it keeps what chunks, citations and the quality report use: kind, text, page, depth,
table, box and attachment; links, emphasis and file names stay behind. Reading back imports
unstructured's element classes alone (a tenth of a second, 10 MiB), none of its partitioners.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ingest.parse import Member, Parsed
from ingest.parse.nlp import install

if TYPE_CHECKING:
    from unstructured.documents.elements import Element


class Damaged(Exception):
    """The file does not hold what `dump` writes."""


def dump(parsed: Parsed, folder: Path, target: BinaryIO) -> None:
    """Write it; members are named by their path inside `folder`."""
    value = {
        "media_type": parsed.media_type,
        "pages": parsed.pages,
        "members": [[m.name, str(m.path.relative_to(folder))] for m in parsed.members],
        "skipped": dict(parsed.skipped),
        "blank": parsed.blank,
        "unread": parsed.unread,
        "ocr": dict(parsed.ocr),
        "words": {page: list(words) for page, words in parsed.words.items()},
        "elements": [_row(element) for element in parsed.elements],
    }
    target.write(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def load(source: BinaryIO, folder: Path) -> Parsed:
    """Read it back.

    The writer has handled a stranger's file, so it is not trusted: members are plain files
    inside `folder`.

    Raises:
        Damaged: it is something else.
    """
    try:
        value = json.loads(source.read())
        return Parsed(
            elements=[_element(row) for row in value["elements"]],
            pages=int(value["pages"]),
            media_type=str(value["media_type"]),
            members=tuple(_member(str(n), str(p), folder) for n, p in value["members"]),
            skipped={str(name): str(why) for name, why in value["skipped"].items()},
            blank=tuple(int(page) for page in value["blank"]),
            unread=tuple(int(page) for page in value["unread"]),
            ocr={int(page): float(mean) for page, mean in value["ocr"].items()},
            words={
                int(page): tuple(
                    (str(t), float(a), float(b), float(c), float(d)) for t, a, b, c, d in words
                )
                for page, words in value["words"].items()
            },
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(type(error).__name__) from None


def _member(name: str, inside: str, folder: Path) -> Member:
    path = folder / inside
    if path.is_symlink() or not path.is_file():
        raise ValueError(inside)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(inside)
    return Member(name, path)


def _row(element: "Element") -> list[Any]:
    metadata = element.metadata
    box = None
    where = metadata.coordinates
    if where is not None and where.points is not None and where.system is not None:
        points = [[float(x), float(y)] for x, y in where.points]
        box = [points, where.system.width, where.system.height]
    return [
        element.category,
        element.text,
        metadata.page_number,
        metadata.category_depth,
        metadata.text_as_html,
        metadata.attached_to_filename,
        box,
    ]


def _element(row: list[Any]) -> "Element":
    install()
    from unstructured.documents.coordinates import PointSpace
    from unstructured.documents.elements import (
        TYPE_TO_TEXT_ELEMENT_MAP,
        CoordinatesMetadata,
        ElementMetadata,
        Text,
    )

    kind, text, page, depth, html, attached, box = row
    metadata = ElementMetadata(
        page_number=page, category_depth=depth, text_as_html=html, attached_to_filename=attached
    )
    if box is not None:
        points, width, height = box
        metadata.coordinates = CoordinatesMetadata(
            points=tuple((float(x), float(y)) for x, y in points),
            system=PointSpace(width=width, height=height),
        )
    made: Element = TYPE_TO_TEXT_ELEMENT_MAP.get(kind, Text)(text=str(text), metadata=metadata)
    return made
