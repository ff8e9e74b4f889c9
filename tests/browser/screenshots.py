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
from tests.browser.pages import CHROMIUM, SECONDS, Footnote

FOLDER = ROOT / "docs" / "images"
QUESTIONS = (
    "What is the per diem in Kazakhstan?",
    "Какой длины должен быть пароль?",
    "How deep is the Mariana trench?",
)


def take(browser: Browser, url: str, folder: Path) -> None:
    """The four pictures, at 1440 by 900."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="en-GB")
    footnote = Footnote(page, url)
    footnote.open()
    page.wait_for_timeout(0.5 * SECONDS)
    page.screenshot(path=folder / "welcome.png")
    first = footnote.ask(QUESTIONS[0])
    for question in QUESTIONS[1:]:
        footnote.ask(question)
    page.wait_for_timeout(1 * SECONDS)
    page.screenshot(path=folder / "ask.png")
    panel = footnote.open_citation(first)
    expect(panel).to_be_visible()
    page.wait_for_timeout(1.5 * SECONDS)
    page.screenshot(path=folder / "citation.png")
    page.keyboard.press("Escape")
    for name in ("Documents", "Traces"):
        footnote.go(name)
        page.wait_for_timeout(1.5 * SECONDS)
        page.screenshot(path=folder / f"{name.lower()}.png")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "var"
        subprocess.run(
            [sys.executable, "-m", "ingest", "sample"],
            cwd=ROOT,
            env={"FOOTNOTE_DATA_DIR": str(data_dir), "PATH": "/usr/bin:/bin"},
            check=True,
        )
        with AppServer(data_dir) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
            take(browser, server.url, FOLDER)
            browser.close()


if __name__ == "__main__":
    main()
