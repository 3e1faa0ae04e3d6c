"""What happens around every request: its id, its key, its place, its log line, and what becomes of its errors."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from os import urandom
from time import perf_counter
from typing import Any

import structlog
from flask import Flask, Request, Response, current_app, g, request
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from models.errors import OnehotError, SpecError, StoreFull, StoreUnavailable
from service.auth.scopes import Scope
from service.errors import QueueUnavailable, status_of
from service.http.content_encoding import compress_answer
from service.http.context import RequestContext, Services, notes
from service.http.malformed_requests import BROKEN_BODIES, broken_body
from service.http.responses import Answer, error_answer
from service.http.routing import route_in_any_case
from service.openapi.operation import scope_of

__all__ = ["REQUEST_ID", "TAKEN_OVER", "VERSION", "Exchange", "finish", "request_id_of", "surround_requests"]

REQUEST_ID = "X-Request-Id"
VERSION = "X-Onehot-Model-Version"
TAKEN_OVER = "onehot.notes"
"""Where the WSGI environment holds the notes of a request that failed before it came to Flask."""
SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}")
AWAY = "the store does not answer: try again in a few seconds; what is loaded goes on serving"
FULL = "the store is full: nothing was changed; make room in it and send this again; what is loaded goes on serving"
MODELS = "/v1/models/"
MOST_PROBLEMS = 200
"""Of a spec, listed in one answer; its sentence tells how many there are."""
SENTENCES = {
    HTTPStatus.NOT_FOUND: "no such path: GET /openapi.json names the ones that there are",
    HTTPStatus.BAD_REQUEST: "malformed request",
}

log = structlog.get_logger("service")


def surround_requests(app: Flask, parts: Services) -> None:
    """Register everything that is the same for all routes."""
    around = _Surroundings(parts)
    app.before_request(around.begin)
    app.after_request(around.end)
    app.register_error_handler(OnehotError, _noted(_answer_ours))
    app.register_error_handler(ValidationError, _noted(_answer_validation))
    app.register_error_handler(HTTPException, _noted(_answer_http))
    for kind in BROKEN_BODIES:
        app.register_error_handler(kind, _noted(_answer_broken_body))
    app.register_error_handler(Exception, _noted(_answer_unforeseen))


class _Surroundings:
    """What comes before and after every request."""

    def __init__(self, parts: Services) -> None:
        self._parts = parts

    def begin(self) -> None:
        """Note the request, ask for its key, find it a place."""
        # Flask documents this way to the request itself.
        incoming: Request = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
        taken_over: RequestContext | None = incoming.environ.get(TAKEN_OVER)
        g.notes = noted = taken_over or RequestContext(request_id_of(incoming.headers.get(REQUEST_ID, "")), self._parts)
        noted.request = incoming
        if noted.error is not None:
            raise noted.error
        if incoming.routing_exception is not None:
            route_in_any_case(current_app, incoming)
        scope = scope_of(current_app, incoming.endpoint)
        if scope is not Scope.PUBLIC:  # probes are answered however much there is to do
            headers = incoming.headers
            noted.key_id = self._parts.authenticator.authorize(
                scope, authorization=headers.get("Authorization"), api_key=headers.get("X-API-Key")
            )
            noted.ticket = self._parts.admission.enter(noted.started_s)

    def end(self, response: Response) -> Response:
        """Finish the answer, count it, and write one line about it."""
        noted = notes()
        incoming = noted.request
        compress_answer(incoming, response)
        response.headers[REQUEST_ID] = noted.request_id
        if noted.served is not None:
            response.headers[VERSION] = str(noted.served.version)
        rule = incoming.url_rule
        route = "" if rule is None else rule.rule
        finish(noted, Exchange(incoming.method, incoming.path, route, response.status_code))
        return response


def request_id_of(given: str) -> str:
    """The caller's own id for a request when it is one that may stand in a log; else a new one."""
    return given if given and SANE_ID.fullmatch(given) else urandom(16).hex()


@dataclass(slots=True)
class Exchange:
    """A request and its answer, as counts and logs show them; `route` is the rule that matched, empty for none."""

    method: str
    path: str
    route: str
    status: int


def finish(noted: RequestContext, exchange: Exchange) -> None:
    """Count an answered request, write one line about it, and free its place."""
    line: dict[str, Any] = {"request_id": noted.request_id, "method": exchange.method, "path": exchange.path}
    if noted.key_id is not None:
        line["key"] = noted.key_id
    if noted.served is not None:
        line |= {"model": noted.served.model, "version": noted.served.version, "rows": noted.rows}
    ended_s = perf_counter()
    _count(noted, exchange, ended_s=ended_s)
    traces = noted.parts.traces
    if traces is not None and (noted.ticket is not None or noted.error is not None):  # not of probes
        line["trace_id"] = traces.record(noted, status=exchange.status, ended_s=ended_s)
    line |= {"status": exchange.status, "duration_ms": round((ended_s - noted.started_s) * 1000, 3)}
    noted.parts.write_line(line)
    noted.parts.admission.leave(noted.ticket)
    noted.error = None  # else it, its traceback and these notes would hold each other, and with them a large body


def _count(noted: RequestContext, exchange: Exchange, *, ended_s: float) -> None:
    metrics, served = noted.parts.metrics, noted.served
    model, version = (None, None) if served is None else (served.model, served.version)
    if model is not None and version is not None and not metrics.knows(model, version):
        metrics.version_loaded(model, version)
    metrics.request_answered(
        exchange.route, method=exchange.method, status=exchange.status,
        duration_s=ended_s - noted.started_s, model=model, version=version,
    )  # fmt: skip
    if noted.error is not None:
        metrics.request_failed(noted.error, model=model, version=version)
    elif model is not None and version is not None and noted.infer_to_s:
        metrics.predicted(model, version, rows=noted.rows or 0, phases=noted.phases(ended_s))


def _noted(answer: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """An error handler that also leaves a note of the error, for its count."""

    def handle(error: Exception) -> Answer:
        notes().error = error
        return answer(error)

    return handle


def _answer_ours(error: OnehotError) -> Answer:
    status = status_of(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer_unforeseen(error)
    if isinstance(error, StoreUnavailable | QueueUnavailable):
        log.warning("unavailable", request_id=notes().request_id, reason=error.reason)
    if isinstance(error, StoreUnavailable):  # its reason can name places of this machine
        return error_answer(FULL if isinstance(error, StoreFull) else AWAY, status=status)
    if isinstance(error, SpecError):
        count = len(error.problems)
        message = f"the spec has {count} problems" if count != 1 else f"the spec has a problem: {error}"
        return error_answer(message, status=status, details=error.details[:MOST_PROBLEMS])
    return error_answer(str(error), status=status)


def _answer_validation(error: ValidationError) -> Answer:
    messages = error.messages_dict.items()
    details = [{"path": str(name), "message": " ".join(map(str, said))} for name, said in messages]
    sentence = "; ".join(f"{one['path']}: {one['message']}" for one in details)
    return error_answer(sentence, status=HTTPStatus.BAD_REQUEST, details=details)


def _answer_http(error: HTTPException) -> Answer:
    """An error of Flask's own, such as a path that does not exist, as ours."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    allow = {name: value for name, value in error.get_headers() if name == "Allow"}
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        message = f"{request.path}: expected the method {allow.get('Allow', '')}; received {request.method}"
    elif status is HTTPStatus.NOT_FOUND and request.path.lower().startswith(MODELS):
        status = HTTPStatus.BAD_REQUEST  # as TensorFlow Serving answers there
        message = f"Malformed request: {request.method} {request.path}"
    else:
        message = SENTENCES.get(status, error.description or status.phrase)
    return error_answer(message, status=status, headers=allow)


def _answer_broken_body(error: Exception) -> Answer:
    return _answer_ours(broken_body(error))


def _answer_unforeseen(error: Exception) -> Answer:
    """Anything of ours: logged in full, told without anything of the inside."""
    request_id = notes().request_id
    log.error("request failed", request_id=request_id, path=request.path, exc_info=error)
    message = f"something failed inside the service: quote request {request_id} to those who run it"
    return error_answer(message, status=HTTPStatus.INTERNAL_SERVER_ERROR)
