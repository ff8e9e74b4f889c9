"""The Langfuse exporter against an HTTP server that decodes real OTLP payloads."""

import base64
import gzip
import json
import logging
import socket
import threading
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from rag.trace import LangfuseKeys, open_tracer
from rag.trace_store import TraceStore
from tests.fake_http import HttpSink, Received


def _spans(received: list[Received]) -> dict[str, Span]:
    spans = {}
    for request in received:
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        decoded = ExportTraceServiceRequest.FromString(body)
        for resource in decoded.resource_spans:
            for scope in resource.scope_spans:
                spans.update({span.name: span for span in scope.spans})
    return spans


def _attributes(span: Span) -> dict[str, object]:
    found: dict[str, object] = {}
    for pair in span.attributes:
        kind = pair.value.WhichOneof("value")
        value = getattr(pair.value, str(kind))
        found[pair.key] = (
            [item.string_value for item in value.values] if kind == "array_value" else value
        )
    return found


def _keys(url: str) -> LangfuseKeys:
    return LangfuseKeys(url, "pk-lf-1", "sk-lf-2")


def _ask(url: str) -> str:
    tracer = open_tracer(None, _keys(url))
    with tracer.trace("ask", input="q?", user="anna", session="s1", tags=["web"]) as root:
        with root.step("retrieve", kind="retriever", input={"k": 8}) as retrieve:
            retrieve.set(output=[{"score": 0.5}], metadata={"hits": 1, "vector": [1.0] * 3})
        with root.step("generate", kind="generation") as generate:
            generate.generation(model="m", parameters={"n": 1}, input_tokens=5, output_tokens=2)
            generate.first_token()
            generate.fail("gone")
        root.set(output="a", metadata={"mode": "written"})
    tracer.close()
    return root.trace_id


def test_requests_are_authenticated_and_go_to_the_otel_endpoint() -> None:
    before = set(threading.enumerate())
    with HttpSink() as sink:
        _ask(sink.url + "/")
    assert set(threading.enumerate()) <= before
    token = base64.b64encode(b"pk-lf-1:sk-lf-2").decode()
    assert sink.received
    for request in sink.received:
        assert request.path == "/api/public/otel/v1/traces"
        assert request.headers["authorization"] == f"Basic {token}"
        assert request.headers["content-type"] == "application/x-protobuf"


def test_spans_form_one_trace_with_the_askers_session() -> None:
    with HttpSink() as sink:
        trace_id = _ask(sink.url)
    spans = _spans(sink.received)
    assert set(spans) == {"ask", "retrieve", "generate"}
    assert {span.trace_id.hex() for span in spans.values()} == {trace_id}
    assert not spans["ask"].parent_span_id
    assert spans["retrieve"].parent_span_id == spans["ask"].span_id
    for span in spans.values():
        attributes = _attributes(span)
        assert attributes["langfuse.trace.name"] == "ask"
        assert attributes["user.id"] == "anna"
        assert attributes["session.id"] == "s1"
        assert attributes["langfuse.trace.tags"] == ["web"]


def test_observations_have_langfuse_types_and_contents() -> None:
    with HttpSink() as sink:
        _ask(sink.url)
    spans = _spans(sink.received)
    names = ("ask", "retrieve", "generate")
    asked, retrieved, generated = (
        {k.removeprefix("langfuse.observation."): v for k, v in _attributes(spans[n]).items()}
        for n in names
    )
    assert (asked["type"], asked["input"], asked["output"]) == ("chain", "q?", "a")
    assert asked["metadata.mode"] == "written"
    assert asked["langfuse.internal.is_app_root"] is True
    assert retrieved["type"] == "retriever"
    assert json.loads(str(retrieved["input"])) == {"k": 8}
    assert json.loads(str(retrieved["output"])) == [{"score": 0.5}]
    assert retrieved["metadata.vector"] == '{"numbers":3}'
    assert (generated["type"], generated["model.name"]) == ("generation", "m")
    assert json.loads(str(generated["usage_details"])) == {"input": 5, "output": 2}
    assert str(generated["completion_start_time"]).endswith('Z"')
    assert (generated["level"], generated["status_message"]) == ("ERROR", "gone")
    assert spans["generate"].status.code == Status.STATUS_CODE_ERROR


def test_the_asker_does_not_wait_for_a_hanging_server(tmp_path: Path) -> None:
    with HttpSink() as sink:
        sink.gate.clear()
        tracer = open_tracer(TraceStore(tmp_path / "t.sqlite"), _keys(sink.url))
        with tracer.trace("ask", input="one"):
            pass
        assert sink.arrived.wait(10), "nothing was sent"
        with tracer.trace("ask", input="two"):
            pass
        assert not sink.gate.is_set()  # both questions ended with the server still silent
        sink.gate.set()
        tracer.close()
        sent = list(sink.received)
    inputs = {
        _attributes(s)["langfuse.observation.input"] for r in sent for s in _spans([r]).values()
    }
    assert inputs == {"one", "two"}


def test_a_dead_server_costs_one_quiet_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with caplog.at_level(logging.DEBUG):
        tracer = open_tracer(TraceStore(tmp_path / "t.sqlite"), _keys(url))
        for question in ("one", "two"):
            with tracer.trace("ask", input=question):
                pass
            tracer.flush()
        assert tracer.store is not None
        assert [s.question for s in tracer.store.recent()] == ["two", "one"]
        tracer.close()
    loud = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.name for record in loud] == ["rag.trace_export"]
    assert loud[0].exc_info is None
    assert "sk-lf-2" not in caplog.text


def test_the_secret_key_is_not_in_the_representation() -> None:
    assert "sk-lf-2" not in repr(_keys("http://x"))
