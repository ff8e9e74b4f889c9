"""The sparse encoder, with `bm25s` as the oracle and XQuAD as the judge."""

import json
import math
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store import IndexedChunk, StoreQuery
from rag.store.edge import EdgeStore
from rag.store.sparse import K1, B, SparseEncoder
from rag.types import EVERYONE, Chunk, chunk_id
from tests.store.oracle import DIMENSION, SPEC

REPOSITORY = Path(__file__).parents[2]
EVAL = REPOSITORY.parent / "shared" / "eval"
ENCODER = SparseEncoder()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Employees' vacations", "employee vacation"),
        ("Отпуска сотрудников", "отпуск сотрудник"),
        ("счёт", "СЧЕТ"),
        ("за\u0301мок", "замок"),
        ("и\u0306од", "йод"),
        ("ﬁle № 5", "file no 5"),
        ("pass\u00adword", "password"),
        ("self‑service", "self-service"),
        ("it’s ours: the ПО's licence", "licence ПО's"),
    ],
)
def test_the_same_words_however_they_are_written(one: str, other: str) -> None:
    assert sorted(ENCODER.terms(one)) == sorted(ENCODER.terms(other))


def test_compounds_give_their_parts_and_themselves() -> None:
    assert ENCODER.terms("RX-200") == ["rx", "200", "rx-200"]
    assert ENCODER.terms("версия 2.4.1") == ["верс", "2", "4", "1", "2.4.1"]
    assert ENCODER.terms("FOOTNOTE_DATA_DIR")[-1] == "footnote_data_dir"
    assert ENCODER.terms("из-за аварии") == ["авар"]


def test_stop_words_are_kept_only_when_there_is_nothing_else() -> None:
    assert ENCODER.terms("what is the leave policy") == ["leav", "polici"]
    assert ENCODER.terms("To be or not to be") == ["to", "be", "or", "not", "to", "be"]
    assert ENCODER.query("что это").indices
    assert ENCODER.query("?! …").indices == ()


@given(st.text())
def test_any_text_gives_a_proper_vector(text: str) -> None:
    for vector in (ENCODER.document(text), ENCODER.query(text)):
        assert list(vector.indices) == sorted(set(vector.indices))
        assert all(0 <= index < 2**31 for index in vector.indices)
        assert all(value > 0 and math.isfinite(value) for value in vector.values)
        assert len(vector.indices) == len(vector.values)


def test_vectors_do_not_depend_on_the_process() -> None:
    """Python's own hash would: the index would be lost at every start."""
    text = "Отпуск and vacation"
    code = f"from rag.store.sparse import SparseEncoder as S; print(S().query({text!r}).indices)"
    said = subprocess.check_output(
        [sys.executable, "-c", code], cwd=REPOSITORY, env={"PYTHONHASHSEED": "1"}, text=True
    )
    assert said.strip() == str(ENCODER.query(text).indices)


@dataclass(frozen=True)
class Collection:
    language: str
    texts: list[str]
    questions: list[tuple[str, int]]
    """With the index of the one text that answers it."""


@pytest.fixture(scope="module", params=["en", "ru"])
def xquad(request: pytest.FixtureRequest) -> Collection:
    folder = EVAL / f"xquad-{request.param}"
    if not folder.exists():
        pytest.skip(f"{folder} is not on this machine")
    corpus, asked = rows(folder / "corpus.jsonl"), rows(folder / "questions.dev.jsonl")
    place = {entry["id"]: n for n, entry in enumerate(corpus)}
    return Collection(
        request.param,
        [entry["text"] for entry in corpus],
        [(entry["question"], place[entry["gold_ids"][0]]) for entry in asked],
    )


def rows(file: Path) -> list[dict[str, Any]]:
    with file.open() as lines:
        return [json.loads(line) for line in lines]


def test_ranks_as_well_as_bm25s(xquad: Collection, tmp_path: Path) -> None:
    """The whole lexical half, in the engine, against bm25s on the same terms."""
    store = EdgeStore(tmp_path / "index", SPEC)
    store.add("all", "v1", [stored(n, text, xquad.language) for n, text in enumerate(xquad.texts)])
    everyone = frozenset({EVERYONE})
    found = [
        [
            hit.chunk.ordinal
            for hit in store.search(StoreQuery(everyone, sparse=ENCODER.query(question)))
        ]
        for question, _ in xquad.questions
    ]
    store.close()
    reference = bm25s.BM25(k1=K1, b=B, method="lucene")
    reference.index([ENCODER.terms(text) for text in xquad.texts], show_progress=False)
    expected = [
        np.argsort(-reference.get_scores(ENCODER.terms(question)), kind="stable")[:10].tolist()
        for question, _ in xquad.questions
    ]
    gold = [answer for _, answer in xquad.questions]
    assert ndcg(found, gold) == pytest.approx(ndcg(expected, gold), abs=0.01)
    assert ndcg(found, gold) > {"en": 0.957, "ru": 0.943}[xquad.language]


def stored(number: int, text: str, language: str) -> IndexedChunk:
    key = chunk_id("all", "v", number)
    chunk = Chunk(key, "all", "v", number, text, language=language)
    return IndexedChunk(chunk, [1.0] * DIMENSION, ENCODER.document(text), (EVERYONE,))


def ndcg(rankings: Sequence[Sequence[int]], gold: Sequence[int]) -> float:
    """nDCG@10 where one text is relevant."""
    gains = [
        1 / math.log2(ranking.index(answer) + 2) if answer in ranking else 0.0
        for ranking, answer in zip(rankings, gold, strict=True)
    ]
    return sum(gains) / len(gains)


def test_threads_share_an_encoder(xquad: Collection) -> None:
    alone = [ENCODER.document(text) for text in xquad.texts]
    shared = SparseEncoder()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(shared.document, xquad.texts)) == alone
