"""Answers: JSON documents, and errors as the one payload that every error has."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response

from models.strict_json import LARGEST, SMALLEST
from service.http.content_negotiation import JSON

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["RETRY_AFTER_S", "Answer", "error_answer", "json_answer", "json_content", "raw_answer"]

RETRY_AFTER_S = 1
"""The store and the queue are looked at again at least this often."""
RETRY = {"Retry-After": str(RETRY_AFTER_S)}
ERROR_HEADERS: Mapping[int, Mapping[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="onehot"'},
    HTTPStatus.TOO_MANY_REQUESTS: RETRY,
    HTTPStatus.SERVICE_UNAVAILABLE: RETRY,
}
SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer that does not say otherwise itself: no browser may run, frame, store or lend what comes from here."""
SECURITY_LINES = "".join(f"{name}: {value}\r\n" for name, value in SECURITY_HEADERS.items())


class Answer(Response):
    """A response of this service, with the headers that all of them have."""

    def get_wsgi_response(self, environ: "WSGIEnvironment") -> Any:
        """As it goes to the server: the security headers join where they cost least, in the finished list."""
        content, status, headers = super().get_wsgi_response(environ)
        named = {name.lower() for name, _ in headers}
        headers += [(name, value) for name, value in SECURITY_HEADERS.items() if name.lower() not in named]
        return content, status, headers


def raw_answer(first_lines: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """A whole answer as it goes over a connection: the lines of its head so far, its own headers, and those of all."""
    own = "".join([f"{name}: {value}\r\n" for name, value in headers])
    return f"{first_lines}Content-Length: {len(body)}\r\n{own}{SECURITY_LINES}\r\n".encode("latin-1") + body


def json_answer(document: Any, *, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Answer:
    """Answer with a document; numpy arrays in it are written as nested lists."""
    return Answer(json_content(document), status, headers, content_type=JSON)


def json_content(document: Any) -> bytes:
    """A document as JSON; numpy arrays in it are written as nested lists, what JSON cannot hold as near as it can."""
    try:
        return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    except orjson.JSONEncodeError:
        return orjson.dumps(_writable(document), option=orjson.OPT_SERIALIZE_NUMPY)


def error_answer(
    message: str,
    *,
    status: int,
    details: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    is_lasting: bool = False,
) -> Answer:
    """Answer with an error: one sentence that says what to do, and the places where there are several."""
    document: dict[str, Any] = {"error": _writable_text(message)}
    if details:
        document["details"] = [{name: _writable_text(text) for name, text in one.items()} for one in details]
    usual = {} if is_lasting else ERROR_HEADERS.get(status, {})
    return json_answer(document, status=status, headers={**usual, **(headers or {})})


def _writable(value: Any) -> Any:
    """A document without what JSON cannot hold: halves of surrogate pairs, and whole numbers of more than 64 bits."""
    if isinstance(value, dict):
        return {_writable(key): _writable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(one) for one in value]
    if isinstance(value, int) and not SMALLEST <= value <= LARGEST:
        return str(value)
    return _writable_text(value) if isinstance(value, str) else value


def _writable_text(text: str) -> str:
    """Without what UTF-8 cannot hold: half of a surrogate pair from a path or file name."""
    return text.encode("utf-8", "replace").decode("utf-8")
