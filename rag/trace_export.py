"""Where spans go: a batch thread to the local TraceStore, another to Langfuse.

Langfuse is reached through its SDK's own span processor, which knows its endpoint, its
authentication and which span is the application's root. The SDK's client is not opened: its
threads for scores and media would be idle here.
"""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import format_span_id, format_trace_id

from rag.trace_store import Row, TraceStore
from rag.trace_values import Json

log = logging.getLogger(__name__)

WRITE_EVERY = 0.5
"""Seconds between two writes of a batch; how late the Traces page may be."""
SEND_TIMEOUT = 5
"""Seconds for one request to Langfuse, its retries included."""
SEND_AGAIN_AFTER = 30.0
"""Seconds without an attempt after Langfuse did not answer."""


class Names:
    """Attribute names, as `langfuse._client.attributes` has them (SDK 4.18)."""

    TRACE_NAME = "langfuse.trace.name"
    USER = "user.id"
    SESSION = "session.id"
    TAGS = "langfuse.trace.tags"
    KIND = "langfuse.observation.type"
    INPUT = "langfuse.observation.input"
    OUTPUT = "langfuse.observation.output"
    METADATA = "langfuse.observation.metadata"
    LEVEL = "langfuse.observation.level"
    STATUS_MESSAGE = "langfuse.observation.status_message"
    MODEL = "langfuse.observation.model.name"
    PARAMETERS = "langfuse.observation.model.parameters"
    USAGE = "langfuse.observation.usage_details"
    FIRST_TOKEN = "langfuse.observation.completion_start_time"  # noqa: S105 - a name
    JSON = "footnote.json"
    """Ours: which of the attributes hold JSON rather than plain text."""


@dataclass(frozen=True, slots=True)
class LangfuseKeys:
    """A Langfuse server and the project's keys."""

    url: str
    public_key: str
    secret_key: str

    def __repr__(self) -> str:
        return f"LangfuseKeys({self.url!r})"


def local_processor(store: TraceStore) -> SpanProcessor:
    """Batches spans to the store on a thread of its own."""
    return BatchSpanProcessor(
        LocalExporter(store),
        max_queue_size=8192,
        schedule_delay_millis=WRITE_EVERY * 1000,
        max_export_batch_size=256,
        export_timeout_millis=30_000,
    )


class LocalExporter(SpanExporter):
    """Writes spans to a TraceStore."""

    def __init__(self, store: TraceStore) -> None:
        self._store = store

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self._store.add([_row(span) for span in spans])
        return SpanExportResult.SUCCESS


def _row(span: ReadableSpan) -> Row:
    attributes = dict(span.attributes or {})
    listed = attributes.get(Names.JSON)
    encoded = frozenset(str(name) for name in listed) if isinstance(listed, tuple) else frozenset()

    def value(name: str) -> Json:
        found = attributes.get(name)
        if found is None or isinstance(found, bool | int | float):
            return found
        decoded: Json = json.loads(str(found)) if name in encoded else str(found)
        return decoded

    prefix = Names.METADATA + "."
    metadata = {n.removeprefix(prefix): value(n) for n in attributes if n.startswith(prefix)}
    for key, name in (
        ("model", Names.MODEL),
        ("parameters", Names.PARAMETERS),
        ("usage", Names.USAGE),
    ):
        if name in attributes:
            metadata[key] = value(name)
    tags = attributes.get(Names.TAGS)
    context = span.get_span_context()
    assert context is not None
    return Row(
        trace_id=format_trace_id(context.trace_id),
        span_id=format_span_id(context.span_id),
        parent_id=format_span_id(span.parent.span_id) if span.parent else "",
        name=span.name,
        kind=str(attributes.get(Names.KIND, "span")),
        start_ns=span.start_time or 0,
        end_ns=span.end_time or 0,
        input=value(Names.INPUT),
        output=value(Names.OUTPUT),
        metadata=metadata,
        error=str(attributes.get(Names.STATUS_MESSAGE, "")),
        user=str(attributes.get(Names.USER, "")),
        session=str(attributes.get(Names.SESSION, "")),
        tags=tuple(str(tag) for tag in tags) if isinstance(tags, tuple) else (),
    )


def langfuse_processor(keys: LangfuseKeys) -> SpanProcessor:
    """The SDK's span processor, sending our spans to this server and nowhere else."""
    # Imported here because it costs half a second and most installations have no Langfuse.
    import base64

    from langfuse._client.span_processor import LangfuseSpanProcessor
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    # One line per failed batch and one per retry; QuietExporter says it once instead.
    logging.getLogger(OTLPSpanExporter.__module__).setLevel(logging.CRITICAL)
    url = keys.url.rstrip("/")
    token = base64.b64encode(f"{keys.public_key}:{keys.secret_key}".encode()).decode("ascii")
    exporter = OTLPSpanExporter(
        endpoint=f"{url}/api/public/otel/v1/traces",
        headers={"Authorization": f"Basic {token}", "x-langfuse-public-key": keys.public_key},
        timeout=SEND_TIMEOUT,
        compression=Compression.Gzip,
    )
    return LangfuseSpanProcessor(
        public_key=keys.public_key,
        secret_key=keys.secret_key,
        base_url=url,
        timeout=SEND_TIMEOUT,
        flush_at=64,
        flush_interval=1.0,
        should_export_span=lambda _span: True,
        span_exporter=QuietExporter(exporter, url),
    )


class QuietExporter(SpanExporter):
    """Passes spans on; says once when the server stops answering and once when it is back.

    While it does not answer, batches are dropped without an attempt for `SEND_AGAIN_AFTER`
    seconds: the local store has them all.
    """

    def __init__(self, exporter: SpanExporter, url: str) -> None:
        self._exporter = exporter
        self._url = url
        self._down_until = 0.0
        self._down = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if time.monotonic() < self._down_until:
            return SpanExportResult.FAILURE
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            if self._down:
                log.info("Langfuse at %s answers again.", self._url)
            self._down = False
            return result
        if not self._down:
            log.warning(
                "Langfuse at %s takes no traces; they stay in the local store only. "
                "Check that it runs and that its keys are right.",
                self._url,
            )
        self._down = True
        self._down_until = time.monotonic() + SEND_AGAIN_AFTER
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()
