"""`python -m ingest.bench.web PAGE…`: content kept and menus left, by three ways.

Each page is kept whole, as trafilatura gives it, and as `page.main_page` does. Content counts as
kept if its text stands in the result: paragraphs, cells and headings outside of what the
page marks as navigation. Menu entries are links inside of that. A folder stands for its pages.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import html

from ingest.sources.page import main_page

_MENU = (
    "ancestor::nav or ancestor::footer or ancestor::*[@role='navigation'"
    " or contains(@class, 'navheader') or contains(@class, 'navfooter')]"
)
_CONTENT = " | ".join(f"//{tag}[not({_MENU})]" for tag in ("p", "td", "th", "h1", "h2", "h3"))
_LINKS = f"//a[{_MENU}]"
_SHORTEST = 12
"""Letters: shorter texts stand anywhere."""


def _trafilatura(data: bytes) -> bytes:
    from trafilatura import extract

    return (extract(data, output_format="html", include_comments=False) or "<p></p>").encode()


_WAYS: dict[str, Callable[[bytes], bytes]] = {
    "whole": lambda data: data,
    "trafilatura": _trafilatura,
    "main_page": lambda data: main_page(data, "", "http://example.org/"),
}


def main(arguments: list[str]) -> None:
    """Print a table row for each page and a sum."""
    paths = [p for a in map(Path, arguments) for p in (sorted(a.rglob("*.html")) or [a])]
    head = " | ".join(f"{way} {what}" for way in _WAYS for what in ("content", "menu"))
    sys.stdout.write(f"| page | content | menu | {head} |\n{'|---' * (3 + 2 * len(_WAYS))}|\n")
    total = [0] * (2 + 2 * len(_WAYS))
    for path in paths:
        row = _measure(path.read_bytes())
        total = [a + b for a, b in zip(total, row, strict=True)]
        sys.stdout.write(f"| {path.name} | {' | '.join(map(str, row))} |\n")
    sys.stdout.write(f"| {len(paths)} pages | {' | '.join(map(str, total))} |\n")


def _measure(data: bytes) -> list[int]:
    page = _parsed(data)
    content, menu = _texts(page, _CONTENT), _texts(page, _LINKS)
    menu = [text for text in menu if text not in set(content)]
    row = [len(content), len(menu)]
    for way in _WAYS.values():
        kept = _letters("".join(_parsed(way(data)).xpath("//body//text()")))
        row += [sum(text in kept for text in content), sum(text in kept for text in menu)]
    return row


def _parsed(data: bytes) -> Any:
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", data.decode("utf-8", "replace"))
    page = html.document_fromstring(text)
    for element in page.xpath("//script | //style | //noscript"):
        element.drop_tree()
    return page


def _texts(page: Any, query: str) -> list[str]:
    found = (_letters(element.text_content()) for element in page.xpath(query))
    return [text for text in found if len(text) >= _SHORTEST]


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text)


if __name__ == "__main__":
    main(sys.argv[1:])
