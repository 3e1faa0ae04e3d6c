"""Malformed HTTP requests, answered with the standard error payload; and bodies that break off."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    NoMoreData,
    ParseException,
    UnsupportedTransferCoding,
)

from models.errors import InputError, shown
from service.http.content_negotiation import JSON
from service.http.responses import raw_answer

__all__ = ["BROKEN_BODIES", "broken_body", "refusal", "status_of_refusal"]

BROKEN_BODIES: tuple[type[Exception], ...] = (ParseException, NoMoreData, ConnectionResetError)
"""Raised while a body is read when its chunks are malformed, or the client goes away."""

STATUSES: Mapping[type[Exception], HTTPStatus] = {
    UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}


def broken_body(error: Exception) -> InputError:
    """A body that does not come as its headers say."""
    received = shown(str(error)) if str(error) else f"an end before it ({type(error).__name__})"
    return InputError(where="body", expected="all of it, in the form that the headers announce", received=received)


def status_of_refusal(error: ParseException) -> HTTPStatus:
    """The status for a malformed request."""
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)


def refusal(error: ParseException) -> bytes:
    """The whole answer to a malformed request; the connection ends, as it is unknown where the next begins."""
    status = status_of_refusal(error)
    body = orjson.dumps({"error": f"expected an HTTP/1.1 request; received one that is none: {shown(str(error))}"})
    headers = (("Content-Type", JSON), ("X-Request-Id", uuid.uuid4().hex))
    return raw_answer(f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\n", headers, body)
