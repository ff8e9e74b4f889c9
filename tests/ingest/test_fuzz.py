"""A sample of `make fuzz`, and that what it counts is what happened."""

from collections import Counter
from pathlib import Path

import pytest

from ingest.fuzz.run import FAILED, LIMITS, Fuzz, Outcome, main, table
from ingest.fuzz.seeds import FORMATS, seeds
from ingest.parse import parse

SAMPLE = 800
SEED = 2026


@pytest.mark.slow
def test_every_damaged_file_ends_in_a_stated_outcome(tmp_path: Path) -> None:
    fuzz = Fuzz(SEED, seeds(None))
    outcomes = list(fuzz.run(range(SAMPLE), tmp_path, LIMITS))
    assert [o.message for o in outcomes if o.kind == FAILED] == []
    assert Counter(o.format for o in outcomes) == dict.fromkeys(FORMATS, SAMPLE // len(FORMATS))
    # Damage that nothing survives, or that nobody notices, would test nothing.
    assert 0.2 < sum(o.kind == "read" for o in outcomes) / SAMPLE < 0.9


@pytest.mark.parametrize(
    ("suffix", "data"),
    [pytest.param(s, d, id=s) for found in seeds(None).values() for s, d in found],
)
def test_undamaged_a_file_is_read(suffix: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"whole{suffix}"
    path.write_bytes(data)
    (tmp_path / "members").mkdir()
    parsed = parse(path, path.name, tmp_path / "members")
    text = " ".join(e.text for e in parsed.elements)
    assert "28" in text or "20 минут" in text


def test_the_same_number_is_the_same_file() -> None:
    once, again = (Fuzz(SEED, seeds(None)) for _ in range(2))
    made = [once.make(number) for number in range(16)]
    assert made == [again.make(number) for number in range(16)]
    assert made != [Fuzz(SEED + 1, seeds(None)).make(number) for number in range(16)]


def test_a_file_that_fails_is_reported(tmp_path: Path) -> None:
    outcomes = [
        Outcome(0, "pdf", "read", "", 0.1),
        Outcome(1, "docx", "damaged", "a.docx: the file is damaged.", 0.1),
        Outcome(2, "docx", FAILED, "a.docx hung", 0.1),
    ]
    rows = {
        line.split("|")[1].strip(): line.split("|")[-2].strip()
        for line in table(outcomes).splitlines()
    }
    assert (rows["read"], rows["damaged"], rows[FAILED], rows["files"]) == ("1", "1", "1", "3")


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "16", "--keep", str(tmp_path / "kept")]) == 0
    printed = capsys.readouterr().out
    assert "| files | 2 | 2 | 2 | 2 | 2 | 2 | 2 | 2 | 16 |" in printed
