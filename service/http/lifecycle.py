"""The life cycle of every request: its id, its admission, its record in log and metrics, and its errors as answers."""

import re
from collections.abc import Callable
from http import HTTPStatus
from os import urandom
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, g, request
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from models.errors import DiskFull, OnehotError, SpecError, StoreFull, StoreUnavailable
from service.auth.scopes import Scope
from service.errors import LASTING, QueueUnavailable, status_of
from service.http.content_encoding import compress_answer
from service.http.context import RequestContext, Services, request_context, services
from service.http.cross_origin import refuse_foreign
from service.http.malformed_requests import BROKEN_BODIES, broken_body
from service.http.query import require_known_parameters
from service.http.responses import Answer, error_answer
from service.http.routing import route_in_any_case
from service.openapi.operation import operation_of, scope_of
from service.telemetry.answered_request import AnsweredRequest
from service.telemetry.logs import request_line

__all__ = [
    "IGNORED_COLUMNS", "REQUEST_ID", "TAKEN_OVER", "VERSION", "admit", "finish", "ignored_columns", "request_id_of",
    "surround_requests",
]  # fmt: skip

REQUEST_ID = "X-Request-Id"
VERSION = "X-Onehot-Model-Version"
IGNORED_COLUMNS = "X-Onehot-Ignored-Columns"
MOST_IGNORED = 50
"""Names in that header; their number is bounded as headers are."""
LONGEST_COLUMN = 64
TAKEN_OVER = "onehot.request_context"
"""Where the WSGI environment holds the context of a request that failed on the fast path."""
TRACE_HEADERS = ("traceparent", "tracestate")
SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=-]{0,127}")
AWAY = "the store does not answer: try again in a few seconds; what is loaded goes on serving"
FULL = (
    "the store is full, or the service's folder for temporary files: nothing was changed; make room in it and send "
    "this again; what is loaded goes on serving"
)
MODELS = "/v1/models/"
MOST_PROBLEMS = 200
"""Of a spec, listed in one answer; its sentence tells how many there are."""
SENTENCES = {
    HTTPStatus.NOT_FOUND: "no such path: GET /openapi.json names the ones that there are",
    HTTPStatus.BAD_REQUEST: "malformed request",
}

log = structlog.get_logger("service")


def surround_requests(app: Flask) -> None:
    """Register everything that is the same for all routes."""
    app.before_request(_begin)
    app.after_request(_end)
    app.register_error_handler(OnehotError, _recorded(_answer_ours))
    app.register_error_handler(ValidationError, _recorded(_answer_validation))
    app.register_error_handler(HTTPException, _recorded(_answer_http))
    for kind in BROKEN_BODIES:
        app.register_error_handler(kind, _recorded(_answer_broken_body))
    app.register_error_handler(OSError, _recorded(_answer_system_error))
    app.register_error_handler(Exception, _recorded(_answer_unforeseen))


def _begin() -> Response | None:
    """Make the context of the request, and admit it; answer a browser that only asks whether it may send it."""
    taken_over: RequestContext | None = request.environ.get(TAKEN_OVER)
    header = request.headers.get
    context = taken_over or RequestContext(request_id_of(header(REQUEST_ID, "")), header=header)
    g.request_context = context
    if context.error is not None:
        raise context.error
    if request.routing_exception is not None:
        route_in_any_case(current_app, request)
    if (answer := services().cross_origin.preflight(request)) is not None:
        return answer
    _admit(context)
    return None


def _admit(context: RequestContext) -> None:
    headers, endpoint = request.headers, request.endpoint
    operation = operation_of(current_app, endpoint)
    if operation is not None and not services().authenticator.asks_for_keys:
        refuse_foreign(services().own_site, request, operation)
    authorization, api_key = headers.get("Authorization"), headers.get("X-API-Key")
    admit(services(), context, scope_of(current_app, endpoint), authorization=authorization, api_key=api_key)
    if operation is not None and request.method != "OPTIONS":
        require_known_parameters(request, operation)


def _end(response: Response) -> Response:
    """Finish the answer, count it, and write one line about it."""
    context = request_context()
    compress_answer(request, response)
    response.headers[REQUEST_ID] = context.request_id
    response.headers.extend(services().cross_origin.headers(request.headers.get("Origin")))
    if context.predictor is not None:
        response.headers[VERSION] = str(context.predictor.version)
    response.headers.update(ignored_columns(context))
    route = "" if request.url_rule is None else request.url_rule.rule
    trace_headers = tuple((name, request.headers[name]) for name in TRACE_HEADERS if name in request.headers)
    answered = context.answered(
        method=request.method, path=request.path, route=route, status=response.status_code,
        trace_headers=trace_headers,
    )  # fmt: skip
    finish(services(), context, answered)
    return response


def ignored_columns(context: RequestContext) -> dict[str, str]:
    """The header that names the columns of a table that were passed over; none where all were used."""
    names = [quote(name[:LONGEST_COLUMN], safe=" ") for name in context.ignored_columns[:MOST_IGNORED]]
    more = ["..."] if len(context.ignored_columns) > MOST_IGNORED else []
    return {IGNORED_COLUMNS: ", ".join([*names, *more])} if names else {}


def request_id_of(given: str) -> str:
    """The caller's own id for a request when it is one that may stand in a log; else a new one."""
    return given if given and SANE_ID.fullmatch(given) else urandom(16).hex()


def admit(
    services: Services, context: RequestContext, scope: Scope, *, authorization: str | None, api_key: str | None
) -> None:
    """Ask for the key of a request, and give it a place among those in flight. Probes are always answered.

    Raises:
        KeyMissing, KeyRefused, ScopeMissing, TooMuchAtOnce: When it may not come in.
    """
    if scope is not Scope.PUBLIC:
        context.key_id = services.authenticator.authorize(scope, authorization=authorization, api_key=api_key)
        context.ticket = services.admission.enter(context.started_s)


def finish(services: Services, context: RequestContext, answered: AnsweredRequest) -> None:
    """Count an answered request, write one line about it, and free its place."""
    services.metrics.record(answered)
    traces, trace_id = services.traces, None
    if traces is not None and (context.ticket is not None or context.error is not None):  # not of probes
        trace_id = traces.record(answered)
    services.write_line(request_line(answered, trace_id=trace_id))
    services.admission.leave(context.ticket)
    context.error = None  # else it, its traceback and this context would hold each other, and with them a large body


def _recorded(answer: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    """An error handler that also keeps the error in the request's context, for its count."""

    def handle(error: Exception) -> Answer:
        request_context().error = error
        return answer(error)

    return handle


def _answer_ours(error: OnehotError) -> Answer:
    status = status_of(error)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer_unforeseen(error)
    if isinstance(error, StoreUnavailable | QueueUnavailable):
        log.warning("unavailable", request_id=request_context().request_id, reason=error.reason)
    if isinstance(error, StoreUnavailable):  # its reason can name places of this machine
        return error_answer(FULL if isinstance(error, StoreFull) else AWAY, status=status)
    if isinstance(error, SpecError):
        count = len(error.problems)
        message = f"the spec has {count} problems" if count != 1 else f"the spec has a problem: {error}"
        return error_answer(message, status=status, details=error.details[:MOST_PROBLEMS])
    return error_answer(str(error), status=status, is_lasting=isinstance(error, LASTING))


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


def _answer_system_error(error: OSError) -> Answer:
    """A disk that is full is told as such, whichever file met it."""
    if error.errno in DiskFull.ERRNOS:
        return _answer_ours(StoreFull(str(error)))
    return _answer_unforeseen(error)


def _answer_unforeseen(error: Exception) -> Answer:
    """Anything of ours: logged in full, told without anything of the inside."""
    request_id = request_context().request_id
    log.error("request failed", request_id=request_id, path=request.path, exc_info=error)
    message = f"something failed inside the service: quote request {request_id} to those who run it"
    return error_answer(message, status=HTTPStatus.INTERNAL_SERVER_ERROR)
