"""Does a passage support a sentence? The check that stands between a model and a reader.

Deterministic, in the order of strength: the sentence stands in the passage word for word
(QUOTED); its numbers and content words are found together in one or two neighbouring sentences
of the passage (SUPPORTED); fewer of the words are, or a number stands elsewhere in the passage
(PARTLY); else UNSUPPORTED, and always if the passage does not hold a number.

Does not know: paraphrase without shared words, across languages, negation. Entailment and
calibrated thresholds are the quality engine's (issue 3/6); until then the two thresholds below
are set by hand and not fitted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.answers import Support
from rag.store.sparse import SparseEncoder
from rag.text import normalize, split_sentences
from rag.types import Passage

SUPPORTED_FROM = 0.6
PARTLY_FROM = 0.35
"""Share of a sentence's content terms found in the supporting span."""

_NUMBER = re.compile(
    r"(?P<thousands>\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})+)(?!\d)(?P<rest>[.,]\d+)?|\d+(?:[.,]\d+)*"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The best span of a passage for a sentence."""

    support: Support
    start: int
    end: int
    """Offsets into the passage's chunk text."""
    coverage: float
    """Share of the sentence's content terms in the span, 0..1."""


class Verifier:
    """Judges sentences against passages. Stateless and thread-safe."""

    def __init__(self, sparse: SparseEncoder) -> None:
        self._terms = sparse.terms

    def evidence(self, sentence: str, passage: Passage) -> Evidence:
        """How well `passage` supports `sentence`, and where."""
        text = passage.chunk.text
        spans = split_sentences(text) or [(0, len(text))]
        wanted = set(self._terms(sentence))
        return max(
            (self._judge(sentence, wanted, passage, span) for span in _windows(spans)),
            key=lambda e: (rank(e.support), e.coverage, e.start - e.end),
        )

    def best(self, sentence: str, passages: Sequence[Passage]) -> tuple[int, Evidence]:
        """Index of the passage, of at least one, that supports `sentence` best, and how."""
        found = [self.evidence(sentence, passage) for passage in passages]
        index = max(range(len(found)), key=lambda i: (rank(found[i].support), found[i].coverage))
        return index, found[index]

    def _judge(
        self, sentence: str, wanted: set[str], passage: Passage, span: tuple[int, int]
    ) -> Evidence:
        text = passage.chunk.text[span[0] : span[1]]
        here = numbers(sentence) <= numbers(text)
        if here and _words(sentence) in _words(text):
            return Evidence(Support.QUOTED, *span, coverage=1.0)
        held = set(self._terms(text)) | set(self._terms(" ".join(passage.chunk.section)))
        coverage = len(wanted & held) / len(wanted) if wanted else 0.0
        if numbers(sentence) - numbers(passage.chunk.embedded_text):
            return Evidence(Support.UNSUPPORTED, *span, coverage)
        if coverage >= SUPPORTED_FROM and here:
            return Evidence(Support.SUPPORTED, *span, coverage)
        if coverage >= PARTLY_FROM:
            return Evidence(Support.PARTLY, *span, coverage)
        return Evidence(Support.UNSUPPORTED, *span, coverage)


def rank(support: Support) -> int:
    """Order of strength: UNSUPPORTED 0 to QUOTED 3."""
    order = (Support.UNSUPPORTED, Support.PARTLY, Support.SUPPORTED, Support.QUOTED)
    return order.index(support)


def numbers(text: str) -> set[str]:
    """The numbers in a text: `1,500` and `1 500` are `1500`, `3,5` is `3.5`.

    Three digits after a separator are taken for thousands.
    """
    return {_plain(match) for match in _NUMBER.finditer(text)}


def _plain(match: re.Match[str]) -> str:
    if match["thousands"]:
        return re.sub(r"\D", "", match["thousands"]) + (match["rest"] or "").replace(",", ".")
    return match.group().replace(",", ".")


def _words(text: str) -> str:
    """The words alone, a blank around each, so that only whole ones are found."""
    return " " + re.sub(r"[\W_]+", " ", normalize(text)).strip() + " "


def _windows(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Every sentence, and every two neighbours, as (start, end)."""
    pairs = [(a[0], b[1]) for a, b in pairwise(spans)]
    return spans + pairs
