"""Markdown and reStructuredText → HTML → elements.

Markdown by markdown-it (CommonMark with tables); HTML within it is read like a page. RST by
docutils, which may not include files, run raw HTML or fetch anything; what it cannot make sense
of (directives of Sphinx) it leaves out or keeps as text, without a message in the text.
"""

import re
from typing import TYPE_CHECKING

from ingest.parse.elements import make
from ingest.parse.html import parse_html_text

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_FRONT = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*\n(.*?)\n(?:\1|\.\.\.)[ \t]*(?:\n|$)", re.DOTALL)
_FIELD = re.compile(r"^([\w-]+)\s*[:=]\s*(.*)$")
_ROLE = re.compile(r":[a-zA-Z][\w:+-]*:`[~!]?([^`<]+?)\s*(?:<[^`>]*>)?`")
_DIRECTIVE = re.compile(r"^([ \t]*)\.\. ([\w:-]+)::[ \t]*(.*)$", re.MULTILINE)
_KNOWN = frozenset(
    {"attention", "caution", "danger", "error", "important", "note", "tip", "hint", "warning",
     "admonition", "sidebar", "topic", "rubric", "epigraph", "highlights", "pull-quote",
     "compound", "container", "line-block", "parsed-literal", "code", "code-block",
     "sourcecode", "math", "table", "csv-table", "list-table", "image", "figure", "contents",
     "sectnum", "header", "footer", "meta", "include", "raw", "replace", "unicode", "date",
     "class", "role", "default-role", "title", "target-notes", "toctree"}
)  # fmt: skip
"""Directives of docutils; `toctree` is Sphinx's, and only navigation."""
_SETTINGS: dict[str, object] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "halt_level": 5,
    "report_level": 5,
    "warning_stream": False,
    "input_encoding": "unicode",
    "doctitle_xform": False,
    "sectsubtitle_xform": False,
    "initial_header_level": 1,
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "embed_stylesheet": False,
    "stylesheet_path": None,
    "smart_quotes": False,
    "line_length_limit": 1_000_000,
}


def parse_markdown(text: str) -> "list[Element]":
    """Elements of Markdown; the fields at its top as one text."""
    from markdown_it import MarkdownIt

    front, body = _front_matter(text)
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    found = parse_html_text(f"<body>{parser.render(body)}</body>") if body.strip() else []
    return [*([make("NarrativeText", front)] if front else []), *found]


def _front_matter(text: str) -> tuple[str, str]:
    """The fields that generators of sites keep at the top, and the rest."""
    match = _FRONT.match(text)
    lines = match.group(2).split("\n") if match else []
    if match is None or not any(_FIELD.match(line) for line in lines):
        return "", text
    kept = [line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join(kept), text[match.end() :]


def parse_rst(text: str) -> "list[Element]":
    """Elements of reStructuredText."""
    from docutils.core import publish_parts

    text = _DIRECTIVE.sub(_plainer, _ROLE.sub(r"\1", text))
    parts = publish_parts(text, writer="html5", settings_overrides=_SETTINGS)
    html = re.sub(r'<(aside|div)[^>]*class="system-message.*?</\1>', "", parts["html_body"])
    return parse_html_text(f"<body>{html}</body>")


def _plainer(match: re.Match[str]) -> str:
    """A directive that docutils does not know, as a container: its text stays, not its effect."""
    indent, name, rest = match.groups()
    if name in _KNOWN:
        return match.group()
    return f"{indent}.. container::\n\n{indent}   {rest}\n"
