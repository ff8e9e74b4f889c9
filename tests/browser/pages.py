"""What a person does on the pages, in Playwright's words."""

from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Locator, Page, expect

CHROMIUM = Path("/usr/bin/chromium")
SECONDS = 1000
"""Playwright counts in milliseconds."""


class Footnote:
    """One visit: a page with a session of its own."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        page.set_default_timeout(30 * SECONDS)

    def open(self, path: str = "") -> None:
        self.page.goto(f"{self._url}/{path}")
        expect(self.page.get_by_test_id("stSidebarNav")).to_be_visible(timeout=30 * SECONDS)
        self.settle()

    def go(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).click()
        expect(self.page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        self.settle()

    def settle(self) -> None:
        """Until the script has run to its end."""
        expect(self.page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "notRunning", timeout=60 * SECONDS
        )

    def fetch(self, path: str | None) -> bytes:
        """What the browser gets at an address on the page."""
        assert path
        reply = self.page.request.get(urljoin(self._url, path))
        assert reply.ok
        return reply.body()

    # Ask

    def ask(self, question: str) -> Locator:
        """Ask, and wait for the whole answer; the last message."""
        answer = self.begin(question)
        self.settle()
        return answer

    def begin(self, question: str) -> Locator:
        """Ask, and wait for nothing more than the message that the answer comes into."""
        messages = self.page.get_by_test_id("stChatMessage")
        before = messages.count()
        box = self.page.get_by_test_id("stChatInputTextArea")
        box.fill(question)
        box.press("Enter")
        expect(messages).to_have_count(before + 2)
        return messages.nth(before + 1)

    def open_citation(self, answer: Locator, number: int = 1) -> Locator:
        """Click the chip; the panel."""
        answer.locator(f'[class*="st-key-cite-"][class*="-{number}"] button').first.click()
        panel = self.page.get_by_role("dialog")
        expect(panel).to_be_visible()
        self.settle()
        return panel

    # Documents

    def upload(self, *files: Path) -> None:
        """Choose the files and add them; the page's answer is left to the caller."""
        self.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
            [str(file) for file in files]
        )
        for file in files:
            expect(self.page.get_by_role("button", name=f"Remove {file.name}")).to_be_visible()
        self.page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
        self.settle()

    def row(self, name: str) -> Locator:
        """The table's row of a document: the grid is a canvas, with a table for screen readers."""
        return self.page.locator('[role="row"]').filter(has_text=name)

    def wait_for_state(self, name: str, state: str) -> None:
        expect(self.row(name)).to_contain_text(state, timeout=90 * SECONDS)

    def select(self, name: str) -> None:
        """Tick a row's box, which is drawn on the canvas."""
        index = int(self.row(name).get_attribute("aria-rowindex") or 0)
        grid = self.page.get_by_test_id("stDataFrame").bounding_box()
        assert grid is not None
        height = 35
        self.page.mouse.click(grid["x"] + 17, grid["y"] + height * (index - 0.5))
        self.settle()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()
