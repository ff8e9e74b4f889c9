"""True sentences and false ones about a question set's passages, made by program, seeded.

Of each set: `PER_KIND` sentences of each kind. True ones are a passage's sentences as they stand,
edited harmlessly, or a question and its gold answer put together; false ones have a number, a
name or a negation changed, or are true but cite another passage among those that a search for the
sentence finds. A passage that holds the sentence itself is never taken for the wrong one.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log
from random import Random

from rag.evaluate.dataset import Dataset, Row
from rag.evaluate.edits import FALSE, TRUE, Edit, Source
from rag.store.sparse import SparseEncoder
from rag.text import split_sentences
from rag.types import Chunk, Document, Passage

SEED = 20250
PER_KIND = 25
"""False sentences of each kind; four kinds make 100 a set. True ones share 100 likewise."""
TOP = 8
"""Passages found for a sentence, its own among them."""
WRONG = "wrong citation"
ANSWER = "question and answer"
WRITTEN = "written by a person"
CROSSED = "Russian on English"


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence to be judged."""

    text: str
    true: bool
    """Whether it is supported by what it cites."""
    kind: str
    passages: tuple[Passage, ...]
    """What was retrieved: the source among others, in the order of the search."""
    cited: int
    source: int
    """Indices into `passages`: what the sentence cites, and where it comes from."""


class Search:
    """BM25 over a corpus in memory."""

    def __init__(self, rows: Sequence[Row], sparse: SparseEncoder) -> None:
        self._sparse = sparse
        self._weights: dict[int, list[tuple[int, float]]] = {}
        for at, row in enumerate(rows):
            vector = sparse.document(f"{row.title}\n{row.text}")
            for index, value in zip(vector.indices, vector.values, strict=True):
                self._weights.setdefault(index, []).append((at, value))
        self._size = len(rows)

    def top(self, text: str, limit: int) -> list[int]:
        """Indices of the best rows, best first."""
        scores: defaultdict[int, float] = defaultdict(float)
        vector = self._sparse.query(text)
        for index, times in zip(vector.indices, vector.values, strict=True):
            found = self._weights.get(index, [])
            idf = log(1 + (self._size - len(found) + 0.5) / (len(found) + 0.5))
            for at, value in found:
                scores[at] += times * idf * value
        return sorted(scores, key=lambda at: (-scores[at], at))[:limit]


def cases(dataset: Dataset, sparse: SparseEncoder, per_kind: int = PER_KIND) -> list[Case]:
    """The same for the same set, whatever else is made."""
    maker = _Maker(dataset, sparse)
    found: list[Case] = []
    for kind, edit in FALSE.items():
        found += maker.edited(kind, edit, False, per_kind)
    found += maker.wrong(per_kind)
    answers = maker.answers(min(per_kind, 20)) + maker.written(min(per_kind, 20))
    kinds = len(TRUE) + bool(answers)
    total = 4 * per_kind - len(answers)
    for kind, edit in TRUE.items():
        if kind != "verbatim":
            found += maker.edited(kind, edit, True, total // (kinds - bool(answers)))
    true = sum(case.true for case in found)
    found += answers
    found += maker.edited("verbatim", TRUE["verbatim"], True, total - true)
    return found


def crossed(dataset: Dataset, count: int = 50) -> list[Case]:
    """Russian sentences on English passages: true to the parallel one, false to another.

    For sets whose ids differ by the language only. A parallel passage need not say everything:
    the figures are a lower bound.
    """
    english = {r.id: r for r in dataset.corpus if r.language == "en"}
    russian = [r for r in dataset.corpus if r.language == "ru"]
    rng = _seeded(dataset.name, CROSSED)
    rng.shuffle(russian)
    found: list[Case] = []
    pool = sorted(english)
    for row in russian:
        twin = english.get(row.id.replace("/ru/", "/en/").replace("xq-ru", "xq-en"))
        good = [s for a, b in split_sentences(row.text) if _is_sentence(s := row.text[a:b])]
        if not twin or not good or len(found) == 2 * count:
            continue
        text = re.sub(r"\s+", " ", rng.choice(good))
        near = [r for r in pool if r != twin.id and r.rsplit("#", 1)[0].rsplit("-", 1)[0]
                == twin.id.rsplit("#", 1)[0].rsplit("-", 1)[0]]  # fmt: skip
        other = english[rng.choice(near or [r for r in pool if r != twin.id])]
        pair = (_passage(twin), _passage(other))
        found.append(Case(text, True, CROSSED, pair, 0, 0))
        found.append(Case(text, False, CROSSED, pair, 1, 0))
    return found


class _Maker:
    def __init__(self, dataset: Dataset, sparse: SparseEncoder) -> None:
        self._dataset = dataset
        self._rows = dataset.corpus
        self._search = Search(self._rows, sparse)
        self._passages = [_passage(row) for row in self._rows]
        self._names = _names(self._rows)

    def edited(self, kind: str, edit: Edit, true: bool, count: int) -> list[Case]:
        rng = _seeded(self._dataset.name, kind, str(true))
        found: list[Case] = []
        for at, sentence in self._sentences(rng):
            row = self._rows[at]
            source = Source(row.text, _language(row), self._names[_language(row)])
            text = edit(sentence, rng, source)
            if text and (true or text not in row.text):
                found.append(self._case(text, true, kind, at))
            if len(found) == count:
                break
        return found

    def wrong(self, count: int) -> list[Case]:
        rng = _seeded(self._dataset.name, WRONG)
        found: list[Case] = []
        for at, sentence in self._sentences(rng):
            case = self._case(sentence, False, WRONG, at)
            others = [
                i for i, p in enumerate(case.passages)
                if i != case.source and not _holds(p.chunk.text, sentence)
            ]  # fmt: skip
            if others:
                cited = rng.choice(others)
                found.append(Case(sentence, False, WRONG, case.passages, cited, case.source))
            if len(found) == count:
                break
        return found

    def answers(self, count: int) -> list[Case]:
        """Questions for the subject of a sentence, with the answer in its place."""
        rng = _seeded(self._dataset.name, ANSWER)
        places = {row.id: at for at, row in enumerate(self._rows)}
        questions = list(self._dataset.questions)
        rng.shuffle(questions)
        found: list[Case] = []
        for question in questions:
            gold = [places[g] for g in question.gold if g in places]
            answer = question.answers[0].strip() if question.answers else ""
            stated = statement(question.question, answer) if 0 < len(answer) < 60 else None
            if stated and gold and len(found) < count:
                found.append(self._case(stated, True, ANSWER, gold[0]))
        return found

    def written(self, count: int) -> list[Case]:
        """Sentences of long gold answers that do not stand in the passage as they are."""
        rng = _seeded(self._dataset.name, WRITTEN)
        places = {row.id: at for at, row in enumerate(self._rows)}
        questions = [q for q in self._dataset.questions if q.answers and len(q.gold) == 1]
        rng.shuffle(questions)
        found: list[Case] = []
        for question in questions:
            at = next((places[g] for g in question.gold if g in places), None)
            answer = question.answers[0]
            good = [s for a, b in split_sentences(answer) if _is_sentence(s := answer[a:b])]
            if at is None or not good or len(found) == count:
                continue
            text = rng.choice(good)
            if not _holds(self._rows[at].text, text.rstrip(". ")):
                found.append(self._case(text, True, WRITTEN, at))
        return found

    def _sentences(self, rng: Random) -> Iterator[tuple[int, str]]:
        order = list(range(len(self._rows)))
        rng.shuffle(order)
        for at in order:
            text = self._rows[at].text
            good = [s for a, b in split_sentences(text) if _is_sentence(s := text[a:b])]
            if good:
                yield at, re.sub(r"\s+", " ", rng.choice(good))

    def _case(self, text: str, true: bool, kind: str, at: int) -> Case:
        top = self._search.top(text, TOP)
        if at not in top:
            top = [*top[: TOP - 1], at]
        passages = tuple(self._passages[i] for i in top)
        return Case(text, true, kind, passages, top.index(at), top.index(at))


def _seeded(*what: str) -> Random:
    return Random(f"{SEED} {' '.join(what)}")  # noqa: S311 - to be repeated, not to be secret


def statement(question: str, answer: str) -> str | None:
    """`Who was Count of Melfi?`, `William` as `William was Count of Melfi.`"""
    match = re.match(
        r"(?:Who|What (?:country|city|team|company|person|group|organization|river|law|event))"
        r" (?!do\b|did\b|does\b|are\b|is\b(?= the (?:name|term)))(.{12,})$"
        r"|(?:Кто|Какая (?:страна|компания|команда|река)|Какой (?:город|закон)) (.{12,})$",
        question.strip().rstrip("?").strip(),
    )  # fmt: skip
    if not match:
        return None
    return f"{answer[0].upper()}{answer[1:].rstrip('.')} {match[1] or match[2]}."


def _is_sentence(text: str) -> bool:
    return (
        50 <= len(text) <= 300
        and text[0].isupper()
        and text.rstrip()[-1] in ".!"
        and text.count(" ") >= 7
        and not re.search(r"[\[\]{}<>|=]|https?:|``", text)
    )


def _holds(text: str, sentence: str) -> bool:
    return " ".join(sentence.split()) in " ".join(text.split())


def _language(row: Row) -> str:
    return "ru" if row.language == "ru" else "en"


def _names(rows: Sequence[Row]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {"en": [], "ru": []}
    for row in rows:
        found[_language(row)] += re.findall(r"(?<=[a-zа-яё,] )[A-ZА-ЯЁ][a-zа-яё]{3,}", row.text)
    return {language: sorted(set(names)) for language, names in found.items()}


def _passage(row: Row) -> Passage:
    document = Document(row.id, row.title or row.id, "0" * 64, "text/markdown", "v")
    section = (row.title,) if row.title else ()
    return Passage(Chunk(row.id, row.id, "v", 0, row.text, section), document, 1.0)
