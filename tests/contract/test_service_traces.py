"""Traces of the real service, received over OTLP/HTTP as a collector does."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from service.telemetry import tracing as tracing_of
from tests.contract.live import ROOT, live

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ROW = [0.5, -0.25, 0.125, 1.0, 0.0, 2.0, -1.0, 0.75]
PREDICT = "/v1/models/classic:predict"
BODY = json.dumps({"instances": [ROW, ROW]}).encode()


@dataclass(slots=True)
class Collector:
    """What came.

    Args:
        url: Where it listens.
        spans: All of them, in the order in which they came.
        services: The names under which they were sent.
    """

    url: str
    spans: list[Any] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def take(self, content: bytes) -> None:
        """Read one export."""
        for resource in ExportTraceServiceRequest.FromString(content).resource_spans:
            names = [one.value.string_value for one in resource.resource.attributes if one.key == "service.name"]
            self.services.update(names)
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def named(self, name: str) -> list[Any]:
        """Those of one name."""
        return [span for span in self.spans if span.name == name]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/x-protobuf")
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@pytest.fixture(scope="module")
def tracing(one_of_each, tmp_path_factory):
    """A service that sends its traces to a collector."""
    with collecting() as collector:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100", "ONEHOT_LOG_FORMAT": "json",
        }  # fmt: skip
        with live(one_of_each, tmp_path_factory.mktemp("traced"), **settings) as service:
            yield service, collector


@pytest.fixture
def traced(tracing):
    """The same, with nothing collected yet."""
    tracing[1].spans.clear()
    return tracing


def test_a_prediction_is_a_span_with_its_phases(traced, wait_until):
    """In the caller's trace, with model, version and rows; its log line names the trace."""
    service, collector = traced
    answer = service.ask("POST", PREDICT, BODY, traceparent=f"00-{TRACE}-{PARENT}-01", X_Request_Id="find-me")
    assert answer.status == 200
    wait_until(lambda: len(collector.spans) >= 4, what="the spans have come")
    (whole,) = collector.named("POST /v1/models/<name:model>:predict")
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == (TRACE, PARENT)
    assert collector.services == {"onehot"}
    expected = {"onehot.model": "classic", "onehot.version": 1, "onehot.rows": 2, "onehot.request_id": "find-me",
                "http.request.method": "POST", "http.response.status_code": 200, "url.path": PREDICT}  # fmt: skip
    assert expected.items() <= attributes(whole).items()
    phases = [span for name in ("decode", "infer", "encode") for span in collector.named(name)]
    assert [span.name for span in phases] == ["decode", "infer", "encode"]
    moments = [whole.start_time_unix_nano]
    for span in phases:
        assert (span.trace_id, span.parent_span_id) == (whole.trace_id, whole.span_id)
        assert {"onehot.model": "classic", "onehot.version": 1}.items() <= attributes(span).items()
        moments += [span.start_time_unix_nano, span.end_time_unix_nano]
    assert [*moments, whole.end_time_unix_nano] == sorted([*moments, whole.end_time_unix_nano])
    wait_until(lambda: f'"trace_id":"{TRACE}"' in service.log, what="the log line is written")


def test_errors_are_spans_and_probes_are_none(traced, wait_until):
    """With the error's class; a new trace where the caller has none; nothing of the payload."""
    service, collector = traced
    for _ in range(3):
        assert service.ask("GET", "/healthz").status == 200
    assert service.ask("POST", PREDICT, b'{"instances": [["a secret"]]}', traceparent="00-broken-01").status == 400
    assert service.ask("POST", "/v1/models/broken:predict", BODY).status == 503
    wait_until(lambda: len(collector.spans) == 2, what="the spans have come")
    refused, unavailable = collector.spans
    assert attributes(refused)["error.type"] == "InputError"
    assert refused.parent_span_id == b""
    assert refused.trace_id.hex() != TRACE
    assert (refused.status.code, unavailable.status.code) == (0, 2)
    assert attributes(unavailable)["error.type"] == "VersionNotLoaded"
    assert "a secret" not in str(collector.spans)


def test_what_is_left_is_sent_when_the_service_ends(one_of_each, tmp_path):
    """However long a batch may wait."""
    with collecting() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
        with live(one_of_each, tmp_path, OTEL_SERVICE_NAME="mine", **settings) as service:
            assert service.ask("POST", PREDICT, BODY).status == 200
            assert not collector.spans
        assert len(collector.spans) == 4
        assert collector.services == {"mine"}


def test_without_a_collector_predictions_go_on(one_of_each, tmp_path):
    """And the service ends when it is told to."""
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_BSP_SCHEDULE_DELAY": "50",
                "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}  # fmt: skip
    with live(one_of_each, tmp_path, **settings) as service:
        for _ in range(50):
            assert service.ask("POST", PREDICT, BODY).status == 200
    assert service.process.returncode == 0


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
    ],
)
def test_the_switch_is_opentelemetrys_own(environment, asked):
    """Its specification's variables, and what they say of off."""
    assert tracing_of.is_asked_for(environment) is asked


def test_nothing_is_imported_where_no_traces_are_asked_for():
    """Not a module of OpenTelemetry, after a request was answered."""
    script = (
        "import sys; from models.settings import Settings; from service.app import create_app;"
        "client = create_app(Settings()).test_client();"
        "assert client.post('/v1/models/x:predict', json={}).status_code == 503;"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=clean, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()


def test_without_the_extra_the_service_says_so_and_serves(monkeypatch, capsys):
    """A collector's address that stands in every container stops nothing."""
    monkeypatch.setitem(sys.modules, "service.telemetry.otlp_spans", None)
    monkeypatch.setattr(tracing_of, "log", structlog.get_logger("fresh"))
    with structlog.testing.capture_logs() as logged:
        assert tracing_of.open_traces({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}) is None
    assert "onehot[opentelemetry]" in logged[0]["reason"]
    assert capsys.readouterr().err == ""
