"""The Explain page: what is said of a real document, and who may see it."""

from streamlit.testing.v1 import AppTest

from app.explain import outcome_words
from app.services import Services
from app.texts import LANGUAGES, texts
from rag.explanation import Explanation, Outcome
from rag.types import document_id
from rag.understand import Understood

EN = texts("en")
QUESTION = "What is the daily allowance for travel within the country?"


def page() -> None:
    import streamlit as st

    from app import explain
    from app.services import current, local_principal
    from app.texts import texts

    services = current()
    group = st.session_state.get("as_group", "")
    settings = services.runtime.settings
    explain.show(services, texts("en"), local_principal(settings, group))


def asked(question: str, name: str = "policy.pdf", **state: object) -> AppTest:
    at = AppTest.from_function(page, default_timeout=30)
    for key, value in state.items():
        at.session_state[key] = value
    at.run()
    at.text_input(key="explain-question").set_value(question)
    at.selectbox(key="explain-document").set_value(document_id(name))
    at.button[0].click().run()
    assert not at.exception
    return at


def test_a_document_that_answers_is_told_step_by_step(provided: Services) -> None:
    at = asked(QUESTION)
    assert at.success[0].value == EN("explain.quoted").replace(":", "\\:").replace(".", "\\.")
    steps, sentences = (frame.value for frame in at.dataframe)
    assert list(steps[EN("explain.step")]) == [
        EN(f"explain.{name}") for name in ("dense", "sparse", "fused", "ranked")
    ]
    assert set(steps[EN("explain.rank")]) == {1}
    assert steps[EN("explain.passed")].all()
    assert "45 euros" in sentences[EN("explain.sentence")].iloc[0]
    assert sentences[EN("explain.shown")].iloc[0]
    assert "allow" in at.markdown[0].value


def test_nothing_is_explained_before_something_is_asked(provided: Services) -> None:
    for question in ("", "  ?"):
        at = asked(question)
        assert not at.success
        assert not at.warning
        assert not at.dataframe


def test_only_documents_that_the_viewer_may_read_are_offered(provided: Services) -> None:
    at = AppTest.from_function(page, default_timeout=30).run()
    assert at.selectbox[0].options == ["policy.pdf"]


def test_who_may_know_is_told_that_access_removed_it(services: Services) -> None:
    from dataclasses import replace

    from app.services import provide, withdraw

    settings = services.runtime.settings.model_copy(update={"user_groups": ("everyone", "hr")})
    provide(replace(services, runtime=replace(services.runtime, settings=settings)))
    try:
        at = asked("What does the head of finance earn?", "salary.txt", as_group="everyone")
    finally:
        withdraw()
    assert "in none of the document" in at.warning[0].value
    assert not at.dataframe


def test_every_outcome_has_words_in_both_languages(services: Services) -> None:
    document = services.runtime.library.get(document_id("policy.pdf"))
    assert document is not None
    found = Explanation(document, Outcome.QUOTED, Understood("q", filter="in the policy"))
    for language in LANGUAGES:
        said = {
            outcome_words(texts(language), found, outcome, writes)
            for outcome in Outcome
            for writes in (False, True)
        }
        assert len(said) == len(Outcome) + 1
