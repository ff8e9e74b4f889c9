"""The sample organisation: complete, reproducible, and its questions answered by its documents."""

import importlib.util
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path

import docx
import openpyxl
import pptx
import pypdfium2
import pytest

DATA = Path(__file__).parents[1] / "data"
FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


def pdf_text(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def docx_text(path: Path) -> str:
    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def pptx_text(path: Path) -> str:
    texts: list[str] = []
    for slide in pptx.Presentation(str(path)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                texts.append(shape.text_frame.text)
            if shape.has_table:
                texts += [cell.text for row in shape.table.rows for cell in row.cells]
        if slide.has_notes_slide:
            texts.append(slide.notes_slide.notes_text_frame.text)
    return "\n".join(texts)


def xlsx_text(path: Path) -> str:
    book = openpyxl.load_workbook(path)
    values = (value for sheet in book for row in sheet.iter_rows(values_only=True) for value in row)
    return "\n".join(
        value.date().isoformat() if isinstance(value, datetime) else str(value)
        for value in values
        if value is not None
    )


def eml_text(path: Path) -> str:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
    return "\n".join([message["Subject"], *parts])


def html_text(path: Path) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", path.read_text(encoding="utf-8")))


def plain_text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1251")


READERS: dict[str, Callable[[Path], str]] = {
    ".pdf": pdf_text,
    ".docx": docx_text,
    ".pptx": pptx_text,
    ".xlsx": xlsx_text,
    ".eml": eml_text,
    ".html": html_text,
    ".md": plain_text,
    ".txt": plain_text,
}


def squeeze(text: str) -> str:
    return " ".join(text.split())


def texts_below(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): squeeze(READERS[path.suffix](path)) for path in files}


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return texts_below(DATA / "organisation")


@pytest.fixture(scope="module")
def manifest() -> list[dict]:
    return json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def questions() -> list[dict]:
    lines = (DATA / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if importlib.util.find_spec("reportlab") is None or not FONT.exists():
        pytest.skip("a build needs reportlab and Debian's fonts-dejavu-core")
    folders = (tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second"))
    for folder in folders:
        subprocess.run([sys.executable, str(DATA / "build.py"), str(folder)], check=True)
    return folders


def test_manifest_names_the_files_on_disk(manifest: list[dict], texts: dict[str, str]) -> None:
    assert [row["name"] for row in manifest] == sorted(texts)
    assert all(row["file"] == f"organisation/{row['name']}" for row in manifest)
    assert all(row["title"] for row in manifest)


def test_manifest_opens_only_the_hr_folder_to_hr(manifest: list[dict]) -> None:
    groups = {row["name"]: row["groups"] for row in manifest}
    restricted = [name for name, allowed in groups.items() if allowed != ["everyone"]]
    assert restricted == ["hr/salary-bands-2025.docx"]
    assert groups[restricted[0]] == ["hr"]


def test_every_format_and_both_languages_are_there(manifest: list[dict]) -> None:
    formats = Counter(Path(row["name"]).suffix for row in manifest)
    least = {".pdf": 6, ".docx": 4, ".pptx": 2, ".xlsx": 2, ".html": 2, ".md": 3, ".txt": 2}
    assert all(formats[suffix] >= count for suffix, count in least.items()), formats
    assert formats[".eml"] >= 2
    languages = Counter(row["language"] for row in manifest)
    assert languages.total() >= 26
    assert languages["ru"] >= 10


def test_language_of_the_manifest_is_that_of_the_text(
    manifest: list[dict], texts: dict[str, str]
) -> None:
    for row in manifest:
        letters = re.findall(r"[a-zа-яё]", texts[row["name"]].lower())
        cyrillic = sum(letter >= "а" for letter in letters) / len(letters)
        assert (cyrillic > 0.5) == (row["language"] == "ru"), row["name"]


def test_documents_are_small_together_and_long_each(texts: dict[str, str]) -> None:
    size = sum(path.stat().st_size for path in (DATA / "organisation").rglob("*.*"))
    assert size < 2_000_000
    short = {name: len(text.split()) for name, text in texts.items() if len(text.split()) < 330}
    assert not short


def test_pdfs_have_pages_and_bookmarks() -> None:
    for path in (DATA / "organisation").rglob("*.pdf"):
        with pypdfium2.PdfDocument(path) as document:
            titles = [bookmark.get_title() for bookmark in document.get_toc()]
            assert len(document) >= 2, path
            assert len(titles) >= 7, path


def test_one_text_is_in_cp1251() -> None:
    content = (DATA / "organisation/office/stolovaya-almaty.txt").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert "Комплексный обед стоит 1 900 тенге" in content.decode("cp1251")


def test_one_mail_carries_its_rates_as_a_file() -> None:
    content = (DATA / "organisation/mail/travel-portal.eml").read_bytes()
    message = message_from_bytes(content, policy=policy.default)
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "per-diem-2025.csv"
    assert "Kazakhstan,KZT,18000,9000" in attachment.get_content()


def test_price_list_holds_numbers_and_dates() -> None:
    sheet = openpyxl.load_workbook(DATA / "organisation/product/price-list-2025.xlsx").worksheets[0]
    row = [cell.value for cell in sheet[2]]
    assert row == ["V400-01", row[1], 18450, 9963000, 4, datetime(2025, 1, 2)]


def test_travel_policies_contradict_each_other(texts: dict[str, str]) -> None:
    row = "Europe outside the Netherlands EUR {} EUR"
    assert row.format(48) in texts["travel/travel-policy-2024.pdf"]
    assert row.format(55) in texts["travel/travel-policy-2025.pdf"]
    assert "This policy takes effect on 1 January 2025" in texts["travel/travel-policy-2025.pdf"]


def test_build_gives_the_committed_text(builds: tuple[Path, Path], texts: dict[str, str]) -> None:
    assert texts_below(builds[0] / "organisation") == texts
    rebuilt = (builds[0] / "manifest.json").read_text(encoding="utf-8")
    assert rebuilt == (DATA / "manifest.json").read_text(encoding="utf-8")


def test_build_repeats_byte_for_byte(builds: tuple[Path, Path], texts: dict[str, str]) -> None:
    first, second = (folder / "organisation" for folder in builds)
    different = [
        name for name in texts if (first / name).read_bytes() != (second / name).read_bytes()
    ]
    assert not different


def test_questions_are_of_the_agreed_kinds(questions: list[dict]) -> None:
    assert len({row["id"] for row in questions}) == 40
    assert Counter(row["lang"] for row in questions) == {"en": 20, "ru": 20}
    assert sum(not row["answerable"] for row in questions) == 8
    assert sum(row.get("groups") == ["hr"] for row in questions) == 2
    for row in questions:
        assert bool(row["answers"]) == bool(row["gold_ids"]) == row["answerable"], row["id"]


def test_gold_answers_stand_in_their_documents(
    questions: list[dict], texts: dict[str, str]
) -> None:
    for row in questions:
        golds = [texts[name] for name in row["gold_ids"]]
        for answer in row["answers"]:
            assert any(answer in text for text in golds), (row["id"], answer)
        for name, text in zip(row["gold_ids"], golds, strict=True):
            assert any(answer in text for answer in row["answers"]), (row["id"], name)


def test_hr_answers_stand_in_no_other_document(
    questions: list[dict], texts: dict[str, str]
) -> None:
    secret = [answer for row in questions if row.get("groups") for answer in row["answers"]]
    for answer in [*secret, "Tulpar", "HR-SAL-2025", "75,400"]:
        assert [name for name in texts if answer in texts[name]] == ["hr/salary-bands-2025.docx"]
