"""What a newcomer does, in a real browser against the real product."""

import io
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image
from playwright.sync_api import expect
from reportlab.pdfgen.canvas import Canvas

from tests.app.conftest import write_pdf
from tests.browser.pages import SECONDS, Footnote

HEATING = [
    "The building opens at seven and closes at nine in the evening.",
    "The boiler of the north wing is serviced every October by Hartmann GmbH.",
]
QUESTION = "Who services the boiler of the north wing?"
QUESTION_RU = "Кто обслуживает котёл северного крыла?"
NOTE_RU = "Котёл северного крыла обслуживает каждый октябрь фирма Хартманн. Вызов бесплатный.\n"


def locked_pdf(path: Path) -> Path:
    canvas = Canvas(str(path), encrypt="secret")
    canvas.drawString(72, 700, "Nobody reads this.")
    canvas.save()
    return path


def words_on_page(pdf: Path, page: int, quote: str) -> tuple[float, float, float, float]:
    """Where pdfium says the quote is: left, top, right, bottom as shares of the page."""
    document = pypdfium2.PdfDocument(pdf)
    sheet = document[page - 1]
    text = sheet.get_textpage()
    start, count = text.search(quote).get_next()
    boxes = [text.get_charbox(i) for i in range(start, start + count)]
    width, height = sheet.get_size()
    left, bottom = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, top = max(b[2] for b in boxes), max(b[3] for b in boxes)
    text.close()
    sheet.close()
    document.close()
    return left / width, 1 - top / height, right / width, 1 - bottom / height


def highlighted(image: bytes) -> tuple[float, float, float, float]:
    """The box around all coloured pixels of a page in black and white, as shares of it."""
    pixels = np.asarray(Image.open(io.BytesIO(image)).convert("RGB")).astype(int)
    coloured = pixels.max(axis=2) - pixels.min(axis=2) > 24
    rows, columns = np.nonzero(coloured)
    height, width = coloured.shape
    return (
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    )


def covers(outer, inner, slack: float = 0.004) -> bool:
    return bool(
        outer[0] <= inner[0] + slack
        and outer[1] <= inner[1] + slack
        and outer[2] >= inner[2] - slack
        and outer[3] >= inner[3] - slack
    )


def test_from_upload_to_proof_to_deletion(footnote: Footnote, tmp_path: Path):
    pdf = write_pdf(tmp_path / "heating.pdf", HEATING)
    footnote.go("Documents")
    footnote.upload(pdf)
    footnote.wait_for_state("heating.pdf", "Ready")

    footnote.open()
    answer = footnote.ask(QUESTION)
    expect(answer).to_contain_text(HEATING[1])
    panel = footnote.open_citation(answer)
    expect(panel).to_contain_text("heating.pdf")
    expect(panel).to_contain_text("Page 2 of 2")
    expect(panel.locator("mark")).to_have_text(HEATING[1])

    image = panel.get_by_test_id("stImage").locator("img")
    expect(image).to_be_visible()
    shown = footnote.fetch(image.get_attribute("src"))
    marked, words = highlighted(shown), words_on_page(pdf, 2, HEATING[1])
    assert covers(marked, words), (marked, words)
    assert not covers(marked, (0.0, 0.0, 1.0, 1.0), slack=0.2), "the whole page is coloured"

    link = panel.get_by_role("link", name="Open the original")
    address = link.get_attribute("href") or ""
    assert address.endswith("/original#page=2")
    assert footnote.fetch(address) == pdf.read_bytes()
    footnote.page.keyboard.press("Escape")

    footnote.go("Documents")
    footnote.select("heating.pdf")
    footnote.page.get_by_role("button", name="Delete").click()
    footnote.page.get_by_role("button", name="Yes, delete").click()
    expect(footnote.row("heating.pdf")).to_have_count(0)

    footnote.open()
    answer = footnote.ask(QUESTION)
    expect(answer).not_to_contain_text("Hartmann")


def test_a_russian_question_and_page(footnote_ru: Footnote, tmp_path: Path):
    note = tmp_path / "kotel.txt"
    note.write_text(NOTE_RU)
    footnote_ru.go("Документы")
    footnote_ru.upload(note)
    footnote_ru.wait_for_state("kotel.txt", "Готов")
    footnote_ru.open()
    answer = footnote_ru.ask(QUESTION_RU)
    expect(answer).to_contain_text("Хартманн")
    expect(answer).to_contain_text("Дословные цитаты из документов")
    panel = footnote_ru.open_citation(answer)
    expect(panel.locator("mark")).to_contain_text("Хартманн")


def test_a_question_off_the_documents_is_refused(footnote: Footnote, tmp_path: Path):
    note = tmp_path / "gate.txt"
    note.write_text("The gate of the car park closes at eight in the evening.\n")
    footnote.go("Documents")
    footnote.upload(note)
    footnote.wait_for_state("gate.txt", "Ready")
    footnote.open()
    answer = footnote.ask("Which team won the football world cup in 1966?")
    expect(answer).to_contain_text("The documents do not answer this.")
    expect(answer).to_contain_text("Documents searched:")


def test_bad_files_are_told_in_one_line_each_and_the_rest_goes_on(
    footnote: Footnote, tmp_path: Path
):
    empty = tmp_path / "empty.docx"
    empty.touch()
    locked = locked_pdf(tmp_path / "locked.pdf")
    good = tmp_path / "canteen.txt"
    good.write_text("The canteen serves lunch from noon to two.\n")
    footnote.go("Documents")
    footnote.upload(empty, locked, good)
    footnote.wait_for_state("canteen.txt", "Ready")
    footnote.wait_for_state("locked.pdf", "Not accepted")
    lines = footnote.page.locator(".fn-notice")
    expect(lines.filter(has_text="locked.pdf")).to_contain_text("password")
    expect(lines.filter(has_text="empty.docx")).to_contain_text("empty")
    for line in lines.all_inner_texts():
        assert "\n" not in line.strip()


def test_questions_are_answered_while_documents_are_read(footnote: Footnote, tmp_path: Path):
    note = tmp_path / "badge.txt"
    note.write_text("A lost badge is replaced at the reception for 12 euros.\n")
    long = tmp_path / "long.txt"
    items = (f"Item {i} of the inventory stands in room {i * 7 % 901}. " * 9 for i in range(250))
    long.write_text("\n\n".join(items))
    footnote.go("Documents")
    footnote.upload(note)
    footnote.wait_for_state("badge.txt", "Ready")
    footnote.upload(long)
    footnote.open()
    answer = footnote.ask("What does a lost badge cost?")
    expect(answer).to_contain_text("12 euros")
    footnote.go("Documents")
    expect(footnote.row("long.txt")).to_contain_text("Being read")
    footnote.wait_for_state("long.txt", "Ready")


def test_nothing_jumps_when_an_answer_is_complete(footnote: Footnote):
    answer = footnote.ask("When does the gate of the car park close?")
    box = answer.bounding_box()
    footnote.page.wait_for_timeout(1 * SECONDS)
    assert answer.bounding_box() == box


def test_traces_show_the_question_that_was_asked(footnote: Footnote):
    question = "Where is the assembly point of the yard?"
    footnote.ask(question)
    footnote.page.wait_for_timeout(1.5 * SECONDS)  # traces are written by a thread
    footnote.go("Traces")
    expect(footnote.trace(question).first).to_contain_text("refused")
    expect(footnote.page.locator(".fn-bars")).to_contain_text("ms")
