"""What every request needs, opened once per process, and the one handle to it for the pages.

The API receives the `Services` as an argument. Streamlit runs the pages by path, with no argument
to pass anything in, so they reach the same object through `provide` and `current`: the one
process-level handle in Footnote. It knows nothing of HTTP.
"""

from dataclasses import dataclass

from ingest.jobs import Jobs, open_jobs
from ingest.pipeline import Pipeline
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings
from rag.types import EVERYONE, Principal
from serving.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Services:
    """The opened parts that pages and API share."""

    runtime: Runtime
    pipeline: Pipeline
    jobs: Jobs

    def close(self) -> None:
        """Stop the jobs first, because they write to the store."""
        self.jobs.stop()
        self.runtime.close()


def open_services(settings: Settings) -> Services:
    """Open store, catalogue, models and the queue; the queue is not started.

    Raises:
        ConfigError, IndexMismatch, StoreBusy: as `rag.runtime.open_runtime` says.
    """
    runtime = open_runtime(settings)
    pipeline = Pipeline(runtime.library, runtime.store, runtime.embedder, settings)
    return Services(runtime, pipeline, open_jobs(pipeline, settings))


_provided: list[Services] = []


def provide(services: Services) -> None:
    """Make `services` what the pages of this process use."""
    _provided[:] = [services]


def withdraw() -> None:
    """Undo `provide`, before the services are closed."""
    _provided.clear()


def current() -> Services:
    """The services of this process.

    Raises:
        ConfigError: a page was started without the server around it.
    """
    if not _provided:
        raise ConfigError("The pages run inside the server: start it with `python -m app`.")
    return _provided[0]


def local_principal(settings: Settings, group: str = "") -> Principal:
    """The single local user; with `group`, as a member of that group alone would see it."""
    groups = frozenset({EVERYONE, group}) if group else frozenset(settings.user_groups)
    return Principal("local", groups)
