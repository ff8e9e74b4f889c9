"""BM25-style sparse vectors: the lexical half of the hybrid search.

The document side carries the term-frequency half of BM25 (Robertson and Zaragoza 2009), the
query side how often each term was asked, and the engine multiplies by the inverse document
frequency (`Modifier.IDF`), so that their dot product is BM25's score. This module knows no
corpus: the average document length is a constant.
"""

import re
import threading
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence

import Stemmer  # type: ignore[import-not-found]

from rag.store import SparseVector
from rag.store.stopwords import STOP_WORDS

K1 = 0.9
"""Saturation of the term frequency."""
B = 0.4
"""Share of the length normalisation. k1 = .9, b = .4: Trotman et al. 2014, and store.md."""
AVERAGE_LENGTH = 83.0
"""Terms in an average document: what XQuAD's paragraphs have (78 English, 88 Russian)."""

_WORD = r"[^\W_]+(?:'[^\W_]+)*"
_COMPOUND = re.compile(rf"{_WORD}(?:[-_./]{_WORD})*")
_JOINT = re.compile(r"[-_./]")
_FOLD = str.maketrans(
    {"ё": "е", "’": "'", "ʼ": "'", "‐": "-", "‑": "-", "\u00ad": None, "\u0301": None}
)
_CYRILLIC = re.compile(r"[а-я]")


class SparseEncoder:
    """Turns texts into sparse vectors. Deterministic, and safe to share between threads."""

    def __init__(self) -> None:
        self._english = Stemmer.Stemmer("english")
        self._russian = Stemmer.Stemmer("russian")
        self._lock = threading.Lock()  # a Stemmer's buffer and cache are not thread-safe

    def document(self, text: str) -> SparseVector:
        """BM25's term-frequency weights, `tf (k1 + 1) / (tf + k1 (1 - b + b length / average))`."""
        counts = Counter(self.terms(text))
        norm = K1 * (1 - B + B * counts.total() / AVERAGE_LENGTH)
        return _vector({term: n * (K1 + 1) / (n + norm) for term, n in counts.items()})

    def query(self, text: str) -> SparseVector:
        """How often each term occurs; empty if the text has no word at all."""
        return _vector({term: float(n) for term, n in Counter(self.terms(text)).items()})

    def terms(self, text: str) -> list[str]:
        """Stems in the order of the text, without stop words unless there is nothing else.

        A compound such as `self-service`, `RX-200` or `2.4` gives its parts and itself.
        """
        words = list(_words(text))
        kept = [word for word in words if word not in STOP_WORDS] or words
        with self._lock:
            return [self._stem(word) for word in kept]

    def stems(self, words: Sequence[str]) -> list[str]:
        """The stem of each single word, stop words too."""
        folded = [unicodedata.normalize("NFKC", w).casefold().translate(_FOLD) for w in words]
        with self._lock:
            return [self._stem(word) for word in folded]

    def _stem(self, word: str) -> str:
        stemmer = self._russian if _CYRILLIC.search(word) else self._english
        return str(stemmer.stemWord(word))


def _words(text: str) -> Iterator[str]:
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_FOLD)
    for match in _COMPOUND.finditer(folded):
        parts = _JOINT.split(match.group())
        yield from parts
        # Words joined for grammar only ("из-за") would turn stop words into a rare term.
        if len(parts) > 1 and not all(part in STOP_WORDS for part in parts):
            yield match.group()


def _vector(weights: dict[str, float]) -> SparseVector:
    merged: dict[int, float] = {}
    for term, weight in weights.items():
        index = zlib.crc32(term.encode()) & 0x7FFFFFFF
        merged[index] = merged.get(index, 0.0) + weight
    indices = tuple(sorted(merged))
    return SparseVector(indices, tuple(merged[index] for index in indices))
