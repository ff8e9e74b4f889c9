"""What surrounds the pages: language, who asks, which model writes."""

from dataclasses import replace

from streamlit.testing.v1 import AppTest

import app
from app.services import Services, local_principal, provide, withdraw
from app.texts import texts
from rag.settings import Settings
from rag.types import EVERYONE, Principal

FRAME = str(app.__path__[0]) + "/frame.py"
EN, RU = texts("en"), texts("ru")


def start(**state: object) -> AppTest:
    at = AppTest.from_file(FRAME, default_timeout=20)
    at.session_state["ollama"] = ()
    for key, value in state.items():
        at.session_state[key] = value
    at.run()
    assert not at.exception
    return at


def test_the_language_can_be_switched_and_stays(provided):
    at = start(language="ru")
    assert at.chat_input[0].placeholder == RU("ask.input")
    at.segmented_control(key="language").set_value("en").run()
    assert at.chat_input[0].placeholder == EN("ask.input")


def test_a_switch_without_a_value_keeps_the_language(provided):
    at = start(language=None, language_before="ru")
    assert at.chat_input[0].placeholder == RU("ask.input")


def test_only_groups_that_exist_are_offered_and_a_vanished_one_is_dropped(provided):
    at = start(as_group="vanished")
    assert at.sidebar.selectbox[0].options == [EN("side.as.own", groups=EVERYONE), EVERYONE, "hr"]
    assert at.session_state["as_group"] == ""


def test_who_asks():
    settings = Settings(user_groups=("everyone", "it"))
    assert local_principal(settings) == Principal("local", frozenset({"everyone", "it"}))
    assert local_principal(settings, "hr") == Principal("local", frozenset({"everyone", "hr"}))


def test_a_local_ollama_is_offered_with_the_settings_to_set(provided):
    at = start(ollama=("qwen3:8b",))
    offered = at.sidebar.code[0].value
    assert "FOOTNOTE_LLM_MODEL=qwen3:8b" in offered
    assert "FOOTNOTE_LLM_URL=http://127.0.0.1:11434/v1" in offered


def test_a_configured_model_is_named_and_nothing_is_offered(services: Services):
    model = "qwen3:8b"
    settings = services.runtime.settings.model_copy(
        update={"llm_url": "http://127.0.0.1:1/v1", "llm_model": model}
    )
    provide(replace(services, runtime=replace(services.runtime, settings=settings)))
    try:
        at = start(ollama=("other",))
        captions = " ".join(caption.value for caption in at.sidebar.caption)
        assert model in captions.replace("\\", "")
        assert not at.sidebar.code
    finally:
        withdraw()
