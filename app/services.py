"""What every request needs, opened once per process, and the one handle to it for the pages.

The API receives the `Services` as an argument. Streamlit runs the pages by path, with no argument
to pass anything in, so they reach the same object through `provide` and `current`: the one
process-level handle in Footnote. It knows nothing of HTTP.
"""

from dataclasses import dataclass

from ingest.jobs import Jobs, open_jobs
from ingest.pipeline import Pipeline
from ingest.sources.opening import configured
from ingest.sources.schedule import SourceSchedule
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
    sources: SourceSchedule

    def close(self) -> None:
        """Stop what writes to the store first."""
        self.sources.stop()
        self.jobs.close()
        self.pipeline.close()
        self.runtime.close()


def open_services(settings: Settings) -> Services:
    """Open store, catalogue, models and the queue; queue and sources are not started.

    Raises:
        ConfigError, IndexMismatch, StoreBusy: as `rag.runtime.open_runtime` says.
    """
    configured(settings)  # a mistake in the sources file is said before a model is loaded
    runtime = open_runtime(settings)
    traces = runtime.tracer.store
    pipeline = Pipeline(runtime.library, runtime.store, runtime.embedder, settings, traces)
    jobs = open_jobs(pipeline, settings)
    return Services(runtime, pipeline, jobs, SourceSchedule(pipeline, jobs.submit, settings))


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
