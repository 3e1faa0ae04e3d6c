"""Training jobs: submit, list, look at, cancel, follow."""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Request, Response, request

from models.errors import InputError, StoreUnavailable, shown
from models.store.datasets import Datasets
from service.blocking_calls import run_in_thread
from service.http.content_negotiation import JSON_TYPES, require_content_type
from service.http.context import services
from service.http.request_bodies import parse_object, read_body
from service.http.responses import json_answer
from service.registry.registry import Registry

if TYPE_CHECKING:
    from models.spec import Spec

__all__ = ["blueprint"]

YAML_TYPES = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"})
STRICT_JSON_TYPES = frozenset({"application/json", "text/json"})
LIMIT_BYTES = 2**20
KEY = re.compile(r"[\x21-\x7e]{1,255}")
DEFAULT_LIMIT = 100
MOST = 1000
STREAM_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}

blueprint = Blueprint("jobs", __name__)


@blueprint.post("/v1/jobs")
def submit() -> Response:
    """Queue the training that a spec describes, or say everything that is wrong with it."""
    key = _read_idempotency_key(request.headers.get("Idempotency-Key"))
    job = services().jobs.submit(_read_spec(request), idempotency_key=key)
    return json_answer(job, status=HTTPStatus.ACCEPTED, headers={"Location": f"/v1/jobs/{job['id']}"})


@blueprint.get("/v1/jobs")
def list_jobs() -> Response:
    """The jobs that the queue knows, the newest first."""
    return json_answer({"jobs": services().jobs.list(limit=_read_limit(request.args.get("limit")))})


@blueprint.get("/v1/jobs/<name:job_id>")
def show(job_id: str) -> Response:
    """One job: status, progress, error, result."""
    return json_answer(services().jobs.get(job_id))


@blueprint.delete("/v1/jobs/<name:job_id>")
def cancel(job_id: str) -> Response:
    """Ask a job to stop."""
    return json_answer(services().jobs.cancel(job_id), status=HTTPStatus.ACCEPTED)


@blueprint.get("/v1/jobs/<name:job_id>/events")
def follow_events(job_id: str) -> Response:
    """A job's events as they come, as server-sent events."""
    jobs = services().jobs
    from service.jobs import event_stream as job_events  # noqa: PLC0415 -- it needs the queue's library, which is loaded by now

    start = job_events.read_last_event_id(request.headers.get("Last-Event-ID"))
    if job_events.has_seen_end(jobs, job_id, start=start):
        return Response(status=HTTPStatus.NO_CONTENT)  # tells an EventSource to stop asking
    board = services().registry.board
    events = job_events.follow(jobs, job_id, start=start, is_ending=lambda: board.is_stopping)
    chunks: Iterator[bytes] = iter(()) if request.method == "HEAD" else events
    return Response(chunks, headers=STREAM_HEADERS, content_type="text/event-stream")


def _read_spec(incoming: Request) -> "Spec":
    accepted = JSON_TYPES | YAML_TYPES
    expected = "application/json or application/yaml"
    mimetype = require_content_type(incoming.content_type, accepted, expected=expected)
    settings = services().settings
    body = read_body(incoming, limit_bytes=min(LIMIT_BYTES, settings.max_body_bytes))
    # Without a content type, YAML reads both.
    document = parse_object(body) if mimetype in STRICT_JSON_TYPES else None
    return run_in_thread(_check_spec, body, document, roots=settings.data_roots, registry=services().registry)


def _check_spec(body: bytes, document: dict[str, Any] | None, *, roots: Sequence[str], registry: Registry) -> "Spec":
    """All that takes time: importing what reads specs, reading YAML, a glance at the data."""
    from service.jobs.spec_check import read_spec  # noqa: PLC0415 -- predictions need not wait for it

    return read_spec(body if document is None else document, roots=roots, datasets=_uploaded(registry))


def _uploaded(registry: Registry) -> Datasets | None:
    try:
        return Datasets(registry.store.objects)
    except StoreUnavailable:
        return None  # the trainer will see what is there


def _read_idempotency_key(text: str | None) -> str | None:
    if text is not None and not KEY.fullmatch(text):
        expected = "1 to 255 visible ASCII characters"
        raise InputError(where="Idempotency-Key", expected=expected, received=shown(text))
    return text


def _read_limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= MOST):
        raise InputError(where="limit", expected=f"a whole number from 1 to {MOST}", received=shown(text))
    return int(text)
