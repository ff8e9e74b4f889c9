"""A sentence held against a span of text: which of its words are there, and what contradicts.

Words are matched by key; names also by a long common beginning (inflection), by initials and
across scripts by their consonants. What stands where is judged by neighbours: a number or a name
must stand among the words it stands among in the sentence, and what stands there in its place
contradicts it. Negation and opposites are compared where their neighbours match. Does not know
syntax: a passive that turns the subject round is told only by its `by`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.align_names import abbreviates, same_name
from rag.fact_words import NEGATIVE, OPPOSITES
from rag.facts import HARD, Kind, Word

_REACH = 4
"""Words to each side that are a word's neighbours."""
_WINS = 1.3
"""So much better must a rival fit among the neighbours than the word itself."""
_FITS = 0.5
"""And so well: one neighbour of meaning two words away."""


_NAMED = frozenset({Kind.NAME, Kind.DATE})


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a span says about a sentence."""

    coverage: float
    """Share of the sentence's words of meaning that the span or a heading holds, 0..1."""
    missing: tuple[Word, ...]
    """Numbers, dates and names of the sentence that neither the span nor its context holds."""
    elsewhere: tuple[Word, ...]
    """Those that only the context holds."""
    conflicts: tuple[tuple[Word, str], ...]
    """Words of the sentence that the span contradicts, and by what."""
    matched: tuple[int, ...]
    """Indices of the span's words that the sentence has, ascending."""


class Index:
    """The words of a span, to be looked up."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.words = words
        self._by_key: dict[str, list[int]] = {}
        self._names = [i for i, w in enumerate(words) if w.kind is Kind.NAME]
        for at, word in enumerate(words):
            self._by_key.setdefault(word.key, []).append(at)

    def places(self, word: Word) -> tuple[int, ...]:
        """Indices of the words that say the same as `word`, ascending."""
        grammar = {Kind.NEGATION, Kind.STOP}
        found = {
            at for at in self._by_key.get(word.key, ())
            if (self.words[at].kind in grammar) == (word.kind in grammar)
        }  # fmt: skip
        if word.kind is Kind.NAME:
            for nth, at in enumerate(self._names):
                other = self.words[at].text
                following = [self.words[i].text for i in self._names[nth : nth + 6]]
                if same_name(word.text, other) or abbreviates(word.text, following):
                    found.add(at)
        return tuple(sorted(found))


def compare(
    sentence: Sequence[Word],
    span: Sequence[Word],
    headings: Index,
    before: Index,
) -> Comparison:
    """Hold `sentence` against `span`.

    Args:
        headings: what the whole passage is about.
        before: what precedes the span, and may name what the span refers to by a pronoun.
    """
    index = Index(span)
    places = [index.places(word) for word in sentence]
    counted = [i for i, w in enumerate(sentence) if w.kind not in (Kind.STOP, Kind.NEGATION)]
    absent = [i for i in counted if not places[i]]
    hard = [i for i in absent if _must_be_there(sentence[i])]
    known = {i for i in absent if headings.places(sentence[i])}
    named = {i for i in absent if sentence[i].kind in HARD and before.places(sentence[i])}
    covered = len(counted) - len(absent) + 0.5 * len(known | named)
    return Comparison(
        covered / len(counted) if counted else 0.0,
        tuple(sentence[i] for i in hard if i not in known | named),
        tuple(sentence[i] for i in hard if i in known | named),
        tuple(_conflicts(_Pair(sentence, span, places))),
        tuple(sorted({p for i in counted for p in places[i]})),
    )


def _must_be_there(word: Word) -> bool:
    """A small number in words may be counted from what the span lists."""
    if word.kind is Kind.NUMBER and word.soft:
        return word.key not in ("1", "2", "3")
    return word.kind in HARD and not word.soft


@dataclass(frozen=True, slots=True)
class _Pair:
    ours: Sequence[Word]
    span: Sequence[Word]
    places: Sequence[tuple[int, ...]]
    """For each word of ours, where the span has it."""

    def fit(self, i: int, place: int) -> float:
        """How well the neighbours of our word `i` are those of `place` in the span."""
        total = 0.0
        for side in (-1, 1):
            for distance in range(1, _REACH + 1):
                at = i + side * distance
                if not 0 <= at < len(self.ours):
                    break
                near = 99
                for p in self.places[at]:
                    wrong_side = side * (p - place) < 0
                    near = min(near, abs(p - place) + wrong_side if p != place else 99)
                if near <= 2 * _REACH:
                    weight = 0.4 if self.ours[at].kind is Kind.STOP else 1.0
                    total += weight / (distance + near - 1)
        return total

    def own_fit(self, i: int) -> float:
        """Of our word `i` at the best of its places; 0 where it has none."""
        return max((self.fit(i, p) for p in self.places[i]), default=0.0)


def _conflicts(pair: _Pair) -> Iterator[tuple[Word, str]]:
    matched = {p: i for i, found in enumerate(pair.places) for p in found}
    for i, word in enumerate(pair.ours):
        rivals = _rivals(pair, i)
        if not rivals:
            continue
        best = max(rivals, key=lambda j: pair.fit(i, j))
        fit, own = pair.fit(i, best), pair.own_fit(i)
        if fit < _FITS or fit <= _WINS * own:
            continue
        other = matched.get(best)
        if other is None or _taken(pair, i, best, other):
            yield word, pair.span[best].text
    yield from _negated(pair)
    yield from _swapped(pair)


def _rivals(pair: _Pair, i: int) -> list[int]:
    """Where the span has what would be another fact in the place of our word `i`."""
    word, own = pair.ours[i], set(pair.places[i])
    rivals: list[int] = []
    if word.kind in HARD or word.kind is Kind.UNIT:
        kinds = _NAMED if word.kind in _NAMED else {word.kind}
        rivals = [j for j, w in enumerate(pair.span) if w.kind in kinds and j not in own]
    opposites = _OPPOSITES.get(word.text)
    if opposites:
        rivals += [j for j, w in enumerate(pair.span) if w.text in opposites]
    return rivals


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for one, other in OPPOSITES:
        for mine, theirs in ((one, other), (other, one)):
            for word in mine:
                found[word] = found.get(word, frozenset()) | theirs
    return found


_OPPOSITES = _opposites()


def _taken(pair: _Pair, i: int, place: int, other: int) -> bool:
    """Whether the span has our word `other` at `place`, where our word `i` should stand.

    True where both of them fit better in each other's place, or where `i` is nowhere and `other`
    has a better place of its own.
    """
    if pair.places[i]:
        there = max((pair.fit(other, p) for p in pair.places[i]), default=0.0)
        return there > _WINS * pair.own_fit(other)
    return pair.own_fit(other) > _WINS * pair.fit(other, place)


def _negated(pair: _Pair) -> Iterator[tuple[Word, str]]:
    """Where one side negates what the other asserts; each negation answers for one."""
    free = {j for j, w in enumerate(pair.span) if w.kind is Kind.NEGATION or w.text in NEGATIVE}
    cues = set(free)
    for i, word in enumerate(pair.ours):
        if word.kind is not Kind.NEGATION or _only(pair.ours, i):
            continue
        slots = _slots(pair, i)
        found = sorted((abs(j - s), j) for j in free for s in slots if abs(j - s) <= 3)
        if found:
            free.discard(found[0][1])
        elif slots:
            yield word, "no negation"
    for j in sorted(free & cues):
        if pair.span[j].kind is not Kind.NEGATION or _only(pair.span, j):
            continue
        head = _head(pair.span, j)
        at = next((i for i, found in enumerate(pair.places) if head in found), None)
        if at is None or not _stands_alike(pair, at, j):
            continue
        if not any(_denies(w) for w in pair.ours[max(0, at - 4) : at + 3]):
            yield pair.ours[at], pair.span[j].text


def _denies(word: Word) -> bool:
    return word.kind is Kind.NEGATION or word.text in NEGATIVE


def _slots(pair: _Pair, i: int) -> list[int]:
    """Where the span should have the negation that the sentence has at `i`."""
    for side in (1, -1):
        for distance in range(1, 6):
            at = i + side * distance
            if not 0 <= at < len(pair.ours):
                break
            if pair.ours[at].kind is not Kind.STOP and pair.places[at]:
                return [p - side * min(distance, 2) for p in pair.places[at]]
    return []


def _stands_alike(pair: _Pair, at: int, j: int) -> bool:
    """Whether the sentence says about its word `at` what the span negates at `j`."""
    return any(pair.fit(at, p) >= _FITS for p in pair.places[at] if abs(p - j) <= 4)


def _only(words: Sequence[Word], i: int) -> bool:
    """`not only`, `не только`: no negation."""
    following = words[i + 1].text if i + 1 < len(words) else ""
    return following in ("only", "just", "merely", "только", "просто", "лишь")


def _head(words: Sequence[Word], i: int) -> int:
    """Index of what the negation at `i` negates; -1: nothing near."""
    for j in range(i + 1, min(len(words), i + 4)):
        if words[j].kind is not Kind.STOP and not words[j].text.endswith("ly"):
            return j
    return -1


def _swapped(pair: _Pair) -> Iterator[tuple[Word, str]]:
    """Two names that have changed places around the same words: `A beat B`, `B beat A`."""
    places = pair.places
    names = [i for i, w in enumerate(pair.ours) if w.kind is Kind.NAME and len(places[i]) == 1]
    for a, b in pairwise(names):
        between = [k for k in range(a + 1, b) if pair.ours[k].kind is Kind.CONTENT]
        left, right = places[b][0], places[a][0]
        if not 0 < len(between) <= 3 or left >= right or right - left > b - a + 2:
            continue
        inside = all(any(left < p < right for p in places[k]) for k in between)
        passive = any(w.text == "by" for w in (*pair.ours[a:b], *pair.span[left:right]))
        if inside and not passive:
            yield pair.ours[a], pair.span[left].text
