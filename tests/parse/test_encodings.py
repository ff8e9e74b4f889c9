"""Texts in every encoding that a Russian or English office has, told without being told."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse.decode import decode_bytes

SOURCES = Path(__file__).resolve().parents[2] / "data" / "sources"
RUSSIAN = ("cp1251", "koi8-r", "cp866", "iso-8859-5", "mac-cyrillic")
WIDE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


def paragraphs(letters: str) -> list[str]:
    """Paragraphs of the sample organisation's documents that are mostly of these letters."""
    texts = [path.read_text("utf-8") for path in sorted(SOURCES.glob("*.md"))]
    found = [part for text in texts for part in re.split(r"\n\s*\n", text)]
    return [p for p in found if 2 * len(re.findall(letters, p)) > len(p) > 20]


RU, EN = paragraphs("[а-яё]"), paragraphs("[a-z]")


def encodable(text: str, encoding: str) -> str:
    """Without the few signs that the encoding lacks."""
    return text.encode(encoding, "ignore").decode(encoding)


@given(st.integers(0, len(RU) - 4), st.integers(2, 60), st.sampled_from((*RUSSIAN, *WIDE)))
def test_russian(at: int, count: int, encoding: str) -> None:
    text = encodable("\n\n".join(RU[at : at + count]), encoding)
    assert decode_bytes(text.encode(encoding)) == text


@given(st.integers(0, len(EN) - 4), st.integers(2, 60), st.sampled_from(("cp1252", *WIDE)))
def test_english(at: int, count: int, encoding: str) -> None:
    text = encodable("\n\n".join(EN[at : at + count]), encoding)
    assert decode_bytes(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", RUSSIAN)
def test_single_lines_in_russian(encoding: str) -> None:
    """There is little to tell by: a few may be misread, in an encoding whose letters agree."""
    lines = [line for p in RU for line in p.split("\n") if len(line) > 15]
    chosen = random.Random(5).sample(lines, 200)
    texts = [encodable(line, encoding) for line in chosen]
    right = [decode_bytes(text.encode(encoding)) == text for text in texts]
    assert sum(right) >= 0.97 * len(right)


def test_a_long_text_of_few_cyrillic_letters_is_utf_8_or_nothing_else() -> None:
    text = "plain ASCII text. " * 500 + "Привет, мир. " * 3
    assert decode_bytes(text.encode()) == text
