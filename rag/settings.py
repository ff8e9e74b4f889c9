"""The one typed, frozen Settings. Every field is an environment variable `FOOTNOTE_<NAME>`.

`docs/settings.md` lists them all and a test holds that list true. Read once, in
`load_settings`, by whoever starts the process; everything else receives the object.
"""

import difflib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.types import EVERYONE
from serving.errors import ConfigError

PREFIX = "FOOTNOTE_"
TEST_PREFIX = "FOOTNOTE_TEST_"
"""Variables of the tests; not settings."""


class Settings(BaseSettings):
    """What an operator can choose. Frozen; an unknown name is an error."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", frozen=True, extra="forbid", env_ignore_empty=True
    )

    data_dir: Path = Field(
        default=Path("var"),
        description="Folder for everything Footnote keeps: index, catalogue, originals, traces.",
    )
    host: str = Field(default="127.0.0.1", description="Address the web server binds to.")
    port: int = Field(default=8501, ge=1, le=65535, description="Port of pages and API alike.")
    user_groups: tuple[str, ...] = Field(
        default=(EVERYONE,),
        description='Access groups of the single local user, as JSON: `["everyone", "hr"]`.',
    )
    embedding_model: str = Field(
        default="multilingual-e5-small",
        description="`multilingual-e5-small` (from a PyPI wheel), a folder, or a hub name.",
    )
    embedding_url: str = Field(
        default="", description="OpenAI-compatible embeddings server; empty: embed in-process."
    )
    embedding_key: SecretStr = Field(
        default=SecretStr(""), description="Key of the embeddings server."
    )
    llm_url: str = Field(
        default="",
        description="OpenAI-compatible server that writes answers (`http://…/v1`); "
        "empty: extractive answers.",
    )
    llm_model: str = Field(default="", description="Model name to ask that server for.")
    llm_key: SecretStr = Field(default=SecretStr(""), description="Key of that server.")
    llm_timeout: float = Field(
        default=30.0, gt=0, description="Seconds without a token before the model counts as gone."
    )
    judge_url: str = Field(
        default="",
        description="OpenAI-compatible server that judges answers in `python -m rag.evaluate`; "
        "empty: only what needs no model is measured.",
    )
    judge_model: str = Field(default="", description="Model name to ask that server for.")
    judge_key: SecretStr = Field(default=SecretStr(""), description="Key of that server.")
    rerank_model: str = Field(
        default="",
        description="Cross-encoder folder or hub name, or the model's name at `rerank_url`; "
        "empty: passages are ranked with the embedding model.",
    )
    rerank_url: str = Field(
        default="",
        description="Server with an OpenAI-style `/rerank` (Jina, vLLM, TEI), `http://…/v1`; "
        "empty: rerank in-process.",
    )
    rerank_key: SecretStr = Field(default=SecretStr(""), description="Key of that server.")
    qdrant_url: str = Field(
        default="", description="Qdrant server; empty: the embedded store in `data_dir`."
    )
    qdrant_key: SecretStr = Field(default=SecretStr(""), description="API key of Qdrant.")
    collection: str = Field(default="footnote", description="Collection on the Qdrant server.")
    catalogue_url: SecretStr = Field(
        default=SecretStr(""),
        description="PostgreSQL for the catalogue, `postgresql+psycopg://user:key@host/name`, "
        "for workers on several machines; empty: SQLite in `data_dir`.",
    )
    queue_url: SecretStr = Field(
        default=SecretStr(""),
        description="Redis for the queue of documents, `redis://host:6379/0`; empty: SQLite in "
        "`data_dir`.",
    )
    workers: int = Field(
        default=2,
        ge=0,
        le=64,
        description="Documents that this process reads at once; 0: it only serves, and files wait "
        "for `python -m ingest worker` elsewhere.",
    )
    passages: int = Field(
        default=8, ge=1, le=50, description="Passages put before the language model."
    )
    context_tokens: int = Field(
        default=5000,
        ge=256,
        description="Most tokens, as the embedding model counts them, of the passages put before "
        "the language model.",
    )
    candidates: int = Field(
        default=100, ge=1, le=1000, description="Chunks fetched by each half of the hybrid search."
    )
    unsupported: Literal["remove", "mark"] = Field(
        default="remove", description="What becomes of a written sentence without support."
    )
    owners: dict[str, str] = Field(
        default={},
        description="Whom a refusal names, by the beginning of documents' names, as JSON: "
        '`{"hr": "Anna <anna@…>", "": "help desk"}`.',
    )
    max_question_chars: int = Field(
        default=4000, ge=1, description="Longest question accepted, in characters."
    )
    max_file_mb: int = Field(default=100, ge=1, description="Largest file accepted, in MiB.")
    max_parse_seconds: int = Field(
        default=120, ge=1, description="Longest a file may take to parse."
    )
    max_page_seconds: int = Field(
        default=60,
        ge=1,
        description="Longest that recognising the text of one scanned page may take; each such "
        "page adds this to `max_parse_seconds`.",
    )
    max_parse_memory_mb: int = Field(
        default=2048, ge=256, description="Most memory that parsing one file may take, in MiB."
    )
    max_pages: int = Field(
        default=5000, ge=1, description="Most pages, slides or sheets that one file may have."
    )
    max_expanded_mb: int = Field(
        default=1024,
        ge=1,
        description="Most that one file may unpack to (archives, Office files), in MiB.",
    )
    max_members: int = Field(
        default=10_000, ge=1, description="Most files that one archive or e-mail may hold."
    )
    sources: str = Field(
        default="",
        description="File that names the folders, buckets and sites to follow (docs/sources.md).",
    )
    keep_versions: int = Field(
        default=20, ge=1, description="Contents kept of each document, the present one among them."
    )
    langfuse_url: str = Field(default="", description="Langfuse server, e.g. `http://…:3000`.")
    langfuse_public_key: str = Field(default="", description="Langfuse project's public key.")
    langfuse_secret_key: SecretStr = Field(
        default=SecretStr(""), description="Langfuse project's secret key."
    )
    trace_days: int = Field(default=30, ge=1, description="Days that local traces are kept.")


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment and `.env`.

    Raises:
        ConfigError: an unknown `FOOTNOTE_` name (with the nearest known one) or a bad value.
    """
    env = os.environ if environ is None else environ
    for name in env:
        if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX):
            _check_known(name.removeprefix(PREFIX).lower())
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = "_".join(str(part) for part in first["loc"][:1])
        raise ConfigError(
            f"{PREFIX}{field.upper()}: {first['msg']}. See docs/settings.md."
        ) from None


def _check_known(field: str) -> None:
    known = Settings.model_fields
    if field in known:
        return
    near = difflib.get_close_matches(field, known, n=1)
    hint = f" Did you mean {PREFIX}{near[0].upper()}?" if near else ""
    raise ConfigError(f"Unknown setting {PREFIX}{field.upper()}.{hint} See docs/settings.md.")


def reference() -> str:
    """`docs/settings.md`: every setting with its default and meaning, as Markdown."""
    lines = [
        "# Settings",
        "",
        "Environment variables, or lines of a file `.env` beside the `Makefile`. An unknown",
        "`FOOTNOTE_` name is an error at start. This page is written by",
        "`python -m rag.settings > docs/settings.md`, and a test holds it true.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        value = field.default
        if isinstance(value, SecretStr):
            value = ""
        elif isinstance(value, tuple | dict):
            value = json.dumps(value)
        shown = f"`{value}`" if str(value) else "empty"
        lines.append(f"| `{PREFIX}{name.upper()}` | {shown} | {field.description} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(reference())
