"""Takes the pictures in `docs/images` from the real product with the sample organisation.

python -m tests.browser.screenshots
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.app_server import ROOT, AppServer
from tests.browser.conftest import ARGUMENTS
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
            browser.close()


if __name__ == "__main__":
    main()
