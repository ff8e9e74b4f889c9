"""The file that names the sources (`FOOTNOTE_SOURCES`): TOML, one `[[source]]` table each.

Secrets never stand in it: `secret_env` and the like name variables of the environment. What the
kinds mean is said in docs/sources.md, and done in `folder.py`, `s3.py` and `web.py`.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from ingest.names import clean_groups
from serving.errors import ConfigError, RejectedFile

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(value: Any) -> Any:
    found = re.fullmatch(r"\s*(\d+)\s*([smhd])\s*", value) if isinstance(value, str) else None
    if not found or not int(found[1]):
        raise ValueError('give a number and a unit, like "30s", "15m", "6h" or "1d"')
    return int(found[1]) * _UNITS[found[2]]


def _groups(value: tuple[str, ...] | None) -> tuple[str, ...] | None:
    try:
        return None if value is None else clean_groups(value)
    except RejectedFile:
        raise ValueError("no group: nobody could read its documents") from None


def _name(value: str) -> str:
    if not re.fullmatch(r"\w[\w.-]{0,63}", value) or value.endswith("."):
        raise ValueError("letters, digits, `_`, `-` and `.`, at most 64, a letter first")
    return value


Every = Annotated[int, BeforeValidator(_seconds)]
"""Seconds."""


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_name)]
    groups: Annotated[tuple[str, ...] | None, AfterValidator(_groups)] = None
    """Who may read its documents; None: everyone at first, then as a person sets it."""


class FolderConfig(_Config):
    """A folder that this machine sees; it is watched too."""

    kind: Literal["folder"]
    path: Path
    """Relative to the file."""
    every: Every = 15 * 60


class S3Config(_Config):
    """A bucket, or what begins with `prefix` in it, at Amazon or any S3-compatible server."""

    kind: Literal["s3"]
    endpoint: Annotated[str, Field(pattern=r"^https?://[^/@?#\s]+/?$")]
    bucket: Annotated[str, Field(min_length=1)]
    prefix: str = ""
    region: str = "us-east-1"
    key_env: str = ""
    """Environment variable with the access key; empty, like `secret_env`: a public bucket."""
    secret_env: str = ""
    every: Every = 15 * 60

    @model_validator(mode="after")
    def _both(self) -> "S3Config":
        if bool(self.key_env) != bool(self.secret_env):
            raise ValueError("key_env and secret_env go together")
        return self


class WebConfig(_Config):
    """The pages that a sitemap, or a text file with an address a line, lists."""

    kind: Literal["web"]
    sitemap: str = ""
    urls: Path | None = None
    """Relative to the file."""
    hosts: tuple[str, ...] = ()
    """`host` or `host:port` that pages may be fetched from, beside those listed by hand."""
    whole_page: bool = False
    """Keep pages as they are, with their navigation."""
    max_pages: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    delay: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Seconds between two requests."""
    seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Longest that one page may take."""
    every: Every = 86400

    @model_validator(mode="after")
    def _either(self) -> "WebConfig":
        if bool(self.sitemap) == (self.urls is not None):
            raise ValueError("give either sitemap or urls")
        if self.sitemap and not re.match(r"https?://[^/@?#\s]+", self.sitemap):
            raise ValueError("sitemap is not an http address")
        return self


SourceConfig = FolderConfig | S3Config | WebConfig
_KINDS: dict[str, type[BaseModel]] = {"folder": FolderConfig, "s3": S3Config, "web": WebConfig}
_ADAPTER: TypeAdapter[SourceConfig] = TypeAdapter(
    Annotated[SourceConfig, Field(discriminator="kind")]
)


def load_sources(file: Path | None) -> tuple[SourceConfig, ...]:
    """The sources that the file names, in its order; none without a file.

    Raises:
        ConfigError: not readable, not TOML, an unknown name, a bad value, a name twice.
    """
    if file is None:
        return ()
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"FOOTNOTE_SOURCES: {file}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: is not TOML: {error}") from error
    entries = tables.pop("source", [])
    if tables or not isinstance(entries, list):
        raise ConfigError(f"{file}: write one [[source]] table for each source, nothing else.")
    sources = [_source(file, number, entry) for number, entry in enumerate(entries, 1)]
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{file}: two sources are named {name!r}. Rename one.")
    return tuple(sources)


def choose(sources: tuple[SourceConfig, ...], name: str) -> tuple[SourceConfig, ...]:
    """The source of this name, or all for an empty one.

    Raises:
        ConfigError: there is no such source, or none at all.
    """
    if not sources:
        raise ConfigError(
            "FOOTNOTE_SOURCES names no sources; docs/sources.md says how to write its file."
        )
    found = tuple(source for source in sources if name in ("", source.name))
    if not found:
        known = ", ".join(source.name for source in sources)
        raise ConfigError(f"No source is named {name!r}. FOOTNOTE_SOURCES names: {known}.")
    return found


def secret(name: str, variable: str, environ: Mapping[str, str] | None = None) -> str:
    """The value of a variable that a source's entry names; empty for an empty name.

    Raises:
        ConfigError: the variable is not set.
    """
    if not variable:
        return ""
    value = (os.environ if environ is None else environ).get(variable, "")
    if not value:
        raise ConfigError(f"Source {name}: the environment variable {variable} is not set.")
    return value


def _source(file: Path, number: int, entry: Any) -> SourceConfig:
    try:
        source = _ADAPTER.validate_python(entry)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = entry.get("name", number) if isinstance(entry, dict) else number
        raise ConfigError(f"{file}: source {name}: {_problem(entry, first)}") from None
    match source:
        case FolderConfig():
            return source.model_copy(update={"path": file.parent / source.path.expanduser()})
        case WebConfig(urls=Path() as urls):
            return source.model_copy(update={"urls": file.parent / urls.expanduser()})
    return source


def _problem(entry: Any, error: Any) -> str:
    """One line for the first thing that is wrong."""
    field = str(error["loc"][-1]) if error["loc"] else ""
    match error["type"]:
        case "union_tag_invalid" | "union_tag_not_found" | "model_attributes_type":
            return f"kind is one of {', '.join(_KINDS)}."
        case "missing":
            return f"{field} is missing."
        case "extra_forbidden":
            known = _KINDS[entry["kind"]].model_fields
            near = difflib.get_close_matches(field, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" Known: {', '.join(known)}."
            return f"unknown name {field}.{hint}"
    shown = f"{field}: " if field and field not in _KINDS else ""
    return f"{shown}{error['msg'].removeprefix('Value error, ')}."
