import re
import string
from pathlib import Path

import pytest

import app
from app import texts as module
from app.texts import LANGUAGES, language_from, notice_words, texts
from rag.answers import Mode, Support
from rag.types import State

STRINGS = module._STRINGS


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", STRINGS)
def test_both_languages_say_it_with_the_same_values(key):
    english, russian = STRINGS[key]
    assert english.strip()
    assert russian.strip()
    assert fields(english) == fields(russian)


NO_WORDS = ("outcome.", "nav.language")


@pytest.mark.parametrize("key", [key for key in STRINGS if not key.startswith(NO_WORDS)])
def test_russian_is_russian(key):
    russian = re.sub(r"\{\w+\}", "", STRINGS[key][1])
    if re.search(r"\w", russian):
        assert re.search("[а-яё]", russian, re.IGNORECASE)


def test_every_key_in_the_code_exists_and_every_string_is_used():
    code = "".join(path.read_text() for path in Path(app.__file__).parent.rglob("*.py"))
    used = set(re.findall(r"""text\(\s*["']([a-z._]+)["']""", code))
    assert used <= {re.sub(r"\.(one|few|many)$", "", key) for key in STRINGS} | set(STRINGS)
    table = Path(module.__file__).read_text().split("EXAMPLES")[0]
    quoted = set(re.findall(r"""["']([a-z]+\.[a-z_.]*)["']""", code.replace(table, "")))
    built = ("nav.", "state.", "support.", "mode.", "notice.", "outcome.", "traces.")
    built += ("docs.", "find.", "eval.failure.")
    assert {key for key in STRINGS if not key.startswith(built)} <= quoted


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_support_and_mode_has_words(language):
    text = texts(language)
    for state in State:
        assert text(f"state.{state.value}")
    for support in Support:
        assert text(f"support.{support.value}")
    for mode in (Mode.WRITTEN, Mode.EXTRACTIVE):
        assert text(f"mode.{mode.value}")
    for mode in Mode:
        assert text(f"outcome.{mode.value}")


def test_an_unknown_notice_is_shown_and_not_an_error():
    assert "some_new_code" in notice_words(texts("en"), "some_new_code")


@pytest.mark.parametrize(
    ("locale", "language"),
    [("ru-RU", "ru"), ("ru", "ru"), ("RU_ru", "ru"), ("en-GB", "en"), ("de", "en"), (None, "en")],
)
def test_the_browser_chooses_the_language(locale, language):
    assert language_from(locale) == language
