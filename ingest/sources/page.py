"""A web page without what stands around its content on every page: menus, banners, footers.

Where a page says which part is its content (HTML's landmarks and their ARIA roles), that part is
kept whole. Where it does not, `trafilatura` says where the main text is, and the page's own part
around that text is kept if hardly a word outside of links lies elsewhere: a lost paragraph costs
an answer, a kept menu costs little (docs/decisions/0013-web-pages.md has the figures). Whether a
page is a login form or an error in disguise is not known here.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from lxml import html

from ingest.parse.decode import decode_bytes

_NEVER = (
    "//script | //style | //noscript | //template | //iframe | //nav"
    " | //*[@role='navigation' or @role='search']"
)
_CONTENT = "(//main | //*[@role='main'])[not(ancestor::main)]"
_AROUND = (
    "//*[(self::aside or self::header or self::footer) and not(ancestor::article)]"
    " | //*[@role='banner' or @role='contentinfo' or @role='complementary']"
)
_BLOCKS = "//p | //li | //td | //pre | //h1 | //h2 | //h3 | //h4"
_MAY_LOSE = 0.02
"""Share of the words outside of links that may lie outside of the main text."""
_RIGHTS = re.compile(r"©|\bcopyright\b", re.I).search
"""A line about rights: no loss."""
_DECLARED = re.compile(rb"""<meta[^>]{0,200}charset=["']?([\w-]{1,40})""", re.I)


def main_page(data: bytes, charset: str, url: str) -> bytes:
    """The page's content as HTML in UTF-8 that names `url`; the page as it is if it has no text.

    `charset` is what the server said; empty where it said nothing.
    """
    text = _decoded(data, charset)
    page = _parsed(text)
    if page is None:
        return data
    title = " ".join(page.xpath("string(//title)").split())
    marked = bool(page.xpath(f"{_CONTENT} | {_AROUND} | //nav | //*[@role='navigation']"))
    _drop(page, _NEVER)
    parts = [part for part in page.xpath(_CONTENT) if part.text_content().strip()]
    if not parts:
        _drop(page, _AROUND)
        parts = [page if marked else _main_text(text, page)]
    content = "\n".join(_inside(part) for part in parts)
    return (
        f'<!DOCTYPE html>\n<html><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<link rel="canonical" href="{escape(url)}"></head>\n<body>\n{content}\n</body></html>\n'
    ).encode()


def _decoded(data: bytes, charset: str) -> str:
    declared = _DECLARED.search(data[:4096])
    for encoding in (charset, declared[1].decode("ascii") if declared else ""):
        try:
            return data.decode(encoding or "undefined")
        except (LookupError, UnicodeError):
            continue
    return decode_bytes(data) or data.decode("utf-8", "replace")


def _parsed(text: str) -> Any:
    """The root element; None where there is no text."""
    # lxml refuses a declaration in text that is decoded already.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    if not text.strip():
        return None
    page = html.document_fromstring(text)
    return page if page.text_content().strip() else None


def _drop(page: Any, query: str) -> None:
    for element in page.xpath(query):
        if element.getparent() is not None:
            element.drop_tree()


def _main_text(text: str, page: Any) -> Any:
    """The part of the page that holds what trafilatura takes for the main text; the page if
    words would be lost."""
    from trafilatura import extract

    found = _parsed(extract(text, output_format="html", include_comments=False) or "")
    if found is None:
        return page
    said = {block.text_content() for block in found.xpath(_BLOCKS)}
    kept = {" ".join(_words([text])) for text in said if not _RIGHTS(text)} - {""}
    blocks = [b for b in page.xpath(_BLOCKS) if " ".join(_words([b.text_content()])) in kept]
    paths = [[*reversed(list(block.iterancestors())), block] for block in blocks]
    common = [level[0] for level in zip(*paths, strict=False) if len(set(level)) == 1]
    if not common:
        return page
    part = common[-1]
    inside, words = _free_words(part, "."), _free_words(page, "//body")
    if len(words) - len(inside) > _MAY_LOSE * len(words):
        return page
    for heading in page.xpath("//h1")[:1]:
        if part not in heading.iterancestors() and part.tag != "h1":
            part.insert(0, heading)
    return part


def _free_words(part: Any, inside: str) -> list[str]:
    """Words outside of links and of lines about rights."""
    return _words(t for t in part.xpath(f"{inside}//text()[not(ancestor::a)]") if not _RIGHTS(t))


def _inside(part: Any) -> str:
    if part.tag == "html":
        found = part.find("body")
        part = part if found is None else found
    shell = html.tostring(part, encoding="unicode", with_tail=False)
    return re.sub(r"^<body\b", "<div", re.sub(r"</body>\s*$", "</div>", shell))


def _words(texts: Iterable[str]) -> list[str]:
    return re.findall(r"\w+", " ".join(texts).casefold())
