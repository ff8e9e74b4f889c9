"""Does a passage support a sentence? The check that stands between a model and a reader.

Deterministic, in the order of strength: the sentence stands in the passage word for word
(QUOTED); its numbers, dates and names stand in one to three neighbouring sentences among the
words they should stand among, nothing there contradicts it, and enough of its words are found
(SUPPORTED); fewer of the words are (PARTLY); else UNSUPPORTED. Where words are few, the embedding
model's cosine of sentence and span counts as well. The thresholds and weights are fitted by
`python -m rag.evaluate.fit_support` and kept in `support.json`; docs/decisions/0016-verification.md
has what this catches.

Does not know entailment: a false sentence made only of the passage's own words in another order
passes unless two names or numbers have changed places.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag.align import Comparison, Index, compare
from rag.answers import Support
from rag.facts import HARD, Kind, Word, words_of
from rag.spans import shortened, windows
from rag.store.sparse import SparseEncoder
from rag.table_text import tables
from rag.text import Span, language_of, split_sentences
from rag.types import Passage

if TYPE_CHECKING:
    from serving.embedding import Embedder

FILE = Path(__file__).with_name("support.json")
_LOOKED_AT = 4
"""Spans of a passage that are compared word by word: those that share most."""

_SAME = 0.8
"""A longer span must cover so much more than a part of it that contradicts the sentence."""
_EMBEDDED = 6
"""Spans embedded for one sentence at most: about 9 ms each on two cores."""
_FULL = 0.15
"""A longer span must cover so much more than a shorter one that supports the sentence too."""
_KEPT = 64
"""Passages kept as read: the sentences of an answer are held against the same ones."""

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
    reason: str = ""
    """What speaks against it: `missing 155`, `155 against 140`."""
    cosine: float | None = None
    """Of sentence and span, where the embedding model was asked."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What `support.json` holds."""

    supported: float
    partly: float
    """Least coverage."""
    cosine_weight: float
    cosine_intercept: float
    """SUPPORTED where coverage + weight * cosine + intercept >= 0."""
    cross_language: float
    """Least cosine where sentence and passage are in two languages."""
    least: float
    """Least coverage for the embedding model to be asked."""
    embedder: str
    """Fingerprint of the model that the cosines were fitted for."""


class Verifier:
    """Judges sentences against passages. Thread-safe."""

    def __init__(self, sparse: SparseEncoder, embedder: "Embedder | None" = None) -> None:
        self._stem = sparse.stems
        self._embedder = embedder
        self._cached = lru_cache(_KEPT)(self._read_anew)

    def _read_anew(self, text: str, section: tuple[str, ...], name: str) -> "_Read":
        names = [" › ".join(section), name]
        names += [" ".join(table[0].names) for table in tables(text)]
        headings = Index(words_of(" \n".join(names), self._stem))
        return _Read(text, words_of(text, self._stem), windows(text), headings)

    @cached_property
    def thresholds(self) -> Thresholds:
        """The fitted ones."""
        return Thresholds(**json.loads(FILE.read_text("utf-8"))["thresholds"])

    def evidence(self, sentence: str, passage: Passage) -> Evidence:
        """How well `passage` supports `sentence`, and where."""
        return self.evidences(sentence, [passage])[0]

    def best(self, sentence: str, passages: Sequence[Passage]) -> tuple[int, Evidence]:
        """Index of the passage, of at least one, that supports `sentence` best, and how."""
        found = self.evidences(sentence, passages)
        index = max(range(len(found)), key=lambda i: (rank(found[i].support), found[i].coverage))
        return index, found[index]

    def evidences(self, sentence: str, passages: Sequence[Passage]) -> list[Evidence]:
        """`evidence` for each of the passages."""
        words = words_of(sentence, self._stem)
        found = [self._evidence(words, passage) for passage in passages]
        usable = self._embedder and self._embedder.fingerprint == self.thresholds.embedder
        if usable and all(rank(e.support) < rank(Support.SUPPORTED) for e in found):
            self._paraphrased(sentence, words, passages, found)
        return found

    def _paraphrased(
        self, sentence: str, words: list[Word], passages: Sequence[Passage], found: list[Evidence]
    ) -> None:
        """Raise in `found` what the embedding model takes for a paraphrase."""
        language = language_of(sentence)
        tried: list[tuple[int, Span, bool]] = []
        for at, passage in enumerate(passages):
            read = self._read(passage)
            if language and language_of(read.text) not in ("", language):
                tried += [(at, span, True) for span in _alike(words, read)]
            elif not found[at].reason and found[at].coverage >= self.thresholds.least:
                tried.append((at, (found[at].start, found[at].end), False))
        tried.sort(key=lambda t: (t[2], -found[t[0]].coverage))
        texts = [passages[at].chunk.text[slice(*span)] for at, span, _ in tried[:_EMBEDDED]]
        for (at, span, crossed), cosine in zip(tried, self.cosines(sentence, texts), strict=False):
            old = found[at]
            new = replace(old, start=span[0], end=span[1], cosine=cosine)
            if self._says(new, crossed) and (old.cosine is None or cosine > old.cosine):
                found[at] = replace(new, support=Support.SUPPORTED, reason="")

    def cosines(self, sentence: str, texts: Sequence[str]) -> list[float]:
        """Of the sentence and each text; empty without an embedding model."""
        if not texts or self._embedder is None:
            return []
        vectors = self._embedder.embed_passages([sentence, *texts])
        return [float(cosine) for cosine in vectors[1:] @ vectors[0]]

    def _says(self, found: Evidence, crossed: bool) -> bool:
        fitted, cosine = self.thresholds, found.cosine or 0.0
        if crossed:
            return cosine >= fitted.cross_language
        return found.coverage + fitted.cosine_weight * cosine + fitted.cosine_intercept >= 0

    def compared(self, sentence: str, passage: Passage) -> list[tuple[Span, Comparison]]:
        """What the likeliest spans of the passage say, the shorter first."""
        return self._compared(words_of(sentence, self._stem), self._read(passage))

    def _read(self, passage: Passage) -> "_Read":
        chunk = passage.chunk
        return self._cached(chunk.text, chunk.section, passage.document.name)

    def _evidence(self, words: list[Word], passage: Passage) -> Evidence:
        read = self._read(passage)
        if quoted := _quoted(words, read):
            return Evidence(Support.QUOTED, *quoted, coverage=1.0)
        found = [self._judge(span, said) for span, said in self._compared(words, read)]
        if not found:
            return Evidence(Support.UNSUPPORTED, 0, len(read.text), 0.0)
        return _shortest(found)

    def _compared(self, words: list[Word], read: "_Read") -> list[tuple[Span, Comparison]]:
        keys = {w.key for w in words if w.kind not in (Kind.STOP, Kind.NEGATION)}
        shared = [w for w in read.words if w.key in keys]
        scored = sorted(
            ((_share(shared, span), span[0] - span[1], span) for span in read.windows),
            reverse=True,
        )[:_LOOKED_AT]
        found = []
        against: list[tuple[Span, float]] = []
        for _, _, span in sorted(scored, key=lambda s: -s[1]):
            inside = [w for w in read.words if span[0] <= w.start and w.end <= span[1]]
            before = Index([w for w in read.words if w.end <= span[0]])
            said = compare(words, inside, read.headings, before)
            if said.conflicts:
                against.append((span, said.coverage))
            elif any(
                span[0] <= s[0] and s[1] <= span[1] and coverage >= _SAME * said.coverage
                for s, coverage in against
            ):
                continue  # more text around a contradiction does not undo it
            found.append((shortened(read.text, span, inside, said.matched), said))
        return found

    def _judge(self, span: Span, found: Comparison) -> Evidence:
        fitted = self.thresholds
        reason = ""
        if found.conflicts:
            word, against = found.conflicts[0]
            reason = f"{word.text} against {against}"
        elif found.missing:
            reason = f"missing {found.missing[0].text}"
        apart = any(w.kind is not Kind.NAME for w in found.elsewhere)
        support = Support.UNSUPPORTED
        if not reason and found.coverage >= fitted.supported and not apart:
            support = Support.SUPPORTED
        elif not reason and found.coverage >= fitted.partly:
            support = Support.PARTLY
        return Evidence(support, *span, found.coverage, reason)


@dataclass(frozen=True, slots=True)
class _Read:
    """A passage, read once for all sentences that are held against it."""

    text: str
    words: list[Word]
    windows: list[Span]
    headings: Index
    """What names the passage's subject: its section, its document, the columns of its tables."""


def _alike(words: Sequence[Word], read: _Read) -> list[Span]:
    """Single sentences of a text in another language that hold the sentence's numbers."""
    exact = (Kind.NUMBER, Kind.DATE)
    wanted = {w.key for w in words if w.kind in exact and not w.soft}
    spans = read.windows[: len(split_sentences(read.text))]
    return [
        span
        for span in spans
        if wanted <= {w.key for w in read.words if span[0] <= w.start and w.end <= span[1]}
    ]


def rank(support: Support) -> int:
    """Order of strength: UNSUPPORTED 0 to QUOTED 3."""
    order = (Support.UNSUPPORTED, Support.PARTLY, Support.SUPPORTED, Support.QUOTED)
    return order.index(support)


def share_of_terms(sentence: str, text: str, sparse: SparseEncoder) -> float:
    """Share of a sentence's content terms in a text, 0..1: the plain measure to compare with."""
    wanted = set(sparse.terms(sentence))
    return len(wanted & set(sparse.terms(text))) / len(wanted) if wanted else 0.0


def numbers(text: str) -> set[str]:
    """The numbers in a text: `1,500` and `1 500` are `1500`, `3,5` is `3.5`.

    Three digits after a separator are taken for thousands.
    """
    return {_plain(match) for match in _NUMBER.finditer(text)}


def _plain(match: re.Match[str]) -> str:
    if match["thousands"]:
        return re.sub(r"\D", "", match["thousands"]) + (match["rest"] or "").replace(",", ".")
    return match.group().replace(",", ".")


def _shortest(found: Sequence[Evidence]) -> Evidence:
    """The strongest evidence; of several about as full, the shortest span."""
    best = max(found, key=lambda e: (rank(e.support), not e.reason, e.coverage, e.start - e.end))
    full = [
        e for e in found
        if e.support is best.support and not e.reason and e.coverage >= best.coverage - _FULL
    ]  # fmt: skip
    return min(full, key=lambda e: e.end - e.start, default=best)


def _quoted(words: Sequence[Word], read: _Read) -> Span | None:
    """Where the sentence stands in the text word for word, and is not negated there."""
    wanted, have = _spelled(words), _spelled(read.words)
    if not wanted:
        return None
    for at in range(len(have) - len(wanted) + 1):
        if have[at] != wanted[0] or have[at : at + len(wanted)] != wanted:
            continue
        start, end = read.words[at].start, read.words[at + len(wanted) - 1].end
        span = next((s for s in read.windows if s[0] <= start and end <= s[1]), (start, end))
        before = [w for w in read.words[max(0, at - 3) : at] if w.start >= span[0]]
        if not any(w.kind is Kind.NEGATION for w in before):
            inside = [w for w in read.words if span[0] <= w.start and w.end <= span[1]]
            first = next(i for i, w in enumerate(inside) if w.start >= start)
            return shortened(read.text, span, inside, (first, first + len(wanted) - 1))
    return None


def _spelled(words: Sequence[Word]) -> list[str]:
    """The words as written, numbers by their value."""
    return [w.key if w.kind is Kind.NUMBER and not w.soft else w.text for w in words]


def _share(shared: Sequence[Word], span: Span) -> float:
    """How many of the sentence's words a span holds; facts count twice."""
    inside = {w.key: w for w in shared if span[0] <= w.start and w.end <= span[1]}
    return sum(2.0 if w.kind in HARD else 1.0 for w in inside.values())
