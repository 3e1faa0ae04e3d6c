"""Requests as OpenTelemetry spans, sent over OTLP; made when a request is answered, from its times."""

from importlib.metadata import version as version_of
from time import perf_counter, time_ns

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.telemetry.answered_request import AnsweredRequest

__all__ = ["Spans", "open_spans"]

NAME = "onehot"
NS = 1_000_000_000

Attributes = dict[str, str | int]


def open_spans() -> "Spans":
    """Send spans as OpenTelemetry's own variables say: of the exporter, the batches, the sampler, the resource."""
    resource = Resource.create({SERVICE_NAME: NAME}).merge(Resource(OTELResourceDetector().detect().attributes))
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)


class Spans:
    """Makes the spans of a request: one for it all, and one each for `decode`, `infer` and `encode` of a prediction."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(NAME, version_of(NAME))
        self._propagator = TraceContextTextMapPropagator()

    def record(self, answered: AnsweredRequest) -> str:
        """Tell of an answered request; returns the id of its trace, the caller's where it has a `traceparent`."""
        epoch_ns = time_ns() - round(perf_counter() * NS)
        span = self._tracer.start_span(
            f"{answered.method} {answered.route}".strip(), self._propagator.extract(dict(answered.trace_headers)),
            kind=SpanKind.SERVER, attributes=_attributes(answered),
            start_time=epoch_ns + round(answered.started_s * NS),
        )  # fmt: skip
        if answered.infer_to_s:
            context = set_span_in_context(span)
            times_s = (answered.started_s, answered.infer_from_s, answered.infer_to_s, answered.ended_s)
            for name, from_s, to_s in zip(("decode", "infer", "encode"), times_s, times_s[1:], strict=False):
                part = self._tracer.start_span(
                    name, context, attributes=_of_version(answered), start_time=epoch_ns + round(from_s * NS)
                )
                part.end(epoch_ns + round(to_s * NS))
        if answered.status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end(epoch_ns + round(answered.ended_s * NS))
        return f"{span.get_span_context().trace_id:032x}"


def _attributes(answered: AnsweredRequest) -> Attributes:
    """In the words of OpenTelemetry's semantic conventions where they have one; never a payload, never a key."""
    found: Attributes = {
        "http.request.method": answered.method,
        "http.route": answered.route,
        "url.path": answered.path,
        "http.response.status_code": answered.status,
        "onehot.request_id": answered.request_id,
        **_of_version(answered),
    }
    if answered.error is not None:
        found["error.type"] = answered.error
    return found


def _of_version(answered: AnsweredRequest) -> Attributes:
    found = {"onehot.model": answered.model, "onehot.version": answered.version, "onehot.rows": answered.rows}
    return {name: value for name, value in found.items() if value is not None}
