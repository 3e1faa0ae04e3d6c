"""The page that Prometheus reads."""

from collections.abc import Sequence

from flask import Response, request

from service.auth.scopes import Scope
from service.blocking_calls import give_way
from service.http.content_negotiation import takes_gzip
from service.http.context import services
from service.http.responses import Answer
from service.openapi.operation import ApiBlueprint, api_response, binary_media
from service.telemetry.metrics import CONTENT_TYPE, QueueState

__all__ = ["blueprint"]

blueprint = ApiBlueprint("metrics", __name__, tag="Running", scope=Scope.PUBLIC)


@blueprint.operation(
    "GET",
    "/metrics",
    summary="Counts for Prometheus",
    responses={200: api_response("The counts", binary_media("text/plain"))},
)
def show() -> Response:
    """Counts of all processes, made in small pieces; the queue is asked too, and may be away."""
    metrics = services().metrics
    metrics.note_in_flight(services().admission.in_flight)
    registry = services().registry
    page = metrics.kept_page(
        _queue_states, give_way, store_up=registry.sees_store, unserved=registry.snapshot.unserved_labels
    )
    if page.is_long and takes_gzip(request.headers.get("Accept-Encoding", "")):
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Answer(page.compressed(give_way), headers=headers, content_type=CONTENT_TYPE)
    return Answer(page.content, content_type=CONTENT_TYPE)


def _queue_states() -> Sequence[QueueState]:
    return [QueueState(name, jobs, workers) for name, jobs, workers in services().jobs.queues()]
