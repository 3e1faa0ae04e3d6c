"""One request and its answer over a connection, as gunicorn does it, with less around it.

gunicorn's own `handle_request` looks at the clock twice, calls two hooks, writes an access line that is switched off,
and sends the head of an answer and its body apart: two system calls, two packets, two wakings of the client. Here they
go together. A plain prediction needs no WSGI environment either, and no check of headers that are all known.
"""

import socket
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from time import time
from typing import Any

from gunicorn import SERVER, util
from gunicorn.http import wsgi
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import InvalidHeader, UnsupportedTransferCoding

from service.fast_path.plain_predictions import FastPath
from service.fast_path.request_reader import PlainRequest
from service.http.context import RequestContext
from service.http.lifecycle import TAKEN_OVER
from service.http.responses import raw_answer
from service.server.body_reader import KnownBody, discard_plain
from service.server.gunicorn_internals import OneSendResponse

__all__ = ["exchange", "exchange_plain"]


def exchange(
    worker: Any, address: Any, request: Any, connection: Any, peer: Any, failed: RequestContext | None = None
) -> None:
    """Answer one request.

    Args:
        worker: gunicorn's.
        address: That the listener has.
        request: As gunicorn's parser makes it.
        connection: The socket.
        peer: The client's address.
        failed: The context of a plain prediction that failed on the fast path.

    Raises:
        ParseException: When it does not say which host it is for, or its body comes in a coding beside chunks.
        StopIteration: As gunicorn's connection loop wants it, when the connection is to be closed.
    """
    _require_host(request)
    _require_known_coding(request)
    _honour_close(request)
    response, environ = wsgi.create(request, connection, peer, address, worker.cfg, response_class=OneSendResponse)
    environ["wsgi.multithread"] = True
    if isinstance(request.body.reader, LengthReader):
        environ["wsgi.input"] = KnownBody(request)
    if failed is not None:
        environ[TAKEN_OVER] = failed
    if not worker.alive:
        response.force_close()
    try:
        _answer(worker, response, environ)
    except OSError:
        raise
    except Exception:
        if not response.headers_sent:
            raise
        worker.log.exception("Error handling request")
        with suppress(OSError):  # half an answer went out: nothing can be said any more
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        raise StopIteration from None
    if response.should_close():
        raise StopIteration


def _require_host(request: Any) -> None:
    """HTTP/1.1 has every request name its host also behind a proxy (RFC 9112, 3.2)."""
    if request.version >= (1, 1) and not any(name == "HOST" for name, _ in request.headers):
        raise InvalidHeader("Host, which is missing")


def _require_known_coding(request: Any) -> None:
    """Chunks, and nothing in them: gunicorn hands a compressed body out as if it were plain (RFC 9112, 6.1)."""
    for name, value in request.headers:
        if name == "TRANSFER-ENCODING" and value.strip().lower() != "chunked":
            raise UnsupportedTransferCoding(value)


def _honour_close(request: Any) -> None:
    """`close` counts in any place of a list: gunicorn knows it alone."""
    for name, value in request.headers:
        if name == "CONNECTION" and "close" in (token.strip() for token in value.lower().split(",")):
            request.force_close()


def exchange_plain(worker: Any, fast_path: FastPath, plain: PlainRequest, connection: Any) -> RequestContext | None:
    """Answer a plain prediction.

    Returns:
        None when it is answered; else its context, for Flask to make the answer.

    Raises:
        StopIteration: When the connection is to be closed.
    """
    outcome = fast_path.answer(plain.head, plain.read)
    if isinstance(outcome, RequestContext):
        return outcome
    stays = worker.alive
    answer = raw_answer(_first_lines(outcome.status, int(time()), stays), outcome.headers, outcome.body)
    sent = connection.send(answer)  # nearly always all of it; `sendall` first asks the kernel how much it takes
    if sent < len(answer):
        connection.sendall(answer[sent:])
    if not plain.is_whole:  # refused before it was read
        discard_plain(plain)
    plain.leave_rest()
    if not stays:
        raise StopIteration
    return None


@lru_cache(maxsize=4)
def _first_lines(status: int, second: int, stays: bool) -> str:  # noqa: FBT001 -- a cache has no use for its name
    """The beginning of an answer's head, up to the length of its body."""
    connection = "keep-alive" if stays else "close"
    phrase, date = HTTPStatus(status).phrase.upper(), util.http_date(second)
    return f"HTTP/1.1 {status} {phrase}\r\nServer: {SERVER}\r\nDate: {date}\r\nConnection: {connection}\r\n"


def _answer(worker: Any, response: Any, environ: dict[str, Any]) -> None:
    parts = worker.wsgi(environ, response.start_response)
    try:
        if isinstance(parts, environ["wsgi.file_wrapper"]):
            response.write_file(parts)
        else:
            for part in parts:
                response.write(part)
        response.close()
    finally:
        if hasattr(parts, "close"):
            parts.close()
