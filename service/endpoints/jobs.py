"""Training jobs: submit, list, look at, cancel, follow."""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Request, Response, request

from models.errors import InputError, StoreUnavailable, shown
from models.runs.recording import record_training
from models.settings import Settings
from models.store.datasets import Datasets
from service.auth.scopes import Scope
from service.blocking_calls import run_in_thread
from service.errors import JobHasEnded, JobNotFound, QueueUnavailable
from service.http.content_negotiation import JSON_TYPES, require_content_type
from service.http.context import services
from service.http.forwarded_prefix import location_of
from service.http.query import CURSOR, choice_of, cursor_of, limit_of, limit_parameter, next_page
from service.http.request_bodies import parse_object, read_body
from service.http.responses import json_answer
from service.openapi.components import EXAMPLES
from service.openapi.job_schemas import STATUSES
from service.openapi.json_schema import STRING, enumeration
from service.openapi.media import event_stream_media, json_media
from service.openapi.operation import ApiBlueprint, api_response, header_parameter, query_parameter
from service.registry.registry import Registry

if TYPE_CHECKING:
    from models.sources.data_state import DataState
    from models.spec import Spec
    from service.jobs.recorded_jobs import RecordedJob
    from service.jobs.training_queue import Jobs

    Submission = tuple[Spec, dict[str, DataState], dict[str, Any]]

__all__ = [
    "IDEMPOTENCY_KEY",
    "LAST_EVENT_ID",
    "STREAM_HEADERS",
    "blueprint",
    "read_key",
    "read_spec_text",
    "read_submission",
]

YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})
STRICT_JSON_TYPES = frozenset({"application/json", "text/json"})
LIMIT_BYTES = 2**20
KEY = re.compile("[!-~]{1,255}")
DEFAULT_LIMIT = 100
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

IDEMPOTENCY_KEY = header_parameter(
    "Idempotency-Key",
    f"^{KEY.pattern}$",
    "The same key with the same spec gives the same job; with another spec 409",
    example="nightly-2026-01-01",
)
LAST_EVENT_ID = header_parameter(
    "Last-Event-ID", "^[0-9]{0,9}$", "The id of the last event that was seen: the stream goes on behind it", example="0"
)
STATUS = query_parameter("status", enumeration(*STATUSES), "Only jobs of this status", example="failed")
MODEL = query_parameter("model", STRING, "Only trainings of this model", example="iris")
QUEUED_JOB = EXAMPLES["Job"] | {"status": "queued", "jobs_ahead": 2, "progress": None, "started_at": None}
CANCELED_JOB = QUEUED_JOB | {"status": "canceled", "jobs_ahead": None, "ended_at": "2026-01-01T00:00:09.000+00:00"}
EVENTS = (
    "retry: 1000\n\n"
    'id: 0\nevent: epoch\ndata: {"event":"epoch","epoch":1,"epochs":15,"metrics":{"loss":0.9},"eta_s":14.0}\n\n'
    'id: 1\nevent: end\ndata: {"event":"end","status":"finished"}\n\n'
)

blueprint = ApiBlueprint("jobs", __name__, tag="Jobs", scope=Scope.TRAIN)


@blueprint.operation(
    "POST",
    "/v1/jobs",
    description="A spec that cannot be trained is refused with every problem at once: each with its path, what was "
    "expected and what was received.",
    parameters=(IDEMPOTENCY_KEY,),
    body=json_media("Spec", "application/json", "application/yaml"),
    responses={202: api_response("It is queued", json_media("Job", example=QUEUED_JOB), Location="The job")},
    errors=(409, 415, 503),
)
def submit_job() -> Response:
    """Queue the training that a spec describes."""
    key = read_key(request)
    spec, data, written = read_submission(request)
    job = services().jobs.submit(spec, idempotency_key=key, data=data, written=written)
    return json_answer(
        job, status=HTTPStatus.ACCEPTED, headers={"Location": location_of(f"/v1/jobs/{job['id']}", request)}
    )


@blueprint.operation(
    "GET",
    "/v1/jobs",
    description="The newest first, in pages. What the queue has forgotten is not listed; `GET "
    "/v1/jobs/{job_id}` still knows it.",
    parameters=(STATUS, MODEL, limit_parameter(DEFAULT_LIMIT), CURSOR),
    responses={200: api_response("The jobs", "Jobs")},
    errors=(400, 503),
)
def list_jobs() -> Response:
    """The jobs that the queue knows."""
    queue = services().jobs
    from service.jobs import job_listing as listing  # noqa: PLC0415 -- it needs the queue's library, which is loaded by now

    wanted = listing.JobFilter(status=choice_of(request, "status", STATUSES), model=request.args.get("model"))
    limit, after = limit_of(request) or DEFAULT_LIMIT, cursor_of(request, listing.Place.read)
    jobs, cursor = listing.list_jobs(queue, wanted, limit=limit, after=after)
    return json_answer({"jobs": jobs, **next_page(cursor)})


@blueprint.operation(
    "GET",
    "/v1/jobs/<name:job_id>",
    description="What the queue has forgotten is read from the store.",
    responses={200: api_response("The job", "Job")},
    errors=(503,),
)
def get_job(job_id: str) -> Response:
    """One job: status, progress, error, result."""
    try:
        return json_answer(services().jobs.get(job_id))
    except JobNotFound:
        return json_answer(_recorded(job_id).document)


@blueprint.operation(
    "DELETE",
    "/v1/jobs/<name:job_id>",
    description="A job that waits is canceled at once; one that runs stops by itself, soon. 409 when it "
    "has finished or failed already.",
    responses={202: api_response("It was asked", json_media("Job", example=CANCELED_JOB))},
    errors=(409, 503),
)
def cancel_job(job_id: str) -> Response:
    """Ask a job to stop."""
    try:
        job = services().jobs.cancel(job_id)
    except JobNotFound:
        raise JobHasEnded(job_id, _recorded(job_id).document["status"]) from None
    if job["status"] == "canceled":  # else it has begun, and its worker writes the record
        with suppress(StoreUnavailable, QueueUnavailable, JobNotFound):  # then a worker writes it later
            _record_canceled(services().jobs, services().registry, job_id)
    return json_answer(job, status=HTTPStatus.ACCEPTED)


def _record_canceled(jobs: "Jobs", registry: Registry, job_id: str) -> None:
    """Only the store is asked in a thread: a connection to the queue belongs to the event loop."""
    record = jobs.unrecorded(job_id)
    if record is not None:
        run_in_thread(lambda: record_training(registry.store, record))
        jobs.note_recorded(record)


@blueprint.operation(
    "GET",
    "/v1/jobs/<name:job_id>/events",
    description="Server-sent events: `fold` after each epoch of a cross-validation, "
    "`epoch` with its metrics after each epoch of the version's training, then one `end` with the "
    "job's last status. A client that lost the connection comes back with `Last-Event-ID`.",
    parameters=(LAST_EVENT_ID,),
    responses={
        200: api_response("The events", event_stream_media(EVENTS)),
        204: api_response("The end was seen already: do not come again"),
    },
    errors=(400, 503),
)
def follow_job(job_id: str) -> Response:
    """A job's events as they come: one for each epoch, then the end."""
    jobs, registry = services().jobs, services().registry
    from service.jobs import event_stream, recorded_jobs  # noqa: PLC0415 -- they need the queue's library, which is loaded by now

    start = event_stream.read_last_event_id(request.headers.get("Last-Event-ID"))
    try:
        has_seen_end = event_stream.has_seen_end(jobs, job_id, start=start)
    except JobNotFound:
        first, known = _recorded(job_id).events()
        skipped = max(start - first, 0)
        has_seen_end, chunks = skipped >= len(known), event_stream.chunks_of(first + skipped, known[skipped:])
    else:
        chunks = event_stream.follow(
            jobs, job_id, start=start, left=partial(recorded_jobs.events_left, jobs, registry),
            is_ending=lambda: registry.coordinator.is_stopping,
        )  # fmt: skip
    return _event_answer(chunks, has_seen_end=has_seen_end)


def _event_answer(chunks: Iterator[bytes], *, has_seen_end: bool) -> Response:
    if has_seen_end:
        return Response(status=HTTPStatus.NO_CONTENT)  # tells an EventSource to stop asking
    if request.method == "HEAD":
        chunks = iter(())
    return Response(chunks, headers=STREAM_HEADERS, content_type="text/event-stream")


def _recorded(job_id: str) -> "RecordedJob":
    """A job that the queue does not know, from its record in the store."""
    from service.jobs.recorded_jobs import find_recorded_job  # noqa: PLC0415 -- as above

    recorded = find_recorded_job(services().registry, job_id)
    if recorded is None:
        raise JobNotFound(job_id)
    return recorded


def read_submission(incoming: Request) -> "Submission":
    """The spec of a request, what is seen of its data, and the document as it was written.

    Raises:
        SpecError: With every problem.
    """
    body, document = read_spec_text(incoming)
    return run_in_thread(_check_spec, body, document, settings=services().settings, registry=services().registry)


def read_spec_text(incoming: Request) -> tuple[bytes, dict[str, Any] | None]:
    """The body of a request with a spec, and the document where it is JSON; YAML takes time to read."""
    accepted = JSON_TYPES | YAML_TYPES
    expected = "application/json or application/yaml"
    mimetype = require_content_type(incoming.content_type, accepted, expected=expected)
    body = read_body(incoming, limit_bytes=min(LIMIT_BYTES, services().settings.max_body_bytes))
    # Without a content type, YAML reads both.
    return body, parse_object(body) if mimetype in STRICT_JSON_TYPES else None


def _check_spec(
    body: bytes, document: dict[str, Any] | None, *, settings: Settings, registry: Registry
) -> "Submission":
    """All that takes time: importing what reads specs, reading YAML, previewing the data and noting what it is."""
    from models.sources.data_state import look_at_data  # noqa: PLC0415 -- as below
    from service.jobs.data_preview.memory import MemoryBounds  # noqa: PLC0415 -- as below
    from service.jobs.spec_check import read_spec, written_spec  # noqa: PLC0415 -- predictions need not wait for it

    written, bounds = written_spec(body) if document is None else document, MemoryBounds.of(settings)
    datasets = _uploaded(registry)
    spec = read_spec(written, roots=settings.data_roots, datasets=datasets, bounds=bounds)
    return spec, look_at_data(spec, roots=settings.data_roots, datasets=datasets), written


def _uploaded(registry: Registry) -> Datasets | None:
    try:
        return Datasets(registry.store.objects)
    except StoreUnavailable:
        return None  # the trainer will see what is there


def read_key(incoming: Request) -> str | None:
    """The `Idempotency-Key` of a request.

    Raises:
        InputError: When it is none.
    """
    text = incoming.headers.get("Idempotency-Key")
    if text is not None and not KEY.fullmatch(text):
        expected = "1 to 255 visible ASCII characters"
        raise InputError(where="Idempotency-Key", expected=expected, received=shown(text))
    return text
