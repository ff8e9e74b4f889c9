"""A corpus for measuring ingestion: real files, then passages of the evaluation sets as files.

A page is a page, slide or sheet where a format has them, else 3,000 characters of the file. The
passages become text, Markdown and HTML in turn, one file each, so that a part of the corpus is
like an archive of short notes. It is a corpus for speed and memory: its documents are not about
one organisation.
"""

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

PAGE_CHARACTERS = 3000
_SETS = ("techdocs-en-ru", "mtrag-un", "clapnq-dev", "xquad-ru", "scifact", "hotpotqa-100")
_LEAST = 200
"""Characters; shorter passages say nothing about speed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of the corpus."""

    name: str
    path: Path
    characters: int
    """Of its text; 0 where only reading it will tell."""

    def pages(self, read: int) -> int:
        """Its pages, `read` being those that were counted in reading it."""
        return read or max(1, round(self.characters / PAGE_CHARACTERS))


def real_files(documents: Path) -> list[Piece]:
    """The files under a folder, by name."""
    files = sorted(file for file in documents.rglob("*") if file.is_file())
    return [Piece(file.relative_to(documents).as_posix(), file, 0) for file in files]


def passages(sets: Path, folder: Path, count: int) -> list[Piece]:
    """The first `count` passages of the sets, each written as a file into `folder`."""
    found: list[Piece] = []
    writers = cycle([_text, _markdown, _page])
    for (name, title, text), write in zip(_passages(sets), writers, strict=False):
        if len(found) == count:
            break
        suffix, content = write(title, text)
        path = folder / f"{len(found):05}.{suffix}"
        path.write_text(content, "utf-8")
        found.append(Piece(f"{name}/{path.name}", path, len(content)))
    return found


def _passages(sets: Path) -> Iterator[tuple[str, str, str]]:
    """Set, title and text of each passage, the same text only once."""
    seen: set[str] = set()
    for name in _SETS:
        for file in sorted((sets / name).glob("corpus*.jsonl")):
            with file.open(encoding="utf-8") as lines:
                for line in lines:
                    item = json.loads(line)
                    if len(item["text"]) >= _LEAST and item["text"] not in seen:
                        seen.add(item["text"])
                        yield name, item.get("title") or "", item["text"]


def _text(title: str, text: str) -> tuple[str, str]:
    return "txt", f"{title}\n\n{text}\n"


def _markdown(title: str, text: str) -> tuple[str, str]:
    return "md", f"# {title}\n\n{text}\n" if title else f"{text}\n"


def _page(title: str, text: str) -> tuple[str, str]:
    body = "".join(f"<p>{html.escape(part)}</p>" for part in text.split("\n") if part.strip())
    head = html.escape(title)
    return "html", (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{head}</title></head>'
        f"<body><h1>{head}</h1>{body}</body></html>\n"
    )
