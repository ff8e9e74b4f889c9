"""Settings are typed, frozen, documented, and refuse names that they do not know."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.settings import PREFIX, Settings, load_settings, reference
from serving.errors import ConfigError

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _no_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_unknown_name_is_an_error_that_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match="FOOTNOTE_LLM_URL"):
        load_settings({"FOOTNOTE_LLM_ULR": "http://127.0.0.1:1/v1"})


def test_an_unknown_name_in_the_env_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("FOOTNOTE_PROT=1\n")
    with pytest.raises(ConfigError, match="FOOTNOTE_PROT"):
        load_settings({})


def test_a_bad_value_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTNOTE_PORT", "many")
    with pytest.raises(ConfigError, match="FOOTNOTE_PORT"):
        load_settings()


def test_variables_of_the_tests_and_of_others_are_left_alone() -> None:
    load_settings({"FOOTNOTE_TEST_QDRANT_URL": "http://127.0.0.1:1", "PATH": "/bin"})


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_no_secret_is_printed() -> None:
    settings = Settings(llm_key="s3cret", langfuse_secret_key="s3cret")  # type: ignore[arg-type]
    assert "s3cret" not in repr(settings)


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert text == reference(), "run: python -m rag.settings > docs/settings.md"


def test_every_setting_named_anywhere_exists() -> None:
    files = [p for kind in ("*.md", "*.yml", "*.py", "Makefile") for p in sources(kind)]
    named = {
        name
        for path in files
        for name in re.findall(rf"{PREFIX}([A-Z][A-Z_]+[A-Z])\b", path.read_text("utf-8"))
        if not name.startswith("TEST_")
    }
    assert named >= {"LLM_URL", "EMBEDDING_MODEL"}
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def sources(pattern: str) -> list[Path]:
    skipped = {".venv", "var", "node_modules", ".git", "tests"}
    return [p for p in ROOT.rglob(pattern) if skipped.isdisjoint(p.relative_to(ROOT).parts)]
