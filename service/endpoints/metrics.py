"""The page that Prometheus reads."""

from collections.abc import Sequence

from flask import Response, request

from service.auth.scopes import Scope
from service.blocking_calls import give_way
from service.http.content_negotiation import takes_gzip
from service.http.context import services
from service.http.responses import Answer
from service.openapi.media import text_media
from service.openapi.operation import ApiBlueprint, api_response
from service.telemetry.metrics import CONTENT_TYPE, QueueState
from service.telemetry.queue_server import QueueServer
from service.telemetry.store_state import StoreState

__all__ = ["blueprint"]

PAGE = "# TYPE onehot_requests_in_flight gauge\nonehot_requests_in_flight 1.0\n"

blueprint = ApiBlueprint("metrics", __name__, tag="Running", scope=Scope.PUBLIC)


@blueprint.operation(
    "GET",
    "/metrics",
    summary="Counts for Prometheus",
    description="Requests, predictions, models, the queue and the store, of all processes together, in "
    "Prometheus' text format.",
    responses={200: api_response("The counts", text_media("text/plain", example=PAGE))},
)
def get_metrics() -> Response:
    """Counts of all processes, made in small pieces; the queue is asked too, and may be away."""
    metrics = services().metrics
    metrics.note_in_flight(services().admission.in_flight)
    registry = services().registry
    store = StoreState(registry.sees_store, registry.snapshot.unserved_labels)
    page = metrics.kept_page(_queue_states, give_way, store=store)
    if page.is_long and takes_gzip(request.headers.get("Accept-Encoding", "")):
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Answer(page.compressed(give_way), headers=headers, content_type=CONTENT_TYPE)
    return Answer(page.content, content_type=CONTENT_TYPE)


def _queue_states() -> Sequence[QueueState | QueueServer]:
    queue = services().jobs
    from service.jobs.server_state import read_server_state  # noqa: PLC0415 -- it needs the queue's library, which is loaded by now

    states = [QueueState(name, jobs, workers) for name, jobs, workers in queue.queues()]
    return [*states, read_server_state(queue)]
