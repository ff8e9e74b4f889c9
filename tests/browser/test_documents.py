"""The Documents page as a content owner uses it, in a real browser against the real product."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.app_server import AppServer
from tests.browser.files import PRICES, office
from tests.browser.pages import SECONDS, Footnote


@pytest.fixture
def emptied(server: AppServer) -> Iterator[None]:
    """No problems of other tests are shown, and nothing of this test stays for them."""
    with httpx.Client(base_url=server.url, timeout=60) as http:
        documents = http.get("/api/documents").json()["documents"]
        before = {document["id"] for document in documents}
        for document in documents:
            if document["state"] == "rejected":  # files of one reason would stand together
                http.delete(f"/api/documents/{document['id']}")
        yield
        for document in http.get("/api/documents").json()["documents"]:
            if document["id"] not in before:
                http.delete(f"/api/documents/{document['id']}")


@pytest.mark.slow
def test_a_folder_of_anything(footnote: Footnote, emptied: None, tmp_path: Path):
    office(tmp_path / "office")
    page = footnote.page
    footnote.go("Documents")
    footnote.upload_folder(tmp_path / "office")
    footnote.search("office/")
    footnote.wait_for_state("inventory scan.pdf", "Ready")
    footnote.wait_for_state("prices.md", "Ready")
    footnote.wait_for_state("↳ minutes/may.txt", "Ready")
    footnote.wait_for_state("nordlicht.txt", "to check")
    footnote.wait_for_state("locked.pdf", "Not accepted")
    first = int(footnote.row("office/building/2019.zip").get_attribute("aria-rowindex") or 0)
    inside = footnote.row("↳ minutes/may.txt").get_attribute("aria-rowindex")
    assert int(inside or 0) == first + 1

    problems = page.locator(".st-key-problems")
    expect(problems.locator(".fn-notice").filter(has_text="staff/locked.pdf")).to_contain_text(
        "password"
    )
    expect(problems).to_contain_text("2 files: The file is empty")
    problems.get_by_role("button", name="Try again").last.click()
    footnote.settle()
    footnote.wait_for_state("locked.pdf", "Not accepted")

    footnote.select("office/building/inventory scan.pdf")
    panel = page.locator(".st-key-document-panel")
    expect(panel.get_by_test_id("stImage").locator("img")).to_be_visible()
    expect(panel.locator(".fn-read")).to_contain_text("Hartmann")
    expect(panel).to_contain_text("Recognised from a picture")
    expect(footnote.open_tab("Report")).to_contain_text("Page 1 was recognised from a picture")
    expect(panel).to_contain_text("Page 2 holds no text")


def test_versions_are_compared_and_an_earlier_one_comes_back(
    footnote: Footnote, emptied: None, tmp_path: Path
):
    footnote.go("Documents")
    for dish in (7, 9):
        folder = tmp_path / str(dish)  # a browser takes the same path for the same file
        folder.mkdir()
        file = folder / "canteen prices.md"
        file.write_text(PRICES.format(dish=dish, coffee="1.80"))
        footnote.upload(file)
        footnote.wait_for_state(file.name, "Ready")
        footnote.page.wait_for_timeout(1 * SECONDS)  # versions are dated by the second
    footnote.select(file.name)
    panel = footnote.open_tab("Versions")
    expect(panel.locator(".fn-diff del")).to_have_text(" 7")
    expect(panel.locator(".fn-diff ins")).to_have_text(" 9")
    panel.get_by_role("button", name="Go back to").click()
    footnote.settle()
    footnote.wait_for_state(file.name, "Ready")
    expect(footnote.open_tab("What was read").locator(".fn-read")).to_contain_text("costs 7 euros")


def test_deleting_leaves_a_receipt(footnote: Footnote, emptied: None, tmp_path: Path):
    file = tmp_path / "shredded.txt"
    file.write_text("The shredder stands beside the copier on the second floor.\n")
    footnote.go("Documents")
    footnote.upload(file)
    footnote.wait_for_state(file.name, "Ready")
    footnote.select(file.name)
    footnote.page.get_by_role("button", name="Delete").click()
    footnote.page.get_by_role("button", name="Yes, delete").click()
    receipt = footnote.page.locator(".st-key-receipt")
    expect(receipt).to_contain_text("Nothing of it is left")
    left = receipt.locator("tr").last.locator("td").all_inner_texts()
    assert left == ["Left", *["0"] * 7]
    footnote.page.get_by_role("tab", name="Deleted").click()
    expect(footnote.page.get_by_test_id("stDataFrame").last).to_contain_text("shredded.txt")
