"""EPUB and FB2 → elements: chapters in reading order, their headings, notes.

An EPUB's own lists of contents are left out, as they repeat the headings. A book whose text is
encrypted (DRM) is rejected. Pictures and their captions in pictures are not read.
"""

import html
import posixpath
import re
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ingest.parse.decode import decode_bytes
from ingest.parse.elements import make
from ingest.parse.html import parse_html_text, read_html
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from lxml.etree import _Element
    from unstructured.documents.elements import Element

_PAGES = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Obfuscation of fonts, which does not concern the text."""
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})


def parse_epub(path: Path, name: str) -> "list[Element]":
    """Raises:
    RejectedFile: damaged, or encrypted.
    """
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(path) as archive:
            if _is_encrypted(archive):
                raise RejectedFile(f"{name}: the book is encrypted (DRM). Add one that is not.")
            return _chapters(archive)
    except (zipfile.BadZipFile, zlib.error, LxmlError, KeyError, NotImplementedError, EOFError):
        raise RejectedFile(f"{name}: the book is damaged. Get a whole copy.") from None


def parse_xml(data: bytes) -> "_Element":
    """XML without entities of its own, external ones or the network; the root."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    return etree.fromstring(data, parser)


def _is_encrypted(archive: zipfile.ZipFile) -> bool:
    try:
        root = parse_xml(archive.read("META-INF/encryption.xml"))
    except KeyError:
        return False
    methods = root.findall(".//{*}EncryptionMethod")
    return any(method.get("Algorithm") not in _FONTS for method in methods)


def _chapters(archive: zipfile.ZipFile) -> "list[Element]":
    container = parse_xml(archive.read("META-INF/container.xml"))
    place = next((e.get("full-path", "") for e in container.iter("{*}rootfile")), "")
    package = parse_xml(archive.read(place))
    folder = posixpath.dirname(place)
    found = _about(package)
    titles = _titles(archive, package, folder)
    for href in _spine(package, folder):
        try:
            page = _page(archive.read(href))
        except KeyError:
            continue
        if page and href in titles and not any(e.category == "Title" for e in page):
            page.insert(0, make("Title", titles[href], depth=0))
        found += page
    return found


def _about(package: "_Element") -> "list[Element]":
    """Title, authors, publisher and date, as one text."""
    fields = ("title", "creator", "publisher", "date")
    values = [" ".join((e.text or "").split()) for f in fields for e in package.iter(f"{{*}}{f}")]
    text = "\n".join(dict.fromkeys(filter(None, values)))
    return [make("NarrativeText", text)] if text else []


def _spine(package: "_Element", folder: str) -> list[str]:
    """Paths of the pages in reading order, without the lists of contents."""
    pages = {
        item.get("id"): _path(folder, item.get("href", ""))
        for item in package.iter("{*}item")
        if item.get("media-type") in _PAGES and "nav" not in (item.get("properties") or "").split()
    }
    contents = {
        _path(folder, reference.get("href", ""))
        for reference in package.iter("{*}reference")
        # With a fragment it is a list of contents on a page that holds more than that.
        if reference.get("type") == "toc" and "#" not in reference.get("href", "")
    }
    order = [pages.get(item.get("idref")) for item in package.iter("{*}itemref")]
    kept = [page for page in order if page and page not in contents]
    return list(dict.fromkeys(kept or filter(None, order)))


def _titles(archive: zipfile.ZipFile, package: "_Element", folder: str) -> dict[str, str]:
    """What the list of contents calls a page, for pages without a heading."""
    found: dict[str, str] = {}
    for item in package.iter("{*}item"):
        if item.get("media-type") != "application/x-dtbncx+xml":
            continue
        ncx = _path(folder, item.get("href", ""))
        if ncx not in archive.namelist():
            continue
        for point in parse_xml(archive.read(ncx)).iter("{*}navPoint"):
            label, content = point.find("{*}navLabel/{*}text"), point.find("{*}content")
            if label is not None and content is not None and (label.text or "").strip():
                page = _path(posixpath.dirname(ncx), content.get("src", ""))
                found.setdefault(page, " ".join((label.text or "").split()))
    return found


def _path(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.split("#")[0])))


def _page(data: bytes) -> "list[Element]":
    """XHTML as such where it is well-formed (`<title/>` ends the page for a parser of HTML)."""
    from lxml.etree import LxmlError, XMLParser
    from lxml.html import XHTMLParser, fromstring, xhtml_to_html

    text = decode_bytes(data) or data.decode("utf-8", "replace")
    plain = re.sub(r"^\s*<\?xml[^>]*\?>|<!DOCTYPE[^>\[]*(?:\[.*?\])?>", "", text, flags=re.DOTALL)
    try:
        parser: XMLParser = XHTMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        root = fromstring(re.sub(r"&(\w+);", _character, plain.strip()), parser=parser)
    except (LxmlError, ValueError):
        return parse_html_text(text)
    xhtml_to_html(root)
    return read_html(root)


def _character(match: re.Match[str]) -> str:
    name = match.group(1)
    return match.group() if name in _XML_NAMES else html.unescape(match.group())


def parse_fb2(path: Path, name: str) -> "list[Element]":
    """Raises:
    RejectedFile: damaged.
    """
    from lxml.etree import LxmlError

    try:
        root = parse_xml(path.read_bytes())
    except LxmlError:
        raise RejectedFile(f"{name}: the book is damaged. Get a whole copy.") from None
    info = root.find(".//{*}title-info")
    title = _words(info.find("{*}book-title")) if info is not None else ""
    authors = (
        [" ".join(map(_words, a)) for a in info.findall("{*}author")] if info is not None else []
    )
    about = "\n".join(filter(None, [title, ", ".join(authors)]))
    found = [make("NarrativeText", about)] if about else []
    for body in root.findall("{*}body"):
        found += _fb2_section(body, 0)
    return found


def _fb2_section(section: "_Element", depth: int) -> "list[Element]":
    found: list[Element] = []
    for child in section:
        tag = child.tag.rsplit("}", 1)[-1] if isinstance(child.tag, str) else ""
        if tag in ("section", "body", "cite", "epigraph", "annotation", "poem", "stanza"):
            found += _fb2_section(child, depth + (tag == "section"))
        elif tag in ("title", "subtitle"):
            text = " ".join(filter(None, (_words(p) for p in child))) or _words(child)
            if text:
                found.append(make("Title", text, depth=depth + (tag == "subtitle")))
        elif tag == "table":
            found += _fb2_table(child)
        elif text := _words(child):
            found.append(make("NarrativeText", text))
    return found


def _fb2_table(table: "_Element") -> "list[Element]":
    from lxml.etree import tostring
    from lxml.html import fromstring

    for node in table.iter():
        node.tag = node.tag.rsplit("}", 1)[-1] if isinstance(node.tag, str) else node.tag
    root: Any = fromstring(f"<div>{tostring(table, encoding='unicode')}</div>")
    return read_html(root)


def _words(node: "_Element | None") -> str:
    return " ".join("".join(node.itertext()).split()) if node is not None else ""
