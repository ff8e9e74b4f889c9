"""The text around a cited chunk, from the version that was cited."""

from dataclasses import replace
from pathlib import Path

from ingest.pipeline import Pipeline
from rag.context import around
from rag.runtime import Runtime
from rag.types import Document, Passage

PARAGRAPHS = [f"Paragraph {n} tells {'something of its own ' * 8}number {n}." for n in range(60)]
ROWS = [f"QX-{300 + n} | pump {n} | {n}.50" for n in range(90)]


def passages(runtime: Runtime, folder: Path, name: str, text: str) -> list[Passage]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    pipeline = Pipeline(runtime.library, runtime.store, runtime.embedder, runtime.settings)
    document = pipeline.process(pipeline.accept(path, name).id)
    assert document is not None
    return [Passage(chunk, document, 1.0) for chunk in runtime.store.chunks(document.id)]


def test_prose_goes_on_before_and_after(empty_runtime: Runtime, tmp_path: Path) -> None:
    found = passages(empty_runtime, tmp_path, "long.txt", "\n\n".join(PARAGRAPHS))
    whole = "\n".join(PARAGRAPHS)
    assert len(found) > 4
    for passage in found:
        before, after = around(empty_runtime.library, passage, 300)
        assert f"{before}\n{passage.chunk.text}\n{after}".strip() in whole
        assert 250 < len(before) <= 300 or passage is found[0]
        assert 250 < len(after) <= 300 or passage is found[-1]
    assert around(empty_runtime.library, found[0], 300)[0] == ""
    assert around(empty_runtime.library, found[-1], 300)[1] == ""


def test_a_part_of_a_table_has_its_neighbouring_rows_around(
    empty_runtime: Runtime, tmp_path: Path
) -> None:
    table = "\n".join(["Code,Product,Price", *(row.replace(" | ", ",") for row in ROWS)])
    found = passages(empty_runtime, tmp_path, "parts.csv", table)
    assert len(found) > 3
    for before, this, following in zip(found, found[1:], found[2:], strict=False):
        above, below = around(empty_runtime.library, this, 60)
        assert above.split("\n")[-1] == before.chunk.text.split("\n")[-1]
        assert following.chunk.text.split("\n")[1] in below.split("\n")[:2]


def test_it_is_that_of_the_version_that_was_cited(empty_runtime: Runtime, tmp_path: Path) -> None:
    old = passages(empty_runtime, tmp_path, "changing.txt", "\n\n".join(PARAGRAPHS))[2]
    expected = around(empty_runtime.library, old, 200)
    changed = [text.replace("tells", "reports") for text in PARAGRAPHS]
    new = passages(empty_runtime, tmp_path, "changing.txt", "\n\n".join(changed))
    assert "tells" not in "".join(passage.chunk.text for passage in new)
    assert around(empty_runtime.library, old, 200) == expected
    assert all("tells" in side for side in expected)


def test_a_repeated_text_is_found_where_it_stands(empty_runtime: Runtime, tmp_path: Path) -> None:
    same = "This notice stands in every section. " * 12
    sections = [f"# Part {n}\n\n{same}\n\n## End of {n}\n\n{same}" for n in range(5)]
    found = passages(empty_runtime, tmp_path, "same.md", "\n\n".join(sections))
    third = next(p for p in found if p.chunk.section[:1] == ("Part 3",))
    before, _ = around(empty_runtime.library, third, 80)
    assert "Part 3" in before


def test_nothing_is_around_what_was_removed(empty_runtime: Runtime, tmp_path: Path) -> None:
    passage = passages(empty_runtime, tmp_path, "gone.txt", "\n\n".join(PARAGRAPHS[:30]))[0]
    gone = Passage(passage.chunk, replace(passage.document, sha256="f" * 64), 1.0)
    assert isinstance(gone.document, Document)
    assert around(empty_runtime.library, gone, 200) == ("", "")
