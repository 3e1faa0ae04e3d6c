"""The errors that a route can answer with, as they follow from what the route is: each status with its sentence."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus

from werkzeug.routing import Rule

from models.errors import InputError, ModelNotFound, OnehotError, StoreFull
from service.auth.scopes import Scope
from service.errors import (
    LOADING,
    BodyTooLarge,
    DeadlineExceeded,
    JobHasEnded,
    KeyMissing,
    ScopeMissing,
    TooMuchAtOnce,
    UnsupportedBody,
    VersionNotLoaded,
)
from service.openapi.json_schema import Schema
from service.openapi.media import json_media
from service.openapi.operation import Operation, api_response

__all__ = ["error_responses"]

ERRORS: Mapping[int, str] = {
    400: "Something in the request is not as it must be: the place, what was expected, what was received",
    401: "No API key, or an unknown one",
    403: "The key has not the scope that this needs; without keys: a foreign `Host` or `Origin`",
    404: "There is no such thing",
    409: "It cannot be done as things stand",
    413: "A body larger than ONEHOT_MAX_BODY_BYTES",
    415: "A content type that is not read here",
    429: "Too much at once",
    500: "Something failed inside the service; the sentence has the request's id",
    503: "The model is known but not loaded, or the store or the queue does not answer",
    504: "Not done within ONEHOT_REQUEST_TIMEOUT_S",
    507: "The store, or the folder for temporary files, is full: nothing was changed",
}
"""Status → when it comes."""
EXAMPLES: Mapping[int, OnehotError | str] = {
    400: InputError(where="instances[0]", expected="8 values", received="7"),
    401: KeyMissing(),
    403: ScopeMissing(key_id="a1b2c3d4", scope="train"),
    404: ModelNotFound("digit"),
    409: JobHasEnded("0123456789abcdef0123456789abcdef", "finished"),
    413: BodyTooLarge(64 * 1024 * 1024),
    415: UnsupportedBody(expected="application/json", received="text/plain"),
    429: TooMuchAtOnce(64),
    500: "something failed inside the service: quote request 5f2c7a0e9d1b4c3f8a6e2d4b1c0f9e8d to those who run it",
    503: VersionNotLoaded("digits", 2, reason=LOADING),
    504: DeadlineExceeded(30),
    507: StoreFull("no space left in the store"),
}
"""Status → one that has it."""
PATH_ERRORS, BODY_ERRORS, BUSY_ERRORS, LOCKED_ERRORS = (404,), (400, 413), (429, 504), (401, 403)
FOREIGN_ERRORS = (403,)
"""The errors of a route that has arguments in its path, has a body, is not public, needs an API key.
`FOREIGN_ERRORS`: of a route that changes something."""
RETRY_ERRORS = (429, 503)
RETRY_AFTER = "Seconds to wait; absent where no version is promoted, as asking again does not help"


def error_responses(rule: Rule, operation: Operation, *, is_locked: bool) -> Iterator[tuple[str, Schema]]:
    """Status → response, for every error that a route can answer with.

    Args:
        rule: The route.
        operation: What it declares.
        is_locked: Whether API keys are asked for.
    """
    for status in sorted(_statuses(rule, operation, is_locked=is_locked)):
        headers = {"Retry_After": RETRY_AFTER} if status in RETRY_ERRORS else {}
        content = json_media("Error", example={"error": str(EXAMPLES[status])})
        yield str(status), api_response(ERRORS[status], content, **headers)


def _statuses(rule: Rule, operation: Operation, *, is_locked: bool) -> set[int]:
    is_public = operation["scope"] is Scope.PUBLIC
    return {
        int(HTTPStatus.INTERNAL_SERVER_ERROR),
        int(HTTPStatus.BAD_REQUEST),  # parameters that the route does not have
        *operation.get("errors", ()),
        *(PATH_ERRORS if rule.arguments else ()),
        *(BODY_ERRORS if "body" in operation else ()),
        *(() if is_public else BUSY_ERRORS),
        *(LOCKED_ERRORS if is_locked and not is_public else ()),
        *(FOREIGN_ERRORS if operation.get("changes") else ()),
    }
