"""One request and its answer over a connection, as gunicorn does it, with less around it.

gunicorn's own `handle_request` looks at the clock twice, calls two hooks, writes an access line that is switched off,
and sends the head of an answer and its body apart: two system calls, two packets, two wakings of the client. Here they
go together. A plain prediction, which gunicorn's parser has read like any other request, needs no WSGI environment
either, and no check of headers that are all known.
"""

import socket
from contextlib import suppress
from functools import lru_cache
from time import time
from typing import Any

from gunicorn import SERVER, util
from gunicorn.http import wsgi

from service.answers import PLAIN_HEADERS
from service.hot_route import PATH, PREDICTED, HotRoute
from service.requests import TAKEN_OVER, finish

__all__ = ["exchange"]

VARIABLES = {"CONTENT-TYPE": "CONTENT_TYPE", "CONTENT-LENGTH": "CONTENT_LENGTH"}
PLAIN = "".join(f"{name}: {value}\r\n" for name, value in PLAIN_HEADERS) + "\r\n"


class _Response(wsgi.Response):  # type: ignore[misc]
    """An answer whose head goes with its body when that is all there."""

    headers_sent: bool

    def should_close(self) -> bool:
        """Whether the connection ends with this answer: also where the end of its request was not found."""
        return bool(self.req.body.failed or super().should_close())

    def write(self, data: bytes) -> None:
        """Send a part of the body; the head before it, or with it."""
        if self.headers_sent or self._omits_body or self.response_length != len(data):
            super().write(data)
            return
        head = "".join((*self.default_headers(), *(f"{name}: {value}\r\n" for name, value in self.headers), "\r\n"))
        self.headers_sent = True
        self.sent = len(data)
        util.write(self.sock, head.encode("latin-1") + data)


def exchange(worker: Any, address: Any, request: Any, connection: Any, peer: Any) -> None:
    """Answer one request.

    Args:
        worker: gunicorn's.
        address: That the listener has.
        request: As gunicorn's parser makes it.
        connection: The socket.
        peer: The client's address.

    Raises:
        StopIteration: As gunicorn's connection loop wants it, when the connection is to be closed.
    """
    _honour_close(request)
    begun = _little_environ(request)
    if begun is not None and _answer_plain(worker, begun, request, connection):
        return
    response, environ = wsgi.create(request, connection, peer, address, worker.cfg, response_class=_Response)
    environ["wsgi.multithread"] = True
    environ |= {name: begun[name] for name in (TAKEN_OVER, PREDICTED) if name in begun} if begun else {}
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


def _honour_close(request: Any) -> None:
    """`close` counts in any place of a list: gunicorn knows it alone."""
    for name, value in request.headers:
        if name == "CONNECTION" and "close" in (token.strip() for token in value.lower().split(",")):
            request.force_close()


def _little_environ(request: Any) -> dict[str, Any] | None:
    """As much of the WSGI environment as a plain prediction needs; None for all other requests."""
    if request.method != "POST" or request.version != (1, 1) or PATH.fullmatch(request.path) is None:
        return None
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": request.path, "wsgi.input": request.body}
    for name, value in request.headers:
        key = VARIABLES.get(name) or "HTTP_" + name.replace("-", "_")
        if key in environ or key == "HTTP_EXPECT":
            return None
        environ[key] = value
    return environ


def _answer_plain(worker: Any, environ: dict[str, Any], request: Any, connection: Any) -> bool:
    """Answer a plain prediction; whether it is answered."""
    hot = worker.wsgi.wsgi_app
    predicted = hot.predict(environ) if isinstance(hot, HotRoute) else None
    if predicted is None or not predicted.is_small:
        return False
    closes = not worker.alive or request.should_close()
    finish(predicted.noted, predicted.exchange)
    own = "".join(f"{name}: {value}\r\n" for name, value in predicted.own_headers)
    head = (
        f"HTTP/1.1 {predicted.status}\r\nServer: {SERVER}\r\nDate: {_date(int(time()))}\r\n"
        f"Connection: {'close' if closes else 'keep-alive'}\r\nContent-Length: {len(predicted.content)}\r\n{own}{PLAIN}"
    )
    connection.sendall(head.encode("latin-1") + predicted.content)
    if closes:
        raise StopIteration
    return True


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return str(util.http_date(second))


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
