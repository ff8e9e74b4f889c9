"""Archives and mails: what is inside becomes documents that follow their container."""

import zipfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from rag.settings import Settings
from rag.types import EVERYONE, State, document_id

BADGE = "Visitors wear a badge at all times in the building.\n"
DOORS = "The doors are locked at eight in the evening every day.\n"
LUNCH = "Lunch is served from noon until two in the canteen.\n"


def packed(files: Mapping[str, str | bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.fixture
def add(pipeline, tmp_path):
    def add(files: Mapping[str, str | bytes], name="rules.zip", groups=None, **dates):
        path: Path = tmp_path / "source.zip"
        path.write_bytes(packed(files))
        accepted = pipeline.accept(path, name, groups, **dates)
        (done,) = pipeline.process_all([accepted.id])
        return done

    return add


def states(pipeline) -> dict[str, State]:
    return {document.name: document.state for document in pipeline.library.list()}


def test_members_are_documents_of_their_own(add, pipeline, store):
    container = add({"a.txt": BADGE, "deep/b.txt": DOORS}, groups=["hr"])
    assert (container.state, container.chunks, container.version != "") == (State.READY, 0, True)
    assert states(pipeline) == dict.fromkeys(
        ("rules.zip", "rules.zip/a.txt", "rules.zip/deep/b.txt"), State.READY
    )
    children = pipeline.library.children(container.id)
    assert {(d.parent, d.groups, d.chunks) for d in children} == {(container.id, ("hr",), 1)}
    pipeline.set_groups(container.id, [EVERYONE])
    assert {d.groups for d in pipeline.library.list()} == {(EVERYONE,)}
    pipeline.recover()
    assert not pipeline.library.unfinished()
    receipt = pipeline.remove(container.id)
    assert sorted(receipt.members) == ["rules.zip/a.txt", "rules.zip/deep/b.txt"]
    assert receipt.is_clean
    assert (pipeline.library.list(), store.count()) == ([], 0)


def test_a_new_archive_takes_what_it_lacks_away(add, pipeline, store, counting):
    add({"a.txt": BADGE, "b.txt": DOORS})
    embedded = counting.passages
    container = add({"b.txt": DOORS, "c.txt": LUNCH})
    assert states(pipeline).keys() == {"rules.zip", "rules.zip/b.txt", "rules.zip/c.txt"}
    assert counting.passages == embedded + 1, "what stayed is not embedded again"
    old = pipeline.library.versions(container.id)[-1]
    pipeline.roll_back(container.id, old.version)
    list(pipeline.process_all([container.id]))
    assert states(pipeline).keys() == {"rules.zip", "rules.zip/a.txt", "rules.zip/b.txt"}
    assert store.count() == 2


def test_bad_members_are_listed_and_lose_nothing_else(add, pipeline):
    container = add({"a.txt": BADGE, "empty.txt": "", "torn.pdf": b"%PDF-1.7 torn", ".x/": ""})
    assert container.state is State.READY, container.reason
    assert states(pipeline)["rules.zip/a.txt"] is State.READY
    assert states(pipeline)["rules.zip/empty.txt"] is State.REJECTED
    assert states(pipeline)["rules.zip/torn.pdf"] is State.REJECTED


def test_a_document_of_that_name_is_not_overwritten(add, pipeline, tmp_path):
    path = tmp_path / "own.txt"
    path.write_text(LUNCH)
    own = pipeline.process(pipeline.accept(path, "rules.zip/a.txt").id)
    container = add({"a.txt": BADGE, "b.txt": DOORS})
    assert pipeline.library.get(own.id) == own
    assert [d.name for d in pipeline.library.children(container.id)] == ["rules.zip/b.txt"]
    assert container.findings


def test_containers_in_containers_up_to_a_depth(add, pipeline):
    inner = packed({"four.txt": LUNCH})
    for name in ("three", "two"):
        inner = packed({f"{name}.txt": BADGE, f"{name}.zip": inner})
    add({"one.txt": DOORS, "one.zip": inner})
    found = states(pipeline)
    assert found["rules.zip/one.zip/two.txt"] is State.READY
    assert found["rules.zip/one.zip/two.zip/three.txt"] is State.READY
    deepest = "rules.zip/one.zip/two.zip/three.zip"
    assert found[deepest] is State.READY
    assert f"{deepest}/four.txt" not in found
    assert pipeline.library.get(document_id(deepest)).findings
    pipeline.remove(document_id("rules.zip"))
    assert not pipeline.library.list()


def test_archives_within_archives_share_the_limits(library, store, counting, tmp_path):
    settings = Settings(data_dir=tmp_path / "data", max_members=5, _env_file=None)
    inner = packed({"a.txt": BADGE, "b.txt": DOORS})
    source = tmp_path / "source.zip"
    source.write_bytes(packed({"1.zip": inner, "2.zip": packed({"c.txt": LUNCH, "d.txt": BADGE})}))
    with closing(Pipeline(library, store, counting, settings)) as pipeline:
        pipeline.accept(source, "all.zip")
        while waiting := library.unfinished():
            pipeline.process(waiting[0])
    inside = [document for document in library.list() if document.parent]
    assert len(inside) == 5
    readings = [library.files.reading(document.sha256) for document in inside]
    details = [f.detail for r in readings if r for f in r.report.findings if f.code == "skipped"]
    assert len(details) == 1
    assert "FOOTNOTE_MAX_MEMBERS" in details[0]


def test_an_archive_ahead_of_its_time_keeps_its_members_waiting_too(add, pipeline):
    clock = datetime.now(UTC) + timedelta(days=30)
    add({"a.txt": BADGE})
    add({"a.txt": BADGE, "c.txt": LUNCH}, valid_from=clock.isoformat())
    answering = {d.name for d in pipeline.library.list() if d.version}
    assert answering == {"rules.zip", "rules.zip/a.txt"}
    assert "rules.zip/c.txt" in states(pipeline)
    container = pipeline.library.get(document_id("rules.zip"))
    ahead = next(v for v in pipeline.library.versions(container.id) if not v.answers)
    pipeline.set_validity(container.id, ahead.version)
    answering = {d.name for d in pipeline.library.list() if d.version}
    assert answering == {"rules.zip", "rules.zip/a.txt", "rules.zip/c.txt"}
