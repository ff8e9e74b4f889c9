"""A real browser (Debian's Chromium) and a real server, both for the whole run of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.app_server import AppServer
from tests.browser.pages import CHROMIUM, Footnote

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not installed"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    with AppServer(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def footnote(browser: Browser, server: AppServer) -> Iterator[Footnote]:
    yield from visit(browser, server, "en-GB")


@pytest.fixture
def footnote_ru(browser: Browser, server: AppServer) -> Iterator[Footnote]:
    yield from visit(browser, server, "ru-RU")


def visit(browser: Browser, server: AppServer, locale: str) -> Iterator[Footnote]:
    """A fresh visit; afterwards nothing was asked of any other host."""
    elsewhere: list[str] = []

    def note(url: str) -> None:
        own = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
        if not url.startswith(own):
            elsewhere.append(url)

    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=locale)
    page: Page = context.new_page()
    page.on("request", lambda request: note(request.url))
    page.on("websocket", lambda socket: note(socket.url))
    footnote = Footnote(page, server.url)
    footnote.open()
    yield footnote
    context.close()
    assert elsewhere == []
