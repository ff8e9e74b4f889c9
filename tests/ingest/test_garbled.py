"""What counts as garbled: text wrongly decoded by the test itself, and corpora of clean text."""

import json
from pathlib import Path

import pytest

from ingest.quality.garbled import garbled_share

EVAL = Path(__file__).parents[3] / "shared" / "eval"
RUSSIAN = (
    "Приказ о направлении работников организации в служебные командировки. Суточные по "
    "Казахстану составляют 45 евро, документ подписан генеральным директором. Объявление висит "
    "в подъезде, съёмка идёт в Йошкар-Оле с района до майора."
)
ENGLISH = (
    "The naïve café's résumé — “quoted” — costs 45 €: rhythms, lengths, strengths, HTTPS, XHTML "
    "and the Knightsbridge watchstraps of Ångström's façade."
)


@pytest.mark.parametrize("text", [RUSSIAN, ENGLISH, "", "•\u00a0Пункт\t• Item", RUSSIAN.upper()])
def test_good_text_is_not_garbled(text):
    assert garbled_share(text) == 0


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("utf-8", "cp1252"),
        ("utf-8", "latin-1"),
        ("utf-8", "cp1251"),
        ("cp1251", "cp1252"),
        ("koi8-r", "latin-1"),
        ("koi8-r", "cp1251"),
        ("cp1251", "koi8-r"),
        ("cp866", "cp1251"),
        ("cp1251", "cp866"),
        ("cp1251", "utf-8"),
        ("mac_cyrillic", "cp1251"),
    ],
)
def test_every_usual_wrong_decoding_is_seen(written, read):
    text = RUSSIAN.replace("—", "-").encode(written).decode(read, "replace")
    assert garbled_share(text) > 0.05


def test_utf_8_accents_and_quotes_as_cp1252_are_seen():
    text = "Itâ€™s a rÃ©sumÃ©"
    assert garbled_share(text) > 0.5


def test_glyphs_without_characters_are_seen():
    assert garbled_share("(cid:12)(cid:7) (cid:88)") == 1
    assert garbled_share("\ue001\ue002\ue003 \uf0b7") == 1
    assert garbled_share("\uf0b7 A bullet of a symbol font stands in good text.") < 0.05


def test_latin_letters_inside_russian_words_are_seen():
    assert garbled_share("Пoлитика безoпаснoсти") == 1  # о is Latin here
    assert garbled_share("Excel-файл, IT-отдел, PIDы, wi-fi, 3D-модель, IPv6-адрес") == 0


def test_the_share_counts_characters():
    assert garbled_share("good ï\u00f0\u00e8\u00e2\u00e5\u00f2") == pytest.approx(6 / 10)


def passages(*corpora: str) -> list[str]:
    if not EVAL.is_dir():
        pytest.skip("../shared/eval is not here")
    files = [file for corpus in corpora for file in sorted((EVAL / corpus).glob("corpus*.jsonl"))]
    lines = [line for file in files for line in file.read_text().split("\n") if line]
    return [json.loads(line)["text"] for line in lines]


def test_hardly_any_clean_passage_is_called_garbled():
    texts = passages("xquad-en", "xquad-ru", "handbook-18f", "techdocs-en-ru")
    named = sum(garbled_share(text) >= 0.05 for text in texts)
    assert len(texts) > 7000
    assert named <= len(texts) / 1000
