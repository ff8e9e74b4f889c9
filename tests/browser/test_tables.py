"""Rows that answer a question, as a small table in a real browser."""

import os
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.pages import Footnote

LIMITS = """# Hotel limits

Limits apply per night and include breakfast.

| City | Limit | Note |
|---|---|---|
| Rotterdam | EUR 155 | <b>also</b> Delft |
| Almaty | KZT 55,000 | |
"""
ROOMS = """# Переговорные

| Комната | Мест | Этаж |
|---|---|---|
| Медеу | 12 | 3 |
| Шымбулак | 6 | 2 |
"""


def test_rows_are_a_table_in_both_languages(footnote: Footnote, tmp_path: Path) -> None:
    limits, rooms = tmp_path / "limits.md", tmp_path / "rooms.md"
    limits.write_text(LIMITS)
    rooms.write_text(ROOMS)
    footnote.go("Documents")
    footnote.upload(limits, rooms)
    footnote.wait_for_state("limits.md", "Ready")
    footnote.wait_for_state("rooms.md", "Ready")
    footnote.open()
    answer = footnote.ask("What is the hotel limit per night in Rotterdam and in Almaty?")
    table = answer.locator(".fn-rows table")
    expect(table).to_have_count(1)
    expect(table.locator("th")).to_have_text(["City", "Limit", "Note", ""])
    expect(table.locator("tbody tr")).to_have_count(2)
    expect(table).to_contain_text("EUR 155")
    russian = footnote.ask("Сколько мест в переговорной Медеу?")
    expect(russian.locator(".fn-rows tbody tr").first).to_contain_text("Медеу")
    expect(russian.locator(".fn-rows th").first).to_have_text("Комната")
    folder = os.environ.get("FOOTNOTE_TEST_PICTURES")
    if folder:
        footnote.page.screenshot(path=Path(folder) / "tables.png")
