"""Bodies of requests: read within the limit, and made into documents."""

import re
from io import BytesIO
from typing import Any

import orjson
from flask import Request

from models.errors import InputError, shown
from service.decoding.non_finite import place_of_non_finite
from service.errors import BodyTooLarge
from service.http.content_encoding import decoded, read_chunks

__all__ = ["decoded_body", "parse_json", "parse_object", "read_body"]

TOO_LARGE = "number is infinity when parsed as double"
NOT_FINITE = re.compile(r"[+-]?(nan|inf(inity)?)\b", re.IGNORECASE)


def read_body(request: Request, *, limit_bytes: int) -> bytes:
    """Read the whole body, chunked or not, compressed or not.

    `get_data` would cut a chunked body at its limit without a word; a loop that reads on notices.

    Raises:
        BodyTooLarge: As soon as it is known that there are more bytes than allowed.
        InputError: When the client stopped before the end of what it announced, or it is not what its encoding says.
    """
    announced = request.content_length
    if announced is not None and announced > limit_bytes:
        raise BodyTooLarge(limit_bytes)
    encoding = request.environ.get("HTTP_CONTENT_ENCODING")
    if encoding or announced is None:
        return decoded(read_chunks(request.stream.read), limit_bytes=limit_bytes, encoding=encoding)
    body = b"".join(read_chunks(request.stream.read, announced))
    return _require_length(body, announced)


def decoded_body(body: bytes, announced: int, *, encoding: str | None, limit_bytes: int) -> bytes:
    """A body that was read already, as `read_body` gives it; the limit is that after decompression.

    Raises:
        BodyTooLarge, InputError: As `read_body`.
    """
    if encoding:
        return decoded(read_chunks(BytesIO(body).read), limit_bytes=limit_bytes, encoding=encoding)
    return _require_length(body, announced)


def _require_length(body: bytes, announced: int) -> bytes:
    """The body, when it is as long as it was announced; else its client stopped before."""
    if len(body) < announced:
        expected, received = f"{announced} bytes, as Content-Length says", f"{len(body)} bytes"
        raise InputError(where="body", expected=expected, received=received)
    return body


def parse_json(body: bytes) -> Any:
    """Read strict JSON: no NaN, no infinity, no number that a double cannot hold.

    Raises:
        InputError: Names the line and the column.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _malformed(body, error) from error


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        InputError: When it is not JSON, or not an object.
    """
    document = parse_json(body)
    if not isinstance(document, dict):
        raise InputError(where="body", expected="a JSON object", received=shown(document))
    return document


def _malformed(body: bytes, error: orjson.JSONDecodeError) -> InputError:
    if not body.strip():
        return InputError(where="body", expected="a JSON document", received="nothing")
    where = f"body, line {error.lineno}, column {error.colno}"
    is_behind_sign = error.doc[max(error.pos - 1, 0) : error.pos] in ("+", "-")
    token = NOT_FINITE.match(error.doc, error.pos - is_behind_sign)
    if token is not None or error.msg == TOO_LARGE:
        received = "a number so large that it is infinity" if token is None else f"{token.group()}, which is not JSON"
        place = place_of_non_finite(body)
        if place is not None:
            where, received = place, f"{received} ({where})"
        return InputError(where=where, expected="finite numbers", received=received)
    return InputError(where=where, expected="JSON", received=error.msg)
