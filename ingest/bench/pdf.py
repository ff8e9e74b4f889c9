"""The PDF reader beside unstructured's `fast` strategy, in one run: speed, sentences, headings,
tables, Cyrillic words.

`python -m ingest.bench.pdf --docs ../shared/docs --held-out FOLDER`: FOLDER holds PDFs with
bookmarks that the reader was not tuned on. Their bookmarks are the reference for headings; the
reader runs without them. Reference text comes from poppler's pdftotext, which neither side uses.
Knows only PDFs with a text layer; recognition is measured by `ingest/bench/ocr.py`.
"""

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pypdfium2 as pdfium

from ingest.limits import Limits
from ingest.parse.headings import bookmarks
from ingest.parse.nlp import install
from ingest.parse.pdf import parse_pdf
from rag.text import split_sentences

if TYPE_CHECKING:
    from unstructured.documents.elements import Element

NEEDS = (
    "unstructured's fast strategy is not installed. In a scratch folder on PYTHONPATH: pip install "
    "--no-deps --target FOLDER pdfminer.six pikepdf Deprecated pdf2image pi_heif numba llvmlite "
    "opencv-python-headless matplotlib pyparsing cycler kiwisolver fonttools "
    "unstructured-inference"
)
ROWS = (
    ("02_freeculture_book.pdf", "Cable TV|Broadcasters|No protection|Statutory license"),
    ("04_layoutparser_table.pdf", "HJDataset [31]|F / M|-|Layouts of history Japanese documents"),
    ("05_docling_2305_pg9_tables.pdf", "HTML|0.952|0.909|0.938|0.843|3.77"),
    ("06_redp5110.pdf", "PACKAGE_NAME|VARCHAR(128)|Name of the currently running package"),
    (
        "06_redp5110.pdf",
        "User action|*JOBCTL|QIBM_DB_SECADM|QIBM_DB_SQLADM|QIBM_DB_SYSMON|No Authority",
    ),
    ("07_normal_4pages.pdf", "분류|1군 감염병|1급 감염병"),
    ("10_embedded_images_tables.pdf", "2|1.9460|0.0596|−0.8276|0.0002|121.440|1.5054"),
    ("12_journal_2col.pdf", "Number of robots with ξn=20|10|19|100|18|90"),
)
"""Read off the pictures of the pages: file, cells of one row. Rows of each kind: open, boxed,
spanned, with turned headers, in a frame without lines between rows, with formulas beside."""
SENTENCES = 40
"""Of each file, at most."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_BULLETS = re.compile("[•●▪◦∙■□►✓|$]")
_NUMBERING = re.compile(
    r"^(?:(?:chapter|appendix|section|part|глава|раздел|часть|приложение)\s+\w{1,9}[.:]?\s+"
    r"|(?:[\divxlc]+|[a-z](?=[\s.]))[\d.]*[.):]?\s+)"
)
_CYRILLIC = re.compile(r"[а-яё]{3,}")

Reader = Callable[[Path], "list[Element]"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one reader."""

    pages_per_cpu_second: float
    sentences_intact: float
    headings_found: float
    titles_per_bookmark: float
    tuned_headings_found: float
    tuned_titles_per_bookmark: float
    rows_intact: int
    cyrillic_words: float


def ours(path: Path) -> "list[Element]":
    """Footnote's reader without bookmarks and recognition."""
    return parse_pdf(path, path.name, Limits(recognise=False), outline=False).elements


def fast() -> Reader:
    """unstructured's fast strategy. SystemExit: it is not installed."""
    install()
    try:
        import pdfminer  # type: ignore[import-not-found]  # noqa: F401
        import pikepdf  # type: ignore[import-not-found]  # noqa: F401 - else no text, no error
        from unstructured.partition.pdf import partition_pdf
    except ModuleNotFoundError as error:
        raise SystemExit(f"{error.name} is missing. {NEEDS}") from None

    def read(path: Path) -> "list[Element]":
        return list(partition_pdf(str(path), strategy="fast", languages=["rus", "eng"]))

    return read


def squash(text: str) -> str:
    """Text as it is compared: compatibility forms, one blank between words, none before a comma,
    hyphens left out (poppler drops some that stay); a word left in two parts keeps its blank."""
    folded = unicodedata.normalize("NFKC", text).replace("−", "~")
    return re.sub(r" (?=[,.;:!?)])", "", " ".join(re.sub("[-\u2010\u00ad]", "", folded).split()))


def reference(path: Path) -> str:
    """poppler's text, in its reading order."""
    program = shutil.which("pdftotext")
    if program is None:
        raise SystemExit("pdftotext is missing: apt-get install poppler-utils")
    command = [program, "-enc", "UTF-8", str(path), "-"]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    return done.stdout.decode("utf-8", "replace")


def sentences(text: str, chosen: random.Random) -> list[str]:
    """Whole sentences of running text that go over a line's end, words cut there made whole.

    Left out are sentences with a line that ends early (a heading or a list was glued on), with a
    bullet, with a hyphen at a line's end whose word the text does not hold elsewhere, and those
    that are hardly words.
    """
    words = Counter(_WORD.findall(text.casefold()))
    found = []
    for block in re.split(r"\n\s*\n|\f", text):
        whole = _unhyphenated(block, words)
        if whole is None:
            continue
        lengths = sorted(map(len, whole.split("\n")))
        usual = lengths[len(lengths) * 3 // 4]
        for start, end in split_sentences(whole.replace("\n", " ")):
            sentence = whole[start:end].strip()
            full = all(len(line) > 0.6 * usual for line in _lines_within(whole, start, end))
            if full and "\n" in sentence and _is_prose(sentence):
                found.append(squash(sentence))
    found = sorted(set(found))
    return chosen.sample(found, min(SENTENCES, len(found)))


def _is_prose(sentence: str) -> bool:
    letters = sum(c.isalpha() for c in sentence)
    whole = sentence[:1].isupper() and sentence[-1:] in ".!?" and 60 <= len(sentence) <= 400
    return whole and letters > 0.7 * len(sentence) and not _BULLETS.search(sentence)


def _lines_within(text: str, start: int, end: int) -> list[str]:
    """The lines that end inside a span."""
    first = text.rfind("\n", 0, start) + 1
    return text[first : max(first, text.rfind("\n", start, end))].split("\n")


def _unhyphenated(block: str, words: Counter[str]) -> str | None:
    cut = re.compile(r"([^\W\d_]+)[-\u2010]\n([a-zа-яё]+)")
    while match := cut.search(block):
        whole = match.group(1) + match.group(2)
        if not words[whole.casefold()]:
            return None
        block = block[: match.start()] + whole + block[match.end() :]
    return block


def intact(elements: Iterable["Element"], wanted: Sequence[str]) -> int:
    """How many sentences stand in one element, word for word."""
    text = "\n".join(squash(e.text) for e in elements)
    return sum(sentence in text for sentence in wanted)


def key(text: str) -> str:
    """Letters and digits without a number in front."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _NUMBERING.sub("", _NUMBERING.sub("", plain))
    return re.sub(r"[\W_]+", "", plain)


def headings(path: Path, elements: Sequence["Element"]) -> tuple[int, int, int]:
    """Bookmarks whose title is a Title on their page, bookmarks, titles."""
    with pdfium.PdfDocument(path) as document:
        marks = {
            (key(title), page) for title, page, _ in bookmarks(document) if page and key(title)
        }
    titles = [e for e in elements if e.category == "Title"]
    known = {(key(e.text), e.metadata.page_number) for e in titles}
    return len(marks & known), len(marks), len(titles)


def row_intact(elements: Sequence["Element"], row: str) -> bool:
    """Whether the cells follow one another in one row of a table, or in one line of an element."""
    wanted = [squash(cell) for cell in row.split("|")]
    between = r"\s*\|?\s*"
    pattern = re.compile(
        r"(?:^|\||\s)" + between.join(re.escape(cell) for cell in wanted) + r"\s*(?:$|\|)"
    )
    return any(
        pattern.search(squash(line)) for element in elements for line in element.text.split("\n")
    )


def cyrillic_recall(elements: Iterable["Element"], text: str) -> tuple[int, int]:
    """Cyrillic words of the reference found, and all."""
    wanted = Counter(_CYRILLIC.findall(re.sub(r"[-\u00ad]\n", "", text.casefold())))
    found = Counter(_CYRILLIC.findall("\n".join(e.text for e in elements).casefold()))
    return sum((wanted & found).values()), sum(wanted.values())


def measure(read: Reader, docs: Sequence[Path], held_out: Sequence[Path]) -> Figures:
    """All figures of one reader."""
    seconds, pages, read_by = 0.0, 0, {}
    for path in docs:
        start = time.process_time()
        read_by[path] = read(path)
        seconds += time.process_time() - start
        with pdfium.PdfDocument(path) as document:
            pages += len(document)
    whole, asked, cyrillic = 0, 0, Counter[str]()
    for path, elements in read_by.items():
        text = reference(path)
        wanted = sentences(text, random.Random(path.name))  # noqa: S311
        whole, asked = whole + intact(elements, wanted), asked + len(wanted)
        hit, of = cyrillic_recall(elements, text)
        cyrillic.update(hit=hit, of=of)
    tuned = [headings(path, elements) for path, elements in read_by.items()]
    others = [headings(path, read(path)) for path in held_out]
    rows = [row_intact(e, row) for p, e in read_by.items() for name, row in ROWS if name == p.name]
    return Figures(
        pages / seconds,
        whole / asked,
        *_heading_figures(others),
        *_heading_figures(tuned),
        sum(rows),
        cyrillic["hit"] / max(cyrillic["of"], 1),
    )


def _heading_figures(counts: Sequence[tuple[int, int, int]]) -> tuple[float, float]:
    marked = [c for c in counts if c[1]]
    of = max(sum(c[1] for c in marked), 1)
    return sum(c[0] for c in marked) / of, sum(c[2] for c in marked) / of


def digital(folder: Path) -> list[Path]:
    """The PDFs with a text layer, in order."""
    return [p for p in sorted(folder.glob("*.pdf")) if p.name[:2] not in ("08", "13", "17")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table; `--json` keeps it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--docs", type=Path, default=Path("../shared/docs"))
    parser.add_argument("--held-out", type=Path, help="folder of PDFs with bookmarks")
    parser.add_argument("--only-ours", action="store_true")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args(arguments)
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    docs = digital(chosen.docs)
    held_out = sorted(chosen.held_out.rglob("*.pdf")) if chosen.held_out else []
    readers: dict[str, Reader] = {"footnote": ours}
    if not chosen.only_ours:
        readers["unstructured fast"] = fast()
    found: dict[str, dict[str, Any]] = {}
    for name, read in readers.items():
        read(docs[0])  # imports and compiling do not count
        found[name] = asdict(measure(read, docs, held_out))
    for figure in next(iter(found.values())):
        values = "  ".join(f"{name} {values[figure]:8.3f}" for name, values in found.items())
        sys.stdout.write(f"{figure:28} {values}\n")
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
