"""Whether to answer: what is looked at, what decides, and what a refusal says of itself."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import extract, refusal
from rag.evaluate.curve import drawn
from rag.evaluate.fit_refusal import fit, judge
from rag.evaluate.refusal_samples import Sample
from rag.refusal import Decision, Features, decide, features, model_for
from rag.refusal_words import is_code, is_keywords, is_yes_no, missing, names
from rag.store.sparse import SparseEncoder
from rag.text import language_of
from rag.types import Chunk, Document, Passage
from serving.embedding import Embedder

SPARSE = SparseEncoder()
STRANGER = "another embedder"
FITTED = json.loads(refusal._FITTED.read_text("utf-8"))


def passage(text: str, similarity: float = 0.8) -> Passage:
    chunk = Chunk("c", "d", "1", 0, text, language=language_of(text))
    return Passage(chunk, Document("d", "manual.pdf", "", "", "1"), 1.0, similarity)


def decided(question: str, texts: list[str], embedder: Embedder) -> Decision:
    """As the product would, of passages ranked by cosine."""
    vector = embedder.embed_queries([question])[0]
    cosines = embedder.embed_passages(texts) @ vector
    found = sorted(
        (passage(t, float(c)) for t, c in zip(texts, cosines, strict=True)),
        key=lambda p: -p.similarity,
    )
    quotes = extract.candidates(question, vector, found, SPARSE, embedder)
    return decide(features(question, found, quotes, SPARSE), embedder.fingerprint)


ENGLISH = [
    "The portable photometer V400 measures nitrate in water. Its battery lasts eleven hours.",
    "Annual leave is 28 calendar days. It is approved by the head of the department.",
    "The canteen on the ground floor is open from noon until three o'clock.",
]
RUSSIAN = [
    "Портативный фотометр V400 измеряет нитраты в воде. Батареи хватает на одиннадцать часов.",
    "Ежегодный отпуск составляет 28 календарных дней. Его утверждает начальник отдела.",
    "Столовая на первом этаже открыта с полудня до трёх часов.",
]


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("How long does the battery of the portable photometer V400 last?", ENGLISH),
        ("How many calendar days is the annual leave?", ENGLISH),
        ("На сколько часов хватает батареи портативного фотометра V400?", RUSSIAN),
        ("Сколько календарных дней составляет ежегодный отпуск?", RUSSIAN),
    ],
)
def test_what_stands_there_is_answered(question: str, texts: list[str], embedder: Embedder) -> None:
    decision = decided(question, texts, embedder)
    assert decision.answer
    assert (decision.reason, decision.missing) == ("", ())


@pytest.mark.parametrize(
    ("question", "texts", "absent"),
    [
        ("How long does the battery of the portable photometer V90 last?", ENGLISH, ("V90",)),
        ("На сколько часов хватает батареи портативного фотометра V90?", RUSSIAN, ("V90",)),
        ("Who won the battle of Austerlitz?", ENGLISH, ("Austerlitz",)),
        ("Кто победил в битве под Аустерлицем?", RUSSIAN, ("Аустерлицем",)),
    ],
)
def test_a_refusal_says_which_name_no_passage_has(
    question: str, texts: list[str], absent: tuple[str, ...], embedder: Embedder
) -> None:
    decision = decided(question, texts, embedder)
    assert not decision.answer
    assert (decision.reason, decision.missing) == ("missing_name", absent)


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("which fruit trees grow best in sandy soil?", ENGLISH),
        ("какие плодовые деревья лучше растут на песчаной почве?", RUSSIAN),
    ],
)
def test_another_topic_is_not_covered(question: str, texts: list[str], embedder: Embedder) -> None:
    decision = decided(question, texts, embedder)
    assert not decision.answer
    assert decision.reason == "not_covered"


def test_nothing_retrieved_has_no_features_and_is_refused() -> None:
    found = features("How many days?", [], [], SPARSE)
    assert (found.similarity, found.sentence, found.coverage, found.lead) == (0, 0, 0, 0)
    assert not decide(found, STRANGER).answer


def test_a_greeting_is_refused_whatever_its_cosines() -> None:
    greeting = Features(1.0, 1.0, 0.0, True, terms=1)
    decision = decide(greeting, FITTED["embedder"])
    assert (decision.answer, decision.reason) == (False, "not_covered")


def test_a_stranger_s_cosines_decide_nothing() -> None:
    words = Features(0.0, 0.0, 0.7, True, terms=5, pairs=0.5)
    assert len({
        decide(replace(words, similarity=x, sentence=x, lead=x), STRANGER).confidence
        for x in (0.0, 0.5, 1.0)
    }) == 1  # fmt: skip
    full = replace(words, coverage=1.0, pairs=1.0)
    assert decide(full, STRANGER).answer
    assert not decide(replace(words, coverage=0.0, pairs=0.0), STRANGER).answer


def test_no_date_where_one_is_asked_for_is_said() -> None:
    weak = Features(0.5, 0.5, 0.9, True, terms=5, typed=False)
    assert decide(weak, FITTED["embedder"]).reason == "wrong_type"
    assert decide(replace(weak, typed=True), FITTED["embedder"]).reason == "weak_match"


def test_each_case_has_its_model() -> None:
    found, known = Features(0, 0, 0, True, turns=2), FITTED["embedder"]
    assert model_for(found, known) == "conversation"
    assert model_for(replace(found, turns=0), known) == "same_language"
    assert model_for(replace(found, same_language=False), known) == "cross_language"
    assert model_for(found, STRANGER) == "words_only"


SHARE = st.floats(0.0, 1.0)
RISING = ("similarity", "sentence", "coverage", "pairs")


@given(
    st.sampled_from(RISING), st.tuples(SHARE, SHARE, SHARE, SHARE), SHARE, st.booleans(),
    st.integers(0, 3), st.sampled_from((STRANGER, FITTED["embedder"])),
)  # fmt: skip
def test_more_of_what_speaks_for_an_answer_never_lowers_confidence(
    name: str, at: tuple[float, ...], more: float, same: bool, turns: int, embedder: str
) -> None:
    similarity, sentence, coverage, pairs = at
    low = Features(similarity, sentence, coverage, same, terms=5, pairs=pairs, turns=turns)
    high = replace(low, **{name: max(more, getattr(low, name))})
    assert decide(high, embedder).confidence >= decide(low, embedder).confidence - 1e-9


# Words


@pytest.mark.parametrize(
    ("question", "text", "absent"),
    [
        ("Who rules the UK?", "The United Kingdom has a king.", ()),
        ("When did the United Nations begin?", "The UN was founded in 1945.", ()),
        ("Where does Timur work?", "Тимур Оспанов работает в Алматы.", ()),
        ("Где работает Оспанов?", "Timur Ospanov works in Almaty.", ()),
        ("Когда откроется офис в Ташкенте?", "Офис открыт в Алматы.", ("Ташкенте",)),
        ("When does the office in Tashkent open?", "An office opens in Almaty.", ("Tashkent",)),
        ("What costs ST-48?", "The tray ST-50 holds 48 pieces.", ("ST-48",)),
        ("What costs ST-48?", "The tray ST48 costs much.", ()),
        ("What happened in 1998?", "In 1999 there was a fair.", ("1998",)),
        ("What about American trips?", "Trips to America are paid.", ()),
    ],
)
def test_names_are_found_however_they_are_written(
    question: str, text: str, absent: tuple[str, ...]
) -> None:
    same = language_of(question) == language_of(text)
    assert missing(question, [text], SPARSE, same) == absent


def test_names_are_not_the_words_that_open_a_sentence() -> None:
    assert names("Where is Lake Placid? Tell me.") == [["Lake", "Placid"]]
    assert names("WHO IS THE HEAD OF SALES HERE") == []
    assert is_code("QX-655")
    assert not any(map(is_code, ("2nd", "1998", "401k")))


def test_the_form_of_a_question() -> None:
    assert is_yes_no("Can I file a case while living abroad?")
    assert is_yes_no("Можно ли вернуть товар?")
    assert not is_yes_no("What can I do while living abroad?")
    assert is_keywords("IBM Cloud certification")
    assert not is_keywords("What is a certificate")


# Fitting


def sample(x: float, answerable: bool) -> Sample:
    return Sample(Features(x, x, x, True, terms=5), answerable)


def test_a_fitted_model_is_judged_on_what_it_has_not_seen_and_drawn() -> None:
    seen = {"a": [sample(x / 100, x > 50) for x in range(100)]}
    names_ = ("similarity", "coverage")
    assert (fit(seen, names_).weights > 0).all()
    unseen = {"b": [sample(0.1, False)] * 5 + [sample(0.9, True)] * 5}
    figures = judge(unseen, seen, names_)
    assert (figures["refusal_precision"], figures["refusal_recall"]) == (1.0, 1.0)
    picture = drawn({"same_language": {"judged_by_the_others": {"b & c": figures}}})
    assert picture.count("<polyline") == 1
    assert "b &amp; c" in picture
