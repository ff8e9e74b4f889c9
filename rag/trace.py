"""Tracing: every question is one trace, its steps are nested spans.

OpenTelemetry underneath, with Langfuse's attribute names, so that the same spans go to the
local `TraceStore` (always) and to a Langfuse server (when its keys are set). No OpenTelemetry
type leaves this module.

Parents are passed explicitly (`step.step(...)`), never found in a context variable: an answer
is a generator, and its next step may run in another thread than the one before.

What this does not know: a process that is killed loses the spans of the last half second and
every trace whose root had not ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, Self

from opentelemetry import trace as otel
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.util.types import AttributeValue

from rag.trace_export import LangfuseKeys, Names, langfuse_processor, local_processor
from rag.trace_store import TraceStore
from rag.trace_values import Json, dumps, plain

__all__ = ["Kind", "LangfuseKeys", "Step", "Trace", "Tracer", "open_tracer"]

Kind = Literal["span", "retriever", "embedding", "generation", "guardrail", "chain"]
"""Langfuse's observation types."""


@dataclass(frozen=True, slots=True)
class _Belongs:
    """What every span of a trace repeats, because Langfuse filters by it."""

    name: str
    user: str
    session: str
    tags: tuple[str, ...]

    def attributes(self) -> dict[str, AttributeValue]:
        found: dict[str, AttributeValue] = {Names.TRACE_NAME: self.name}
        if self.user:
            found[Names.USER] = self.user
        if self.session:
            found[Names.SESSION] = self.session
        if self.tags:
            found[Names.TAGS] = self.tags
        return found


class Step:
    """One step of a trace; a context manager that ends it and records how it ended.

    An exception passes through and is recorded with type and message; a generator that was
    closed early (the asker went away) is recorded as cancelled. Safe to use from another
    thread than the one that opened it, though not from two at once.
    """

    def __init__(
        self,
        tracer: otel.Tracer,
        name: str,
        kind: Kind,
        belongs: _Belongs,
        context: Context,
        input: object = None,
    ) -> None:
        self._tracer = tracer
        self._belongs = belongs
        self._json: dict[str, None] = {}  # an ordered set of the attributes that hold JSON
        self._span = tracer.start_span(name, context=context, attributes=belongs.attributes())
        self._started = datetime.now(UTC)
        self._failed = False
        self._span.set_attribute(Names.KIND, kind)
        self.set(input=input)

    def step(self, name: str, kind: Kind = "span", input: object = None) -> Step:
        """A step inside this one. Use it with `with`."""
        parent = otel.set_span_in_context(self._span, Context())
        return Step(self._tracer, name, kind, self._belongs, parent, input)

    def set(
        self,
        *,
        input: object = None,
        output: object = None,
        metadata: Mapping[str, object] | None = None,
    ) -> None:
        """Record what went in, what came out, and named facts; None leaves things as they are.

        Dataclasses and nested values are welcome; vectors are replaced by their size
        (`rag.trace_values`). A later call overwrites the same keys.
        """
        if input is not None:
            self._put(Names.INPUT, plain(input))
        if output is not None:
            self._put(Names.OUTPUT, plain(output))
        for key, value in (metadata or {}).items():
            facts = plain({key: value})  # as an object, so that the key's name counts
            assert isinstance(facts, dict)
            self._put(f"{Names.METADATA}.{key}", facts[key])

    def generation(
        self,
        *,
        model: str = "",
        parameters: Mapping[str, object] | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
    ) -> None:
        """For kind `generation` (and `embedding`): the model, how it was asked, tokens used."""
        if model:
            self._put(Names.MODEL, model)
        if parameters:
            self._put(Names.PARAMETERS, plain(parameters))
        usage: dict[str, Json] = {}
        if input_tokens is not None:
            usage["input"] = input_tokens
        if output_tokens is not None:
            usage["output"] = output_tokens
        if usage:
            self._put(Names.USAGE, usage)

    def first_token(self) -> None:
        """The model's first token arrived now. Call once."""
        now = datetime.now(UTC)
        # Langfuse's own SDK writes this time as a JSON string.
        self._span.set_attribute(Names.FIRST_TOKEN, dumps(now.isoformat().replace("+00:00", "Z")))
        waited = (now - self._started).total_seconds() * 1000
        self.set(metadata={"time_to_first_token_ms": round(waited, 1)})

    def fail(self, message: str) -> None:
        """Mark the step failed although no exception leaves it (it was handled)."""
        self._failed = True
        self._span.set_attribute(Names.LEVEL, "ERROR")
        self._span.set_attribute(Names.STATUS_MESSAGE, message)
        self._span.set_status(otel.Status(otel.StatusCode.ERROR, message))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, GeneratorExit):
            self._span.set_attribute(Names.LEVEL, "WARNING")
            self._span.set_attribute(Names.STATUS_MESSAGE, "cancelled")
        elif error is not None:
            name = type(error).__name__
            self._span.add_event(
                "exception", {"exception.type": name, "exception.message": str(error)}
            )
            self.fail(f"{name}: {error}")
        self._span.end()

    def _put(self, name: str, value: Json) -> None:
        """Strings, numbers and truth values as they are, all else as JSON, and say which."""
        if isinstance(value, str | bool | int | float):
            self._span.set_attribute(name, value)
            if self._json.pop(name, self) is None:
                self._span.set_attribute(Names.JSON, tuple(self._json))
            return
        self._span.set_attribute(name, dumps(value))
        if name not in self._json:
            self._json[name] = None
            self._span.set_attribute(Names.JSON, tuple(self._json))


class Trace(Step):
    """The root step of a question."""

    @property
    def trace_id(self) -> str:
        """32 hex digits, the same in the local store and in Langfuse."""
        return format(self._span.get_span_context().trace_id, "032x")


class Tracer:
    """Starts traces; owns the store and the exporting threads. Safe to share."""

    def __init__(self, store: TraceStore | None, provider: TracerProvider) -> None:
        self.store = store
        self._provider = provider
        self._otel = provider.get_tracer("footnote")

    def trace(
        self,
        name: str,
        *,
        input: object = None,
        user: str = "",
        session: str = "",
        tags: Sequence[str] = (),
        kind: Kind = "chain",
    ) -> Trace:
        """A new trace. Use it with `with`.

        The store lists a trace by its root's metadata `mode` and `refused`: set them there.
        """
        belongs = _Belongs(name, user, session, tuple(tags))
        return Trace(self._otel, name, kind, belongs, Context(), input)

    def flush(self) -> None:
        """Write what has ended to every destination; blocks (a Langfuse that is down: 5 s)."""
        self._provider.force_flush()

    def close(self) -> None:
        """Flush, stop the threads, close the store. What is traced afterwards is lost."""
        self._provider.shutdown()
        if self.store is not None:
            self.store.close()


def open_tracer(store: TraceStore | None, langfuse: LangfuseKeys | None = None) -> Tracer:
    """A tracer that writes to `store` and, given keys, to a Langfuse server.

    With neither it traces nowhere, at next to no cost. The provider is our own and never
    made global, and its sampler and limits do not listen to `OTEL_` variables, so that no
    trace goes missing or elsewhere.
    """
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        resource=Resource({"service.name": "footnote"}),
        span_limits=SpanLimits(
            max_span_attributes=SpanLimits.UNSET, max_attribute_length=SpanLimits.UNSET
        ),
    )
    if store is not None:
        provider.add_span_processor(local_processor(store))
    if langfuse is not None:
        provider.add_span_processor(langfuse_processor(langfuse))
    return Tracer(store, provider)
