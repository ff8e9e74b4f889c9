"""What a person does on the pages, in Playwright's words."""

from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Locator, Page, expect

CHROMIUM = Path("/usr/bin/chromium")
SECONDS = 1000
"""Playwright counts in milliseconds."""
expect.set_options(timeout=20 * SECONDS)


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
        self._choose([str(file) for file in files], [file.name for file in files])

    def upload_folder(self, folder: Path) -> None:
        """Choose the folder and add what is in it."""
        self.page.get_by_test_id("stExpanderDetails").get_by_text("A folder", exact=True).click()
        chooser = self.page.get_by_test_id("stFileUploaderDropzoneInput")
        expect(self.page.locator("input[webkitdirectory]")).to_have_count(1)
        expect(chooser).to_have_count(1)  # the one for files is gone
        self._choose(str(folder), [])

    def _choose(self, paths: str | list[str], names: list[str]) -> None:
        self.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(paths)
        for name in names:
            expect(self.page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
        if not names:
            self.page.wait_for_timeout(2 * SECONDS)  # the uploader shows a few files at a time
        self.page.get_by_test_id("stFormSubmitButton").get_by_role("button").first.click()
        self.settle()

    def row(self, name: str) -> Locator:
        """The list's row of a document: the grid is a canvas, with a table for screen readers."""
        return self._list().locator('[role="row"]').filter(has_text=name)

    def _list(self) -> Locator:
        return self.page.locator(".st-key-documents-list").get_by_test_id("stDataFrame")

    def search(self, name: str) -> None:
        """Show only documents whose names hold this.

        While the page is drawn anew, as when a document is done, the box is there twice and what
        was typed into the old one is lost: a person types again.
        """
        box = self.page.locator(".st-key-name input")
        for _ in range(5):
            self.page.wait_for_timeout(0.5 * SECONDS)  # a run that was asked for has begun by then
            self.settle()
            box.first.fill(name)
            box.first.press("Enter")
            self.settle()
            if box.count() == 1 and box.input_value() == name:
                break
        expect(box).to_have_value(name)

    def wait_for_state(self, name: str, state: str) -> None:
        expect(self.row(name)).to_contain_text(state, timeout=90 * SECONDS)

    def select(self, name: str) -> None:
        """Tick a row's box, which is drawn on the canvas."""
        index = int(self.row(name).get_attribute("aria-rowindex") or 0)
        self._list().scroll_into_view_if_needed()
        grid = self._list().bounding_box()
        assert grid is not None
        height = 35
        self.page.mouse.click(grid["x"] + 17, grid["y"] + height * (index - 0.5))
        self.settle()
        expect(self.page.get_by_role("heading", name=name)).to_be_visible()

    def open_tab(self, name: str) -> Locator:
        """Open a tab of the chosen document; the panel."""
        panel = self.page.locator(".st-key-document-panel")
        panel.get_by_role("tab", name=name).click()
        self.settle()
        return panel

    # Traces

    def trace(self, question: str) -> Locator:
        """The rows of the questions that hold this."""
        return self.page.locator('[role="row"]').filter(has_text=question)
