"""The spans of a passage that may support a sentence: sentences, neighbours, clauses, table rows.

A table row is a sentence here, as each line is one (`rag/text.py`).
"""

import re
from collections.abc import Sequence

from rag.facts import Word
from rag.table_text import CELL
from rag.text import Span, split_sentences

_SENTENCES = 3
"""Neighbouring sentences in a span at most."""
_CLAUSE = re.compile(r"[;:,()—–]\s+|\s[-–—]\s")


def windows(text: str) -> list[Span]:
    """Every sentence, and every two and three neighbours, the shortest first.

    Rows of a table stay apart: two rows together would say what neither does.
    """
    spans = split_sentences(text) or [(0, len(text))]
    rows = {at for at, (start, end) in enumerate(spans) if CELL in text[start:end]}
    return [
        (spans[at][0], spans[at + size - 1][1])
        for size in range(1, _SENTENCES + 1)
        for at in range(len(spans) - size + 1)
        if size == 1 or rows.isdisjoint(range(at, at + size))
    ]


def shortened(text: str, span: Span, words: Sequence[Word], matched: Sequence[int]) -> Span:
    """The clauses of a span from the first to the last of the matched words."""
    if not matched:
        return span
    first, last = words[matched[0]], words[matched[-1]]
    cuts = [m.end() for m in _CLAUSE.finditer(text, *span)]
    start = max((c for c in (span[0], *cuts) if c <= first.start), default=span[0])
    end = min((c for c in (*cuts, span[1]) if c >= last.end), default=span[1])
    return start, end
