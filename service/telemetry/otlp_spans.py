"""Requests as OpenTelemetry spans, sent over OTLP; made when a request is answered, from the times that were noted."""

from importlib.metadata import version as version_of
from time import perf_counter, time_ns

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service.http.context import RequestContext

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
    """Makes the spans of a request: one for it all, and one each for `decode`, `infer` and `encode` of a prediction.

    Args:
        provider: Of OpenTelemetry.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(NAME, version_of(NAME))
        self._propagator = TraceContextTextMapPropagator()

    def record(self, noted: RequestContext, *, status: int, ended_s: float) -> str:
        """Tell of an answered request.

        Args:
            noted: What was noted of it.
            status: Of its answer.
            ended_s: When it was answered, on the clock of `time.perf_counter`.

        Returns:
            The id of its trace: the caller's, where it came with a `traceparent`.
        """
        epoch_ns = time_ns() - round(perf_counter() * NS)
        request, rule = noted.request, noted.request.url_rule
        route = "" if rule is None else rule.rule
        span = self._tracer.start_span(
            f"{request.method} {route}".strip(), self._propagator.extract(_carrier(noted)), kind=SpanKind.SERVER,
            attributes=_attributes(noted, route, status), start_time=epoch_ns + round(noted.started_s * NS),
        )  # fmt: skip
        if noted.infer_to_s:
            context = set_span_in_context(span)
            times_s = (noted.started_s, noted.infer_from_s, noted.infer_to_s, ended_s)
            for name, from_s, to_s in zip(("decode", "infer", "encode"), times_s, times_s[1:], strict=False):
                part = self._tracer.start_span(
                    name, context, attributes=_of_version(noted), start_time=epoch_ns + round(from_s * NS)
                )
                part.end(epoch_ns + round(to_s * NS))
        if status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end(epoch_ns + round(ended_s * NS))
        return f"{span.get_span_context().trace_id:032x}"


def _carrier(noted: RequestContext) -> dict[str, str]:
    headers = noted.request.headers
    return {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}


def _attributes(noted: RequestContext, route: str, status: int) -> Attributes:
    """In the words of OpenTelemetry's semantic conventions where they have one; never a payload, never a key."""
    found: Attributes = {
        "http.request.method": noted.request.method,
        "http.route": route,
        "url.path": noted.request.path,
        "http.response.status_code": status,
        "onehot.request_id": noted.request_id,
        **_of_version(noted),
    }
    if noted.error is not None:
        found["error.type"] = type(noted.error).__name__
    return found


def _of_version(noted: RequestContext) -> Attributes:
    if noted.served is None:
        return {}
    found: Attributes = {"onehot.model": noted.served.model, "onehot.version": noted.served.version}
    return found if noted.rows is None else found | {"onehot.rows": noted.rows}
