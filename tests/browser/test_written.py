"""Written answers as a person sees them: a scripted model server writes, the product is real."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, expect

from app.texts import texts
from tests.app.conftest import write_pdf
from tests.app_server import AppServer
from tests.browser.conftest import visit
from tests.browser.pages import SECONDS, Footnote
from tests.writer import DIES, Writer

EN, RU = texts("en"), texts("ru")
ROOMS = "Rooms cost at most 140 EUR per night in Rotterdam."
TAXI = "A taxi at night is paid back in full."
BREAKFAST = "Breakfast is paid back up to 15 EUR a day."
INVENTED = "Dinner is paid back up to 999 EUR a day."
QUESTION = "How much may a room in Rotterdam cost, and what is paid back of breakfast and taxi?"
QUESTION_RU = "Сколько стоит пропуск на парковку?"
PARKING_RU = "Пропуск на парковку стоит 3000 тенге в месяц."


@pytest.fixture(scope="module")
def writer() -> Iterator[Writer]:
    with Writer() as running:
        yield running


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, writer: Writer) -> Iterator[AppServer]:
    folder = tmp_path_factory.mktemp("written")
    files = [
        write_pdf(folder / "hotels.pdf", ["Hotels are booked by the travel desk.", ROOMS]),
        folder / "extras.txt",
        folder / "parking.txt",
    ]
    files[1].write_text(f"{BREAKFAST} {TAXI}\n")
    files[2].write_text(f"{PARKING_RU} Его выдаёт охрана.\n")
    model = {"FOOTNOTE_LLM_URL": writer.url, "FOOTNOTE_LLM_MODEL": "scripted"}
    with AppServer(folder / "var", **model) as server:
        for file in files:
            take_in(server, file)
        yield server


def take_in(server: AppServer, file: Path) -> None:
    address = f"{server.url}/api/documents"
    reply = httpx.post(address, files={"file": (file.name, file.read_bytes())}, trust_env=False)
    address += f"/{reply.json()['id']}"
    end = time.monotonic() + 60
    while (state := httpx.get(address, trust_env=False).json()["state"]) != "ready":
        assert state in ("waiting", "working")
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def footnote(browser: Browser, written: AppServer) -> Iterator[Footnote]:
    yield from visit(browser, written, "en-GB")


@pytest.fixture
def footnote_ru(browser: Browser, written: AppServer) -> Iterator[Footnote]:
    yield from visit(browser, written, "ru-RU")


def sentence(answer: Locator, words: str) -> Locator:
    return answer.locator(".fn-s", has_text=words)


def test_each_sentence_is_shown_when_it_is_written_and_nothing_moves(
    footnote: Footnote, writer: Writer
):
    writer.will_write(f"{ROOMS} [1] ", "Breakfast is paid back ", "up to 15 EUR a day. [2]")
    answer = footnote.begin(QUESTION)
    bubble = footnote.page.get_by_test_id("stChatMessage").first
    expect(answer).to_contain_text("Reading")
    asked = bubble.bounding_box()
    writer.let(2)
    expect(sentence(answer, ROOMS)).to_be_visible()
    assert writer.sent == 2, "the first sentence waited for the last piece"
    expect(sentence(answer, "Breakfast")).to_have_count(0)
    during = (bubble.bounding_box(), sentence(answer, ROOMS).bounding_box())
    writer.let()
    expect(sentence(answer, BREAKFAST)).to_be_visible()
    expect(answer).to_contain_text(EN("mode.written"))
    footnote.settle()
    footnote.page.wait_for_timeout(0.5 * SECONDS)
    after = (bubble.bounding_box(), sentence(answer, ROOMS).bounding_box())
    assert asked == during[0]
    assert during == after


def test_each_citation_opens_its_document_and_an_invented_sentence_has_none(
    footnote: Footnote, writer: Writer
):
    # The numbers that the model gives are deliberately of no use: proofs are found anew.
    writer.will_write(f"{ROOMS} [7] ", f"{INVENTED} [1] ", f"{BREAKFAST} [8]")
    answer = footnote.begin(QUESTION)
    writer.let(3)
    expect(sentence(answer, BREAKFAST)).to_be_visible()
    footnote.settle()
    expect(answer).not_to_contain_text("999")
    expect(answer.locator(".fn-s")).to_have_count(2)
    for number, name, quote in ((1, "hotels.pdf", ROOMS), (2, "extras.txt", BREAKFAST)):
        panel = footnote.open_citation(answer, number)
        expect(panel).to_contain_text(name)
        expect(panel.locator("mark")).to_have_text(quote)
        footnote.page.keyboard.press("Escape")
        expect(panel).to_have_count(0)


def test_what_was_written_stays_when_the_model_dies(footnote: Footnote, writer: Writer):
    writer.will_write(f"{ROOMS} [1] ", "Breakfast is paid", DIES)
    answer = footnote.begin(QUESTION)
    writer.let(3)
    expect(answer).to_contain_text(EN("notice.model_interrupted"))
    footnote.settle()
    expect(sentence(answer, ROOMS)).to_be_visible()
    expect(answer).not_to_contain_text("Breakfast is paid")
    expect(answer.get_by_role("button", name="hotels.pdf")).to_be_visible()

    footnote.page.wait_for_timeout(1.5 * SECONDS)  # traces are written by a thread
    footnote.go("Traces")
    expect(footnote.page.locator(".fn-bar.fn-bad")).to_have_count(1)
    expect(footnote.page.locator(".fn-bars")).to_contain_text("The language model does not answer")


def test_the_notice_is_russian_on_the_russian_page(footnote_ru: Footnote, writer: Writer):
    writer.will_write(f"{PARKING_RU} [1] ", "Его выдаёт", DIES)
    answer = footnote_ru.begin(QUESTION_RU)
    writer.let(3)
    expect(answer).to_contain_text(RU("notice.model_interrupted"))
    expect(sentence(answer, PARKING_RU)).to_be_visible()


def test_without_a_model_server_the_answer_is_quotes_and_says_why(
    footnote: Footnote, writer: Writer
):
    with writer.down():
        answer = footnote.ask("How much may a room in Rotterdam cost?")
    expect(sentence(answer, ROOMS)).to_be_visible()
    expect(answer).to_contain_text(EN("notice.model_unavailable"))
    expect(answer).to_contain_text(EN("mode.extractive"))


ENDLESS = [f"{words} [1] " for words in (ROOMS, BREAKFAST, TAXI) * 20]


def hears_the_end(writer: Writer) -> bool:
    """Let the model go on until it notices that nobody listens, a few pieces at most."""
    for _ in range(3):
        if writer.hung_up.wait(1):
            return True
        writer.let()
    return writer.hung_up.wait(3)


@pytest.mark.parametrize("way", ["new conversation", "closed page"])
def test_the_model_stops_when_nobody_waits_for_its_answer(
    footnote: Footnote, writer: Writer, way: str
):
    writer.will_write(*ENDLESS)
    answer = footnote.begin(QUESTION)
    writer.let(3)
    expect(sentence(answer, BREAKFAST)).to_be_visible()
    if way == "closed page":
        footnote.page.close()
    else:
        footnote.page.get_by_role("button", name=EN("ask.new")).click()
    assert hears_the_end(writer)
    if way == "new conversation":
        expect(footnote.page.get_by_test_id("stChatMessage")).to_have_count(0)
        expect(footnote.page.locator(".fn-hero")).to_be_visible()


def test_the_model_stops_when_a_program_hangs_up(written: AppServer, writer: Writer):
    writer.will_write(*ENDLESS)
    body = {
        "model": "footnote",
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
    }
    address = f"{written.url}/v1/chat/completions"
    with (
        httpx.Client(trust_env=False) as client,
        client.stream("POST", address, json=body, timeout=30) as reply,
    ):
        writer.let(3)
        next(line for line in reply.iter_lines() if "140 EUR" in line)
    assert hears_the_end(writer)
