"""Takes the pictures in `docs/images` from the real product with the sample organisation.

python -m tests.browser.screenshots
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.app_server import ROOT, AppServer
from tests.browser.conftest import ARGUMENTS
from tests.browser.files import PRICES, office
from tests.browser.pages import CHROMIUM, SECONDS, Footnote
from tests.conftest import MODELS

FOLDER = ROOT / "docs" / "images"
QUESTIONS = (
    "What is the per diem in Kazakhstan?",
    "Какой длины должен быть пароль?",
    "How deep is the Mariana trench?",
)
QUESTIONS_RU = ("Какой длины должен быть пароль?", "Сколько длится гарантия на анализатор V400?")


def take(browser: Browser, url: str, folder: Path) -> None:
    """The pictures, at 1440 by 900."""
    footnote = visit(browser, url, "en-GB")
    page = footnote.page
    page.wait_for_timeout(0.5 * SECONDS)
    page.screenshot(path=folder / "welcome.png")
    answer = footnote.ask(QUESTIONS[0])
    footnote.open_citation(answer)
    page.wait_for_timeout(1.5 * SECONDS)
    page.screenshot(path=folder / "citation.png")
    page.keyboard.press("Escape")
    for question in QUESTIONS[1:]:
        footnote.ask(question)
    page.wait_for_timeout(1 * SECONDS)
    page.screenshot(path=folder / "ask.png")
    for name in ("Documents", "Traces"):
        footnote.go(name)
        page.wait_for_timeout(1.5 * SECONDS)
        page.screenshot(path=folder / f"{name.lower()}.png")


def take_documents(browser: Browser, url: str, folder: Path, office_folder: Path) -> None:
    """The Documents page with a folder of anything: list, scan, report, versions, receipt."""
    footnote = visit(browser, url, "en-GB")
    page = footnote.page
    footnote.go("Documents")
    footnote.upload_folder(office_folder)
    footnote.search("office/")
    footnote.wait_for_state("prices.md", "Ready")
    footnote.wait_for_state("inventory scan.pdf", "Ready")
    page.wait_for_timeout(6 * SECONDS)  # until the notices have gone
    page.screenshot(path=folder / "documents-folder.png")
    footnote.select("office/building/inventory scan.pdf")
    expect(page.locator(".st-key-document-panel img")).to_be_visible()
    page.screenshot(path=folder / "documents-scan.png")
    page.locator(".st-key-close-one button").click()
    footnote.settle()
    footnote.select("office/offers/nordlicht copy.txt")
    footnote.open_tab("Report")
    page.screenshot(path=folder / "documents-report.png")


def take_versions(browser: Browser, url: str, folder: Path, prices: Path) -> None:
    """What changed between two versions, and the receipt of a deletion."""
    footnote = visit(browser, url, "en-GB")
    page = footnote.page
    footnote.go("Documents")
    for dish, coffee in ((7, "1.80"), (9, "1.95")):
        file = prices / str(dish) / "canteen prices.md"
        file.parent.mkdir(parents=True)
        file.write_text(PRICES.format(dish=dish, coffee=coffee))
        footnote.upload(file)
        footnote.search("canteen")
        footnote.wait_for_state(file.name, "Ready")
        page.wait_for_timeout(1 * SECONDS)
    footnote.select("canteen prices.md")
    expect(footnote.open_tab("Versions").locator(".fn-diff")).to_be_visible()
    page.wait_for_timeout(6 * SECONDS)
    page.screenshot(path=folder / "documents-versions.png")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Yes, delete").click()
    expect(page.locator(".st-key-receipt")).to_be_visible()
    footnote.search("")
    page.wait_for_timeout(6 * SECONDS)
    page.screenshot(path=folder / "documents-receipt.png")


def take_russian_documents(browser: Browser, url: str, folder: Path) -> None:
    footnote = visit(browser, url, "ru-RU")
    page = footnote.page
    footnote.go("Документы")
    page.wait_for_timeout(1.5 * SECONDS)
    page.screenshot(path=folder / "documents-ru.png")
    footnote.search("office/")
    footnote.select("office/offers/nordlicht copy.txt")
    footnote.open_tab("Отчёт")
    page.wait_for_timeout(1 * SECONDS)
    page.screenshot(path=folder / "documents-report-ru.png")


def take_russian(browser: Browser, url: str, folder: Path) -> None:
    footnote = visit(browser, url, "ru-RU")
    for question in QUESTIONS_RU:
        footnote.ask(question)
    footnote.page.wait_for_timeout(1 * SECONDS)
    footnote.page.screenshot(path=folder / "ask-ru.png")


def visit(browser: Browser, url: str, locale: str) -> Footnote:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale=locale)
    footnote = Footnote(page, url)
    footnote.open()
    return footnote


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "var"
        data_dir.mkdir()
        (data_dir / "models").symlink_to(MODELS)  # built once
        subprocess.run(
            [sys.executable, "-m", "ingest", "sample"],
            cwd=ROOT,
            env={"FOOTNOTE_DATA_DIR": str(data_dir), "PATH": "/usr/bin:/bin"},
            check=True,
        )
        with AppServer(data_dir) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            take(browser, server.url, FOLDER)
            take_russian(browser, server.url, FOLDER)
            take_documents(browser, server.url, FOLDER, office(Path(folder) / "office"))
            take_russian_documents(browser, server.url, FOLDER)
            take_versions(browser, server.url, FOLDER, Path(folder) / "prices")
            browser.close()


if __name__ == "__main__":
    main()
