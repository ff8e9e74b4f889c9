"""HTML → elements, over lxml: headings with their level, lists, tables, code, paragraphs.

What a page marks as no part of its text is left out: navigation, site footers, dialogs, cookie
notices, what is hidden or not for print. A page that consists of nothing else is read whole.
Scripts never run, nothing is fetched; pictures and frames are not read.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.parse.decode import decode_bytes
from ingest.parse.elements import make, table
from ingest.parse.html_grid import caption_of, is_layout, table_rows
from serving.errors import RejectedFile

if TYPE_CHECKING:
    from lxml.html import HtmlElement
    from unstructured.documents.elements import Element

_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*[\"']?([\w-]+)", re.IGNORECASE
)
_INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
     "font", "i", "img", "ins", "kbd", "label", "mark", "nobr", "output", "q", "rp", "rt", "ruby",
     "s", "samp", "small", "span", "strike", "strong", "sub", "time", "tt", "u", "var", "wbr"}
)  # fmt: skip
_INLINE_TAG = re.compile(
    rf"</?(?:{'|'.join(sorted(_INLINE - {'img'}))})(?:\s[^<>]*)?>", re.IGNORECASE
)
_SUBSET = re.compile(r"<!DOCTYPE\s[^<>\[]*\[.*?\]\s*>", re.IGNORECASE | re.DOTALL)
"""A document type with entities of its own, which HTML does not have."""
_NEVER = frozenset(
    {"head", "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed",
     "audio", "video", "canvas", "map", "button", "select", "input", "textarea", "datalist"}
)  # fmt: skip
_ROLES = frozenset({"navigation", "search", "dialog", "alertdialog", "menu", "menubar", "toolbar"})
_ASIDE = re.compile(
    r"\b(?:cookie|gdpr|consent|privacy)s?[-_ ]?(?:banner|bar|consent|notice|popup|modal|overlay|"
    r"dialog|law|message|manager|disclaimer|warning)|"
    r"(?:^|\s)(?:nav(?:bar|box|header|footer|igation)?|breadcrumbs?|(?:site-|page-)?footer|"
    r"skip-?link|mw-jump-link|noprint|mw-editsection)(?:\s|$)",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HEADING = re.compile(r"h([1-6])")
_DEEPEST = 200
"""Elements within elements; what is deeper is taken as running text."""
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f]")
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")


def parse_html(path: Path, name: str) -> "list[Element]":
    """Raises:
    RejectedFile: its encoding cannot be told.
    """
    data = path.read_bytes()
    text = _declared(data) or decode_bytes(data)
    if text is None:
        raise RejectedFile(f"{name}: its encoding cannot be told. Save it as UTF-8.")
    return parse_html_text(text)


def parse_html_text(text: str) -> "list[Element]":
    """Elements of HTML that is decoded already.

    Raises:
        RecursionError: nested deeper than libxml2 reads, also without what marks up single words
            (which old pages often do not close).
    """
    from lxml.etree import ParserError
    from lxml.html import HTMLParser, document_fromstring

    # lxml refuses a declaration in text that is decoded already.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", _CONTROLS.sub("", text))
    text = _SUBSET.sub("<!DOCTYPE html>", text)
    for plainer in (text, _INLINE_TAG.sub("", text)):
        parser = HTMLParser(huge_tree=True)
        try:
            root = document_fromstring(plainer, parser=parser)
        except ParserError:
            return []
        # libxml2 stops at a depth of 2,048, and what is left of the text would be lost.
        if not any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
            return read_html(root)
    raise RecursionError("elements within elements")


def read_html(root: "HtmlElement") -> "list[Element]":
    """Elements of a tree of HTML without namespaces."""
    for whole in (False, True):
        reader = _Reader(whole)
        reader.walk(root, 0)
        reader.flush()
        if reader.found:
            return reader.found
    return []


def _declared(data: bytes) -> str | None:
    """HTML in the encoding that it declares, unless it is UTF-16 or the declaration is wrong."""
    match = _CHARSET.search(data[:4096])
    if match is None:
        return None
    try:
        return data.decode(match.group(1).decode("ascii"))
    except (LookupError, UnicodeDecodeError):
        return None


@dataclass
class _Reader:
    """Collects elements while it walks the tree; `inline` is the text of the block so far."""

    whole: bool
    found: "list[Element]" = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    kind: str = "NarrativeText"
    depth: int | None = None
    prefix: str = ""
    """What the next text begins with: the number of a list item, a term that is defined."""

    def flush(self) -> None:
        """End the block: its text becomes an element."""
        lines = [" ".join(line.split()) for line in "".join(self.inline).split("\n")]
        text = (" " if self.kind == "Title" else "\n").join(filter(None, lines))
        self.inline.clear()
        if text:
            self.found.append(make(self.kind, self.prefix + text, depth=self.depth))
            self.prefix = ""
            if self.kind != "Title":
                # Only the first paragraph of a list item is the item.
                self.kind, self.depth = "NarrativeText", None

    def walk(self, node: "HtmlElement", deep: int, lists: int = 0) -> None:
        """The children of `node`, which stands `lists` lists deep."""
        self._add(node.text)
        for child in node:
            if isinstance(child.tag, str):
                if deep > _DEEPEST:
                    self._add(child.text_content())
                elif not self._left_out(child):
                    self._read(child, deep + 1, lists)
            self._add(child.tail)

    def _add(self, text: str | None) -> None:
        if text:
            # A line end of the source is a space; only <br> ends a line.
            self.inline.append(re.sub(r"\s+", " ", text))

    def _left_out(self, node: "HtmlElement") -> bool:
        tag = node.tag.lower()
        if tag in _NEVER or node.get("hidden") is not None:
            return True
        if self.whole:
            return False
        if _HIDDEN.search(node.get("style", "")):
            return True
        if tag == "nav" or node.get("role", "").lower() in _ROLES:
            return True
        if tag == "footer" or node.get("role") == "contentinfo":
            # Within an article a footer is the author's, else the site's.
            return not any(a.tag in ("article", "blockquote", "main") for a in node.iterancestors())
        if tag in ("body", "main", "article"):
            return False
        return any(_ASIDE.search(node.get(key, "")) for key in ("class", "id"))

    def _read(self, node: "HtmlElement", deep: int, lists: int) -> None:
        tag = node.tag.lower()
        heading = _HEADING.fullmatch(tag)
        if heading or node.get("role") == "heading":
            level = int(heading.group(1)) if heading else _level(node)
            self._block(node, deep, lists, "Title", level - 1)
        elif tag in ("ul", "ol", "menu", "dir"):
            self._list(node, deep, lists)
        elif tag == "dl":
            self._definitions(node, deep, lists)
        elif tag == "table" and not is_layout(node):
            self._table(node)
        elif tag in ("pre", "listing", "xmp"):
            self._code(node)
        elif tag == "br":
            self.inline.append("\n")
        elif tag == "sup":
            self.inline.append(_raised(node, self.inline))
        elif tag in _INLINE:
            self.walk(node, deep, lists)
        else:
            self._block(node, deep, lists)

    def _block(
        self,
        node: "HtmlElement",
        deep: int,
        lists: int,
        kind: str | None = None,
        depth: int | None = None,
    ) -> None:
        self.flush()
        if kind:
            kept = self.kind, self.depth
            self.kind, self.depth = kind, depth
            self.walk(node, deep, lists)
            self.flush()
            self.kind, self.depth = kept
        else:
            self.walk(node, deep, lists)
            self.flush()

    def _list(self, node: "HtmlElement", deep: int, lists: int) -> None:
        self.flush()
        number = _integer(node.get("start"), 1)
        for child in node:
            if not isinstance(child.tag, str) or self._left_out(child):
                continue
            if child.tag.lower() != "li":
                # Lists that stand in lists without an item, as old programs write them.
                self._read(child, deep + 1, lists + 1)
                continue
            number = _integer(child.get("value"), number)
            self.kind, self.depth = "ListItem", lists
            self.prefix = f"{number}. " if node.tag.lower() == "ol" else ""
            self.walk(child, deep + 1, lists + 1)
            self.flush()
            self.kind, self.depth, self.prefix = "NarrativeText", None, ""
            number += 1

    def _definitions(self, node: "HtmlElement", deep: int, lists: int) -> None:
        """`term: definition` as one item, so that neither is found without the other."""
        self.flush()
        for child in node.iter("dt", "dd"):
            if any(a.tag == "dl" and a is not node for a in _until(child, node)):
                continue
            if child.tag == "dt":
                self.flush()
                term = " ".join(child.text_content().split())
                if self.prefix:
                    self.found.append(make("ListItem", self.prefix.rstrip(": "), depth=lists))
                self.prefix = f"{term}{' ' if term[-1:] in ':?!.' else ': '}" if term else ""
            else:
                self.kind, self.depth = "ListItem", lists
                self.walk(child, deep + 1, lists + 1)
                self.flush()
        if self.prefix:
            self.found.append(make("ListItem", self.prefix.rstrip(": "), depth=lists))
        self.kind, self.depth, self.prefix = "NarrativeText", None, ""

    def _table(self, node: "HtmlElement") -> None:
        self.flush()
        if caption := caption_of(node):
            self.found.append(make("NarrativeText", caption))
        rows, header = table_rows(node)
        if rows:
            self.found.append(table(rows, header))

    def _code(self, node: "HtmlElement") -> None:
        self.flush()
        for line_end in node.iter("br"):
            line_end.text = "\n"
        lines = [line.rstrip() for line in node.text_content().expandtabs(4).split("\n")]
        text = "\n".join(lines).strip("\n")
        if text.strip():
            self.found.append(make("CodeSnippet", text))


def _until(node: "HtmlElement", top: "HtmlElement") -> "list[HtmlElement]":
    """The ancestors of `node` below `top`."""
    found = []
    for ancestor in node.iterancestors():
        if ancestor is top:
            break
        found.append(ancestor)
    return found


def _raised(node: "HtmlElement", before: list[str]) -> str:
    """10⁶ must not become 106; a mark of a note stands in brackets."""
    text = " ".join(node.text_content().split())
    if not text:
        return ""
    if node.find(".//a") is not None and text.isdigit():
        return f"[{text}]"
    end = "".join(before[-2:])[-1:]
    return text.translate(_RAISED) if end.isalnum() and re.fullmatch(r"[\d+\-−]+", text) else text


def _level(node: "HtmlElement") -> int:
    return min(max(_integer(node.get("aria-level"), 2), 1), 6)


def _integer(value: str | None, default: int) -> int:
    return int(value) if value and re.fullmatch(r"-?\d{1,6}", value.strip()) else default
