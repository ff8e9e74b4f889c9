"""The quality report of a content, made from what the parser read before it becomes searchable.

Severity:
- NOTE, nothing to do: text was recognised from pictures with good confidence; blank pages, few;
  tables that their own file left ragged; another document has the same content.
- WARNING, part of the document may be missing from answers or wrong: pages nobody could read,
  blank pages in number, garbled pages, unsure recognition, tables that our reader left broken,
  members left out, another language, a document that is nearly the same (a version under another
  name may contradict this one), words that set the form of a reply.
- SERIOUS: the same for at least half of the document, or words that address a language model.

Thresholds: `_GARBLED` lies above what clean text shows (of 7,524 clean passages in English and
Russian 4 show more, each holding something else than words); `_SAME` is where two texts read as
one (reasoned); those of tables and recognition are reasoned. Nothing here reads meaning: a page
of wrong facts is a good page.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ingest.parse import Parsed
from ingest.quality.garbled import garbled_share
from ingest.quality.instructions import suspicions
from ingest.quality.languages import language_shares
from rag.library import Library, version_of
from rag.report import Finding, QualityReport, Severity
from rag.sketches import sketch
from rag.types import Chunk, Document

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

_GARBLED = 0.05
"""Share of a page's characters in garbled words from which the page is named."""
_HALF = 0.5
_SAME = 0.8
"""Estimated similarity from which another document is nearly the same."""
_UNSURE = 0.75
"""Mean confidence of a recognised page below which it is named."""
_MANY_BLANK = 0.2
_FOREIGN = 0.3
_EMPTY_CELLS = 0.7
_MOST = 10
"""Findings of one kind that name other things (documents, members, words)."""

_ROW = re.compile(r"<tr[ >](.*?)</tr>", re.DOTALL)
_CELL = re.compile(r"<t[dh]([^>]*)>(.*?)</t[dh]>", re.DOTALL)
_SPAN = re.compile(r'colspan="?(\d+)')
_OUR_TABLES = ("application/pdf", "image/")
"""Types whose tables our readers put together; in others the file itself says what is a cell."""


def inspect(
    parsed: Parsed, chunks: Sequence[Chunk], document: Document, sha256: str, library: Library
) -> QualityReport:
    """What is to be said of `document`'s content `sha256`.

    Keeps the content's sketch in the library, where it counts once its version answers.
    """
    pages = _texts(parsed.elements)
    findings = [
        *_unread(parsed, pages),
        *_recognised(parsed),
        *_garbled(pages),
        *_tables(parsed),
        *_suspected(parsed.elements),
        *_skipped(parsed),
        *_duplicates(pages, document, sha256, library),
    ]
    languages = language_shares(chunk.text for chunk in chunks)
    foreign = languages.get("", 0.0)
    if foreign >= _FOREIGN:
        findings.append(Finding("other_language", Severity.WARNING, value=foreign))
    order = list(Severity)
    findings.sort(key=lambda finding: -order.index(finding.severity))
    return QualityReport(tuple(findings), languages)


def _texts(elements: "Sequence[Element]") -> dict[int, str]:
    """The text of each page; of page 0 where there are none."""
    parts: dict[int, list[str]] = defaultdict(list)
    for element in elements:
        if element.text.strip():
            parts[element.metadata.page_number or 0].append(element.text)
    return {page: "\n".join(texts) for page, texts in parts.items()}


def _unread(parsed: Parsed, pages: dict[int, str]) -> Iterator[Finding]:
    unread = tuple(sorted(parsed.unread))
    if unread:
        share = len(unread) / max(parsed.pages, len(unread))
        severity = Severity.SERIOUS if share >= _HALF else Severity.WARNING
        yield Finding("unread", severity, unread, share)
    numbers = range(1, parsed.pages + 1) if any(pages) else ()
    blank = {page for page in numbers if page not in pages} | set(parsed.blank)
    blank -= set(unread)
    if blank:
        share = len(blank) / max(parsed.pages, len(blank))
        severity = Severity.WARNING if share >= _MANY_BLANK else Severity.NOTE
        yield Finding("no_text", severity, tuple(sorted(blank)), share)


def _recognised(parsed: Parsed) -> Iterator[Finding]:
    if not parsed.ocr:
        return
    mean = sum(parsed.ocr.values()) / len(parsed.ocr)
    yield Finding("recognised", Severity.NOTE, tuple(sorted(parsed.ocr)), mean)
    unsure = tuple(sorted(page for page, sure in parsed.ocr.items() if sure < _UNSURE))
    if unsure:
        much = len(unsure) >= _HALF * max(parsed.pages, 1)
        severity = Severity.SERIOUS if much else Severity.WARNING
        yield Finding("ocr_unsure", severity, unsure, min(parsed.ocr[page] for page in unsure))


def _garbled(pages: dict[int, str]) -> Iterator[Finding]:
    shares = {page: garbled_share(text) for page, text in pages.items()}
    bad = tuple(sorted(page for page, share in shares.items() if share >= _GARBLED))
    if bad:
        length = sum(map(len, pages.values()))
        whole = sum(share * len(pages[page]) for page, share in shares.items()) / length
        severity = Severity.SERIOUS if whole >= _HALF else Severity.WARNING
        yield Finding("garbled", severity, tuple(page for page in bad if page), whole)


def _tables(parsed: Parsed) -> Iterator[Finding]:
    ours = parsed.media_type.startswith(_OUR_TABLES)
    severity = Severity.WARNING if ours else Severity.NOTE
    broken: dict[str, list[int]] = defaultdict(list)
    for element in parsed.elements:
        if element.category == "Table" and (fault := table_fault(element.metadata.text_as_html)):
            broken[fault].append(element.metadata.page_number or 0)
    for fault, numbers in sorted(broken.items()):
        pages = tuple(sorted({number for number in numbers if number}))
        yield Finding("broken_table", severity, pages, len(numbers), fault)


def table_fault(html: str | None) -> str:
    """`ragged` where rows differ in cells, `one_column`, `empty` cells mostly; else nothing."""
    rows = [_CELL.findall(row) for row in _ROW.findall(html or "")]
    widths = [sum(_width(attributes) for attributes, _ in row) for row in rows]
    if len(rows) < 2:
        return ""
    if max(widths) == 1 and len(rows) > 2:
        return "one_column"
    usual = max(set(widths), key=widths.count)
    if sum(width != usual for width in widths) > len(rows) / 5:
        return "ragged"
    cells = [content for row in rows for _, content in row]
    empty = sum(not content.strip() for content in cells)
    return "empty" if empty > _EMPTY_CELLS * len(cells) else ""


def _width(attributes: str) -> int:
    span = _SPAN.search(attributes)
    return int(span.group(1)) if span else 1


def _suspected(elements: "Sequence[Element]") -> Iterator[Finding]:
    seen: dict[str, tuple[bool, set[int]]] = {}
    for element in elements:
        for found in suspicions(element.text):
            _, numbers = seen.setdefault(found.words, (found.plain, set()))
            numbers.add(element.metadata.page_number or 0)
    for words, (plain, numbers) in list(seen.items())[:_MOST]:
        severity = Severity.SERIOUS if plain else Severity.WARNING
        pages = tuple(sorted(numbers - {0}))
        yield Finding("instructions", severity, pages, len(seen), words)


def _skipped(parsed: Parsed) -> Iterator[Finding]:
    for name, reason in list(parsed.skipped.items())[:_MOST]:
        shown = PurePosixPath(name).name or name
        detail = reason if shown in reason else f"{shown}: {reason}"
        yield Finding("skipped", Severity.WARNING, value=len(parsed.skipped), detail=detail)


def _duplicates(
    pages: dict[int, str], document: Document, sha256: str, library: Library
) -> Iterator[Finding]:
    same = [other for other in library.with_content(sha256) if other != document.id]
    for other in same[:_MOST]:
        yield Finding("duplicate", Severity.NOTE, value=1.0, detail=other)
    own = sketch("\n".join(pages.values()))
    if own is None:
        return
    alike = [
        (other, share)
        for other, share in library.sketches.find(own, document.id)
        if share >= _SAME and other not in same
    ]
    for other, share in alike[:_MOST]:
        yield Finding("near_duplicate", Severity.WARNING, value=share, detail=other)
    library.sketches.keep(document.id, version_of(sha256), own)
