"""From an entry of the sources file to the source itself."""

from pathlib import Path

from ingest.sources import Source
from ingest.sources.config import (
    FolderConfig,
    S3Config,
    SourceConfig,
    WebConfig,
    load_sources,
    secret,
)
from ingest.sources.folder import FolderSource
from rag.settings import Settings


def configured(settings: Settings) -> tuple[SourceConfig, ...]:
    """The sources that the settings name. ConfigError: as `load_sources` says."""
    return load_sources(Path(settings.sources).expanduser() if settings.sources else None)


def open_source(config: SourceConfig, settings: Settings) -> Source:
    """The source, not yet connected to anything; the caller closes it.

    Raises:
        ConfigError: a variable with a secret is not set.
    """
    max_bytes = settings.max_file_mb << 20
    match config:
        case FolderConfig():
            return FolderSource(config.name, config.path, config.groups, max_bytes)
        case S3Config():
            from ingest.sources.s3 import S3Source

            key = secret(config.name, config.key_env)
            return S3Source(config, key, secret(config.name, config.secret_env), max_bytes)
        case WebConfig():
            from ingest.sources.web import WebSource

            return WebSource(config, max_bytes)
