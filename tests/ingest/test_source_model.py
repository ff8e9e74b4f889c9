"""A folder that changes at random, followed: afterwards the library is what the folder is."""

import hashlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.sources.seen import Seen, Synced
from ingest.sources.sync import sync
from rag.library import Library
from tests.ingest.source_files import Folder, put
from tests.ingest.test_source_sync import counts

KEYS = ["a.txt", "b.txt", "d/a.txt", "d/e/f.txt", "я.txt", "g.txt", "h.txt"]
CONTENTS = ["One.\n", "Two.\n", "Three.\n", "Четыре.\n"]
STEP = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(KEYS), st.sampled_from(CONTENTS)),
    st.tuples(st.just("delete"), st.sampled_from(KEYS), st.just("")),
    st.tuples(st.just("sync"), st.booleans(), st.just("")),
    st.tuples(st.just("break"), st.integers(0, 3), st.just("")),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, max_size=25))
def test_after_any_changes_the_library_is_what_the_source_is(
    tmp_path_factory, pipeline, library, steps
):
    root = tmp_path_factory.mktemp("model")
    model: dict[str, str] = {}
    source = Folder(root)
    end = ("sync", True, "")  # the first may be a broken one
    for kind, what, text in [*steps, end, end]:
        match kind:
            case "put":
                put(root, what, text)
                model[what] = text
            case "delete":
                (root / what).unlink(missing_ok=True)
                model.pop(what, None)
            case "break":
                source.break_after = what
            case "sync":
                before = held(library)
                synced = sync(source, pipeline, lambda _id: None, force=what)
                check(synced, before, held(library), model)
                source.break_after = None
    source.fetched.clear()
    assert counts(sync(source, pipeline, lambda _id: None)).keys() <= {"unchanged"}
    assert source.fetched == []
    assert len(Seen(library.engine).fingerprints("shelf")) == len(model)
    for path in root.rglob("*.txt"):
        path.unlink()
    sync(source, pipeline, lambda _id: None, force=True)
    assert library.list() == []


def held(library: Library) -> dict[str, str]:
    return {d.name.removeprefix("shelf/"): d.sha256 for d in library.list()}


def check(
    synced: Synced, before: dict[str, str], after: dict[str, str], model: dict[str, str]
) -> None:
    wanted = {key: hashlib.sha256(text.encode()).hexdigest() for key, text in model.items()}
    gone = before.keys() - wanted.keys()
    if any("went away" in line for line in synced.problems):
        assert before.keys() <= after.keys()
        assert after.keys() <= before.keys() | wanted.keys()
    elif synced.refused_removal:
        assert synced.refused_removal == len(gone)
        assert len(gone) > 3 or not wanted
        assert after == wanted | {key: before[key] for key in gone}
    else:
        assert after == wanted
        assert synced.removed == len(gone)
        assert synced.added == len(wanted.keys() - before.keys())
