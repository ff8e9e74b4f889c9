"""The Ask page's logic, run by Streamlit's AppTest against real documents."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from app.services import Services
from app.texts import EXAMPLES, texts
from rag.answers import Retrieved, Said, Sentence, Turn
from rag.types import Principal, document_id
from serving.errors import ModelUnavailable
from tests.app.scripted import ScriptedAnswerer, passage, quotes, refusal

EN = texts("en")
RU = texts("ru")
POLICY = passage("policy.pdf", "The daily allowance is 45 euros.", 2)


def page(language: str, group: str) -> None:
    from app import ask
    from app.services import current, local_principal
    from app.texts import texts

    services = current()
    ask.show(services, texts(language), local_principal(services.runtime.settings, group))


def start(language: str = "en", group: str = "") -> AppTest:
    return AppTest.from_function(page, args=(language, group), default_timeout=20).run()


def shown(at: AppTest) -> str:
    """All text on the page, markup included."""
    assert not at.exception
    elements = [*at.get("html"), *at.markdown, *at.caption, *at.error, *at.warning, *at.code]
    return "\n".join(getattr(e, "value", None) or e.proto.body for e in elements)


def ask(at: AppTest, question: str) -> AppTest:
    return at.chat_input[0].set_value(question).run()


def chips(at: AppTest, prefix: str = "cite-") -> list[str]:
    return [b.label for b in at.button if b.key and b.key.startswith(prefix)]


def test_the_empty_page_says_what_it_is_and_offers_questions(provided):
    at = start()
    assert "Footnote" in shown(at)
    assert EN("ask.tagline") in shown(at).replace("&#x27;", "'")
    assert [b.label for b in at.button][:4] == list(EXAMPLES["en"])


def test_an_example_is_asked_by_one_click(scripted: ScriptedAnswerer):
    at = start()
    scripted.replies = [quotes("", POLICY)]
    at.button[0].click().run()
    assert scripted.asked[0][0] == EXAMPLES["en"][0]
    assert POLICY.chunk.text in shown(at)


def test_an_answer_has_a_chip_for_each_citation(scripted: ScriptedAnswerer):
    other = passage("a_b [c].md", "It was 40 euros before.")
    scripted.replies = [quotes("How much?", POLICY, other)]
    at = ask(start(), "How much?")
    assert chips(at) == [r"**1** · policy\.pdf\, p\. 2", r"**2** · a\_b \[c\]\.md"]
    assert EN("mode.extractive") in shown(at)
    again = shown(at.run())  # the next run shows the same from the session
    assert POLICY.chunk.text in again
    assert len(chips(at)) == 2


def test_earlier_exchanges_go_with_the_next_question(scripted: ScriptedAnswerer):
    scripted.replies = [quotes("One?", POLICY), quotes("Two?", POLICY)]
    at = ask(ask(start(), "One?"), "Two?")
    (_, principal, none, session), (_, _, history, same_session) = scripted.asked
    assert none == ()
    assert history == (Turn("One?", "The daily allowance is 45 euros. [1]"),)
    assert session
    assert session == same_session
    assert principal == Principal("local", frozenset({"everyone"}))
    assert len(at.chat_message) == 4


def test_a_new_conversation_forgets_the_old_one(scripted: ScriptedAnswerer):
    scripted.replies = [quotes("One?", POLICY), quotes("Two?", POLICY)]
    at = ask(start(), "One?")
    at.button(key="new").click().run()
    assert not at.chat_message
    ask(at, "Two?")
    assert scripted.asked[1][2] == ()
    assert scripted.asked[0][3] != scripted.asked[1][3]


def test_a_refusal_says_what_was_searched_and_what_came_closest(scripted: ScriptedAnswerer):
    scripted.replies = [refusal("Wine?", POLICY, searched=17)]
    at = ask(start(), "Wine?")
    assert EN("ask.searched", count=17) in shown(at)
    assert chips(at) == []
    assert chips(at, "near-") == [r"policy\.pdf\, p\. 2"]


def test_what_was_said_stays_when_the_model_goes(scripted: ScriptedAnswerer):
    lost = ModelUnavailable("The model server does not answer. Try again shortly.")
    scripted.replies = [[Retrieved((POLICY,)), Said(Sentence("It is 45 euros."), ()), lost]]
    at = ask(start(), "How much?")
    for page in (at, at.run()):
        assert "It is 45 euros." in shown(page)
        assert page.error[0].value.replace("\\", "").endswith(str(lost))


@pytest.mark.parametrize("code", ["model_unavailable", "model_interrupted"])
def test_a_notice_is_told_in_the_chosen_language(scripted: ScriptedAnswerer, code: str):
    scripted.replies = [quotes("Сколько?", POLICY, language="ru", notice=code)]
    assert RU(f"notice.{code}") in shown(ask(start("ru"), "Сколько?"))


@pytest.mark.parametrize(
    ("question", "line"),
    [("о" * 20_000, RU("ask.too_long", limit=4000)), (" ?! ", RU("ask.empty"))],
)
def test_a_question_that_cannot_be_asked_is_told_so_in_the_chosen_language(
    provided: Services, question: str, line: str
):
    at = ask(start("ru"), question)
    assert at.error[0].value.replace("\\", "") == line
    at = ask(at, "What is the daily allowance for travel within the country?")
    assert "45 euros" in shown(at)


def test_hostile_text_stays_text(scripted: ScriptedAnswerer):
    hostile = "<img src=x onerror=alert(1)> ![x](http://evil.example/x.png)"
    scripted.replies = [quotes(hostile, passage(hostile, hostile))]
    at = ask(start(), hostile)
    assert "&lt;img" in at.get("html")[-2].proto.body
    assert "<img" not in "".join(e.proto.body for e in at.get("html"))
    read_as_markdown = [*(m.value for m in at.markdown), *chips(at)]
    assert any("evil" in words for words in read_as_markdown)
    assert not re.search(r"(?<!\\)[<!\[]", "".join(read_as_markdown))


def test_a_citation_opens_the_page_with_the_quote_marked(provided: Services):
    at = ask(start(), "What is the daily allowance for travel within the country?")
    assert chips(at)[0] == r"**1** · policy\.pdf\, p\. 2"
    at.button(key="cite-0-1").click().run()
    everything = shown(at)
    assert "<mark>The daily allowance for travel within the country is 45 euros." in everything
    assert EN("cite.page", page=2, pages=2) in everything
    assert len(at.get("image")) == 1
    link = at.get("link_button")[0].proto.url
    assert link == f"/api/documents/{document_id('policy.pdf')}/original#page=2"


def test_a_citation_of_a_document_that_is_gone_shows_nothing_of_it(scripted: ScriptedAnswerer):
    gone = passage("gone.pdf", "It said so.")
    scripted.replies = [quotes("What?", gone)]
    at = ask(start(), "What?")
    at.button(key="cite-0-1").click().run()
    assert at.warning[0].value == EN("cite.gone")
    assert not at.get("link_button")


def test_a_citation_is_closed_to_who_may_no_longer_read_it(provided: Services):
    question = "What is the salary of the head of finance?"
    at = ask(start(group="hr"), question)
    assert "9000" in shown(at)
    conversation = at.session_state["conversation"]
    other = AppTest.from_function(page, args=("en", ""), default_timeout=20)
    other.session_state["conversation"] = conversation
    other.run().button(key="cite-0-1").click().run()
    assert other.warning[0].value == EN("cite.gone")


def test_who_may_not_read_a_document_is_not_answered_from_it(provided: Services):
    at = ask(start(), "What is the salary of the head of finance?")
    assert "9000" not in shown(at)
