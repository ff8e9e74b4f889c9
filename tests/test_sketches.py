"""Sketches against the similarity that they estimate, and on a real catalogue."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.library import Library, version_of
from rag.sketches import VALUES, WORDS, similarity, sketch, words_of
from rag.types import Document, State, document_id

VOCABULARY = [f"word{i}" for i in range(4000)]


def jaccard(one: str, other: str) -> float:
    sets = []
    for text in (one, other):
        words = words_of(text)
        sets.append({tuple(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def pair(rng: random.Random, changed: float, length: int = 1200) -> tuple[str, str]:
    """A text, and the same with a run of words at its end replaced."""
    words = rng.choices(VOCABULARY, k=length)
    kept = round(length * (1 - changed))
    return " ".join(words), " ".join(words[:kept] + rng.choices(VOCABULARY, k=length - kept))


def test_the_estimate_is_as_exact_as_the_docstring_says():
    rng = random.Random(1)
    errors = []
    for step in range(120):
        one, other = pair(rng, step / 120)
        errors.append(similarity(sketch(one), sketch(other)) - jaccard(one, other))
    mean = sum(errors) / len(errors)
    root = (sum(error**2 for error in errors) / len(errors)) ** 0.5
    assert abs(mean) < 0.01
    assert root < 0.045  # sqrt(0.25 / 126), the largest standard error


def test_case_punctuation_and_yo_do_not_matter():
    one = "Её отчёт, как всегда, был готов: в срок и без ошибок."
    assert similarity(sketch(one), sketch(one.upper().replace("Ё", "Е").replace(",", ""))) == 1


def test_short_texts_have_no_sketch():
    assert sketch("four words are few") is None
    assert sketch("five words make a sketch").shape == (VALUES,)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(VOCABULARY), min_size=WORDS, max_size=80))
def test_a_sketch_depends_on_the_text_alone(words):
    text = " ".join(words)
    assert similarity(sketch(text), sketch(text + "\n")) == 1


@pytest.fixture
def library(tmp_path: Path):
    opened = Library(tmp_path)
    yield opened
    opened.close()


def answering(library: Library, name: str, text: str) -> str:
    """A document whose version answers, with its sketch."""
    from rag.originals import Reading

    sha256 = f"{abs(hash(name)):064x}"
    made = Document(document_id(name), name, sha256, "", "", state=State.WAITING)
    library.add(made)
    library.sketches.keep(made.id, version_of(sha256), sketch(text))
    entry = library.begin(made.id)
    assert entry is not None
    assert library.switch(entry, Reading("text/plain", 0, 0, []))
    return made.id


def test_only_alike_documents_that_answer_are_found(library: Library):
    rng = random.Random(2)
    one, other = pair(rng, 0.05)
    alike = answering(library, "alike.txt", other)
    answering(library, "different.txt", pair(rng, 0)[0])
    waiting = Document(document_id("w.txt"), "w.txt", "9" * 64, "", "")
    library.add(waiting)
    library.sketches.keep(waiting.id, version_of("9" * 64), sketch(one))
    own = document_id("own.txt")
    ((found, share),) = library.sketches.find(sketch(one), own)
    assert found == alike
    assert share == pytest.approx(jaccard(one, other), abs=0.12)
    assert library.sketches.find(sketch(other), alike) == []


def test_keeping_twice_is_keeping_once_and_dropping_leaves_nothing(library: Library):
    text = pair(random.Random(3), 0)[0]
    identifier = answering(library, "a.txt", text)
    library.sketches.keep(identifier, "another", sketch(text))
    library.sketches.keep(identifier, "another", sketch(text))
    assert library.sketches.count(identifier) == 2
    library.sketches.drop(identifier, "another")
    assert library.sketches.count(identifier) == 1
    library.sketches.drop(identifier)
    assert library.sketches.count(identifier) == 0
    assert library.sketches.find(sketch(text), "other") == []
