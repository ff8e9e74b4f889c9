"""What every store must do, whichever engine is below: see `rag.store.Store`."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace as with_changes
from itertools import groupby

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.store import Hit, IndexedChunk, Store, StoreQuery
from rag.types import EVERYONE, chunk_id
from serving.errors import IndexMismatch
from tests.store.oracle import SPEC, Oracle, indexed, library, question
from tests.store.places import Place

pytestmark = [
    # The in-memory client has neither indexes nor quantisation, and says so.
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local:UserWarning"),
    pytest.mark.filterwarnings("ignore:Local mode performs exact .brute-force. search"),
]

ALL = frozenset({EVERYONE, "hr", "board"})


def fill(store: Store, chunks: list[IndexedChunk]) -> Oracle:
    for document, members in groupby(chunks, key=lambda entry: entry.chunk.document_id):
        mine = list(members)
        store.add(document, mine[0].chunk.version, mine)
    return Oracle(chunks)


def check(hits: list[Hit], query: StoreQuery, oracle: Oracle) -> None:
    """The right scores, best first. Equal scores may come in either order."""
    expected = oracle.scores(query)
    assert [hit.score for hit in hits] == pytest.approx(
        sorted(expected.values(), reverse=True)[: query.limit], rel=1e-4
    )
    by_id = {entry.chunk.id: entry for entry in oracle.chunks}
    for hit in hits:
        assert hit.score == pytest.approx(expected[hit.chunk.id], rel=1e-4)
        assert hit.chunk == by_id[hit.chunk.id].chunk
        cosine = 0.0 if query.dense is None else oracle.cosine(query.dense, by_id[hit.chunk.id])
        assert hit.similarity == pytest.approx(cosine, abs=1e-5)


def test_gives_chunks_by_their_ids(store: Store) -> None:
    entries = library(documents=3)
    fill(store, entries)
    wanted = [entries[0].chunk, entries[-1].chunk]
    missing = chunk_id("d0", "v1", 99)
    found = store.get([*(chunk.id for chunk in wanted), missing])
    assert sorted(found, key=lambda chunk: chunk.document_id) == wanted
    assert store.get([]) == []
    store.delete("d0")
    assert store.get([wanted[0].id]) == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["dense", "sparse", "hybrid"])
def test_ranks_as_the_definition_says(store: Store, kind: str, seed: int) -> None:
    oracle = fill(store, library())
    dense, sparse = question(seed)
    query = StoreQuery(
        frozenset({EVERYONE}),
        dense=None if kind == "sparse" else dense,
        sparse=None if kind == "dense" else sparse,
        limit=7,
        candidates=9,
    )
    check(store.search(query), query, oracle)
    wide = with_changes(query, groups=ALL, limit=100, candidates=100)
    check(store.search(wide), wide, oracle)


def test_ranks_right_after_replacing_and_deleting(store: Store) -> None:
    """The engine's document frequencies must forget what is gone."""
    fill(store, library())
    store.delete("d0")
    kept = [entry for entry in library() if entry.chunk.document_id not in ("d0", "d1")]
    renewed = [indexed("d1", n, version="v2") for n in range(3)]
    store.drop("d1", ["v1"])
    store.add("d1", "v2", renewed)
    oracle = Oracle([*renewed, *kept])
    dense, sparse = question(4)
    for query in (
        StoreQuery(ALL, sparse=sparse, limit=100),
        StoreQuery(ALL, dense=dense, sparse=sparse, limit=100, candidates=100),
    ):
        check(store.search(query), query, oracle)


def test_unreadable_chunks_take_no_part_in_the_fusion(store: Store) -> None:
    """Not even a candidate: fifty better chunks of hr must not push out the one of everyone."""
    dense, sparse = question(1)
    secret = [
        with_changes(indexed("secret", n, groups=("hr",)), dense=dense, sparse=sparse)
        for n in range(50)
    ]
    oracle = fill(store, [*secret, indexed("open", 0)])
    query = StoreQuery(frozenset({EVERYONE}), dense=dense, sparse=sparse, candidates=5)
    hits = store.search(query)
    assert [hit.chunk.document_id for hit in hits] == ["open"]
    check(hits, query, oracle)


def test_only_the_documents_asked_for(store: Store) -> None:
    oracle = fill(store, library())
    dense, sparse = question(2)
    query = StoreQuery(
        ALL, dense=dense, sparse=sparse, documents=frozenset({"d1", "d3", "none"}), limit=100
    )
    hits = store.search(query)
    assert {hit.chunk.document_id for hit in hits} == {"d1", "d3"}
    check(hits, query, oracle)


def test_other_languages_get_a_second_dense_vote_instead_of_the_sparse_one(store: Store) -> None:
    oracle = fill(store, library())
    dense, sparse = question(3)
    only = StoreQuery(ALL, sparse=sparse, language="ru", limit=100)
    hits = store.search(only)
    assert {hit.chunk.language for hit in hits} == {"ru"}
    check(hits, only, oracle)
    both = with_changes(only, dense=dense, candidates=100)
    assert {hit.chunk.language for hit in store.search(both)} == {"ru", "en"}
    check(store.search(both), both, oracle)


@pytest.mark.parametrize(
    "narrow",
    [
        lambda q: with_changes(q, groups=frozenset()),
        lambda q: with_changes(q, documents=frozenset()),
        lambda q: with_changes(q, dense=None, sparse=None),
        lambda q: with_changes(q, groups=frozenset({"strangers"})),
    ],
    ids=["no groups", "no documents", "no vectors", "unknown group"],
)
def test_finds_nothing(store: Store, narrow: Callable[[StoreQuery], StoreQuery]) -> None:
    fill(store, library(documents=3))
    dense, sparse = question(0)
    full = StoreQuery(ALL, dense=dense, sparse=sparse)
    assert store.search(full)
    assert store.search(narrow(full)) == []


def test_an_empty_store_finds_nothing(store: Store) -> None:
    dense, sparse = question(0)
    assert store.search(StoreQuery(ALL, dense=dense, sparse=sparse)) == []
    assert store.chunks("d0") == []
    assert (store.count(), store.count("d0"), store.delete("d0")) == (0, 0, 0)


NAMES = st.sampled_from(["everyone", "hr", "board", "it", "ОТК", "a b", "quote'\""])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    readers=st.lists(st.lists(NAMES, unique=True, max_size=4), min_size=1, max_size=12),
    asker=st.frozensets(NAMES),
    seed=st.integers(0, 1000),
)
def test_access_for_any_groups(
    store: Store, readers: list[list[str]], asker: frozenset[str], seed: int
) -> None:
    chunks = [indexed("d", n, groups=tuple(groups)) for n, groups in enumerate(readers)]
    oracle = fill(store, chunks)
    dense, sparse = question(seed)
    query = StoreQuery(asker, dense=dense, sparse=sparse, limit=100)
    hits = store.search(query)
    for hit in hits:
        assert asker.intersection(readers[hit.chunk.ordinal])
    check(hits, query, oracle)


def test_set_groups_is_effective_at_once(store: Store) -> None:
    fill(store, library(documents=3))
    dense, _ = question(0)
    before = store.chunks("d1")
    store.set_groups("d1", ("it", "board"))
    for reader, found in (("it", {"d1"}), ("board", {"d1", "d2"}), ("hr", {"d2"})):
        hits = store.search(StoreQuery(frozenset({reader}), dense=dense, limit=100))
        assert {hit.chunk.document_id for hit in hits} == found
    store.set_groups("d1", ())
    hits = store.search(StoreQuery(ALL | {"it"}, dense=dense, limit=100))
    assert {hit.chunk.document_id for hit in hits} == {"d0", "d2"}
    assert store.chunks("d1") == before


def test_every_field_of_a_chunk_comes_back(store: Store) -> None:
    full = [indexed("d", n) for n in range(3)]
    bare = with_changes(indexed("e", 0).chunk, section=(), boxes=(), language="", page_from=0)
    store.add("d", "v1", full[::-1])
    store.add("e", "v1", [with_changes(indexed("e", 0), chunk=bare)])
    assert store.chunks("d") == [entry.chunk for entry in full]
    assert store.chunks("e") == [bare]


def test_adding_leaves_exactly_the_new_chunks_of_that_version(store: Store) -> None:
    store.add("other", "v1", [indexed("other", 0)])
    old = [indexed("d", n) for n in range(700)]  # several batches
    store.add("d", "v1", old)
    assert store.chunks("d") == [entry.chunk for entry in old]
    store.add("d", "v1", old)
    assert (store.count("d"), store.count()) == (700, 701)
    shorter = [indexed("d", n) for n in range(300)]
    store.add("d", "v1", shorter)
    assert store.chunks("d") == [entry.chunk for entry in shorter]
    new = [indexed("d", n, version="v2") for n in range(4)]
    store.add("d", "v2", new)
    assert [store.count("d", version) for version in ("v1", "v2", "v3")] == [300, 4, 0]
    assert {chunk.version for chunk in store.chunks("d")} == {"v1", "v2"}
    store.add("d", "v2", [])
    assert store.chunks("d") == [entry.chunk for entry in shorter]
    assert store.count() == 301


def test_dropping_takes_the_versions_named_and_says_how_many_chunks(store: Store) -> None:
    for version, size in (("v1", 3), ("v2", 4), ("v3", 5)):
        store.add("d", version, [indexed("d", n, version=version) for n in range(size)])
        store.add("e", version, [indexed("e", n, version=version) for n in range(size)])
    assert store.drop("d", ["v1", "v3", "v9"]) == 8
    assert (store.drop("d", ["v1"]), store.drop("d", [])) == (0, 0)
    assert [store.count("d", version) for version in ("v1", "v2", "v3")] == [0, 4, 0]
    assert store.count("e") == 12


def test_versions_that_are_not_wanted_are_not_found(store: Store) -> None:
    """Not even as candidates: each half must look past them."""
    chunks = [
        indexed(document, n, version=version)
        for document in ("d", "e")
        for version in ("v1", "v2")
        for n in range(20)
    ]
    for document in ("d", "e"):
        for version in ("v1", "v2"):
            wanted = (document, version)
            mine = [c for c in chunks if (c.chunk.document_id, c.chunk.version) == wanted]
            store.add(document, version, mine)
    dense, sparse = question(5)
    query = StoreQuery(
        frozenset({EVERYONE}),
        dense=dense,
        sparse=sparse,
        limit=50,
        candidates=5,
        without=frozenset({("d", "v1"), ("e", "v2"), ("gone", "v1")}),
    )
    hits = store.search(query)
    assert {(h.chunk.document_id, h.chunk.version) for h in hits} == {("d", "v2"), ("e", "v1")}
    check(hits, query, Oracle(chunks))


def test_the_groups_of_one_version(store: Store) -> None:
    dense, _ = question(0)
    for version in ("v1", "v2"):
        store.add("d", version, [indexed("d", n, version=version) for n in range(3)])
    store.set_groups("d", ("hr",), "v2")
    for reader, version in ((EVERYONE, "v1"), ("hr", "v2")):
        hits = store.search(StoreQuery(frozenset({reader}), dense=dense, limit=100))
        assert {hit.chunk.version for hit in hits} == {version}


def test_delete_says_how_many_there_were(store: Store) -> None:
    fill(store, library(documents=2))
    assert (store.delete("d0"), store.delete("d0"), store.delete("none")) == (5, 0, 0)
    assert (store.count("d0"), store.count("d1"), store.count()) == (0, 5, 5)


def test_readers_see_the_whole_of_each_version(store: Store) -> None:
    size = 300  # more than one batch
    dense, _ = question(0)
    store.add("d", "v0", [indexed("d", n, version="v0") for n in range(size)])
    query = StoreQuery(frozenset({EVERYONE}), dense=dense, limit=3 * size)
    done = threading.Event()
    seen: list[Counter[str]] = []
    failures: list[Exception] = []

    def read() -> None:
        try:
            while not done.is_set():
                seen.append(Counter(hit.chunk.version for hit in store.search(query)))
                seen.append(Counter(chunk.version for chunk in store.chunks("d")))
        except Exception as error:
            failures.append(error)
            raise

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 5):
        version = f"v{number}"
        store.add("d", version, [indexed("d", n, version=version) for n in range(size)])
        store.drop("d", [f"v{number - 1}"])
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert seen
    assert all(set(versions.values()) == {size} for versions in seen)
    assert Counter(chunk.version for chunk in store.chunks("d")) == {"v4": size}


def test_writers_of_many_documents_do_not_disturb_each_other(store: Store) -> None:
    chunks = library(documents=8)
    dense, sparse = question(0)
    failures: list[Exception] = []

    def work(document: str) -> None:
        mine = [entry for entry in chunks if entry.chunk.document_id == document]
        try:
            for _ in range(5):
                store.add(document, "v1", mine)
                store.search(StoreQuery(ALL, dense=dense, sparse=sparse))
        except Exception as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(f"d{d}",)) for d in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    query = StoreQuery(ALL, dense=dense, sparse=sparse, limit=100)
    check(store.search(query), query, Oracle(chunks))


@pytest.mark.parametrize(
    ("field", "value"),
    [("embedder", "another"), ("dimension", 16), ("chunking", "v9"), ("schema", 99)],
)
def test_another_index_spec_is_refused(place: Place, field: str, value: object) -> None:
    place.open().add("d", "v1", [indexed("d", 0)])
    other = with_changes(SPEC, **{field: value})
    with pytest.raises(IndexMismatch, match=rf"{field}.*python -m ingest rebuild"):
        place.open(other)
    assert place.open().count() == 1
    assert place.open(other, rebuild=True).count() == 0
    assert place.open(other).count() == 0
    with pytest.raises(IndexMismatch):
        place.open()


def test_clear_leaves_a_store_that_works(store: Store, place: Place) -> None:
    oracle = fill(store, library())
    store.clear()
    assert store.count() == 0
    query = StoreQuery(ALL, dense=question(0)[0], limit=5)
    assert store.search(query) == []
    fill(store, library())
    check(store.search(query), query, oracle)
    check(place.open().search(query), query, oracle)
