"""Adding files and folders, and the sample, over the real store and embedding model."""

import json
from pathlib import Path

import pytest

from ingest.add import add
from ingest.desk import LocalDesk
from ingest.sample import load_sample
from ingest.show import table
from rag.types import EVERYONE, State, document_id
from serving.errors import ConfigError

RULE = "Visitors sign in at the reception and wear a badge at all times.\n"


@pytest.fixture
def folder(tmp_path):
    """Two good files, four bad ones, and one that is none of anyone's business."""
    root = tmp_path / "shelf"
    (root / "deep" / "er").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("[core]")
    (root / "rules.txt").write_text(RULE)
    (root / "deep" / "er" / "Правила.md").write_text("# Правила\n\nПосетители носят пропуск.\n")
    (root / "empty.txt").write_bytes(b"")
    (root / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    (root / "large.txt").write_bytes(b"a" * ((1 << 20) + 1))
    (root / "noise.docx").write_bytes(bytes(range(256)) * 8)
    return root


def test_a_folder_with_good_and_bad_files(pipeline, counting, folder, settings):
    outcome = add(LocalDesk(pipeline, settings), [folder], None)
    assert outcome.summary == "2 added, 0 unchanged, 4 rejected."
    bad = {"empty.txt", "broken.pdf", "large.txt", "noise.docx"}
    assert {line.split(":")[0] for line in outcome.problems} == bad
    assert all("\n" not in line and "Traceback" not in line for line in outcome.problems)
    documents = {d.name: d for d in pipeline.library.list()}
    assert documents.keys() == bad | {"rules.txt", "deep/er/Правила.md"}
    assert all(documents[name].state is State.REJECTED for name in bad)
    assert all(documents[name].reason for name in bad)
    embedded = counting.passages
    again = add(LocalDesk(pipeline, settings), [folder], None)
    assert again.summary == "0 added, 2 unchanged, 4 rejected."
    assert counting.passages == embedded


def test_single_files_missing_files_and_equal_names(pipeline, folder, tmp_path, settings):
    other = tmp_path / "other"
    other.mkdir()
    (other / "rules.txt").write_text("Something else.\n")
    paths = [folder / "rules.txt", other / "rules.txt", tmp_path / "missing.txt"]
    outcome = add(LocalDesk(pipeline, settings), paths, ["hr"])
    assert outcome.summary == "1 added, 0 unchanged, 2 rejected."
    assert "already has the name rules.txt" in outcome.problems[0]
    assert "No such file" in outcome.problems[1]
    (document,) = pipeline.library.list()
    assert (document.name, document.groups) == ("rules.txt", ("hr",))


def test_the_table_shows_every_document(pipeline, folder, settings):
    add(
        LocalDesk(pipeline, settings),
        [folder / "rules.txt", folder / "empty.txt"],
        ["hr", EVERYONE],
    )
    head, *rows = table(pipeline.library.list())
    assert head.split() == ["STATE", "CHUNKS", "PAGES", "GROUPS", "NAME", "REASON"]
    assert rows[0].split()[:5] == ["rejected", "0", "0", "everyone,hr", "empty.txt"]
    assert "empty" in rows[0].split("empty.txt", 1)[1]
    assert rows[1].split() == ["ready", "1", "0", "everyone,hr", "rules.txt"]


def test_every_format_is_read_from_its_original(pipeline, tmp_path, settings):
    """The originals are named by content, so no reader may look at the suffix of the path."""
    data = Path(__file__).parents[2] / "data"
    entries = json.loads((data / "manifest.json").read_text())
    one_each = {Path(entry["file"]).suffix: data / entry["file"] for entry in entries}
    assert one_each.keys() >= {".pdf", ".docx", ".pptx", ".xlsx", ".html", ".md", ".txt", ".eml"}
    outcome = add(LocalDesk(pipeline, settings), list(one_each.values()), None)
    assert outcome.problems == []
    assert all(document.chunks for document in pipeline.library.list())


@pytest.fixture
def sample(tmp_path):
    root = tmp_path / "sample"
    root.mkdir()
    entries = []
    for name, group in (("a.txt", EVERYONE), ("b.txt", "hr")):
        (root / name).write_text(f"{name}: {RULE}")
        entries.append({"file": name, "name": f"office/{name}", "groups": [group], "title": "x"})
    (root / "manifest.json").write_text(json.dumps(entries))
    return root


def test_the_sample_is_loaded_once(pipeline, counting, sample):
    loaded = load_sample(pipeline, sample)
    assert [(d.name, d.groups, d.state) for d in loaded] == [
        ("office/a.txt", (EVERYONE,), State.READY),
        ("office/b.txt", ("hr",), State.READY),
    ]
    embedded = counting.passages
    pipeline.remove(document_id("office/a.txt"))
    assert load_sample(pipeline, sample) == []
    assert [d.name for d in pipeline.library.list()] == ["office/b.txt"]
    assert counting.passages == embedded


def test_a_sample_without_manifest_is_a_clear_error(pipeline, tmp_path):
    with pytest.raises(ConfigError, match="manifest"):
        load_sample(pipeline, tmp_path)
    (tmp_path / "manifest.json").write_text('[{"file": "a"}]')
    with pytest.raises(ConfigError, match="no manifest"):
        load_sample(pipeline, tmp_path)
