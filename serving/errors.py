"""The one exception tree, split by what the caller can do about it.

    FootnoteError
    ├── ConfigError       operator: edit the settings
    ├── IndexMismatch     operator: rebuild the index (the message names the command)
    ├── StoreBusy         operator: stop the other process, or use a Qdrant server
    ├── ModelUnavailable  anyone: try again shortly; a model server is down or slow
    ├── SourceUnavailable operator: a folder, bucket or site cannot be read now; kept in step later
    ├── RejectedFile      user: this file will never ingest as it is, and why
    ├── RejectedQuestion  user: this question cannot be asked as it is, and why
    └── Forbidden         the caller may not do or see this

Every message is one line that says what happened and what to do next. Nothing here carries
document text, so that a message may be logged.
"""


class FootnoteError(Exception):
    """Base of every error that Footnote raises on purpose."""


class ConfigError(FootnoteError):
    """A setting is missing, unknown or impossible."""


class IndexMismatch(FootnoteError):
    """The stored index was built with another embedder, chunking or schema."""


class StoreBusy(FootnoteError):
    """Another process holds the embedded store."""


class ModelUnavailable(FootnoteError):
    """A model server does not answer; transient."""


class SourceUnavailable(FootnoteError):
    """A source cannot be listed, or something in it not fetched; transient."""


class RejectedFile(FootnoteError):
    """A file cannot be ingested as it is; permanent until the file changes."""


class RejectedQuestion(FootnoteError):
    """A question is empty or too long; permanent until it is rephrased."""


class Forbidden(FootnoteError):
    """The principal may not see or do this. Says nothing about whether the thing exists."""
