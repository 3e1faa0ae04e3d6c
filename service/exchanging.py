"""One request and its answer over a connection, as gunicorn does it, with less around it.

gunicorn's own `handle_request` looks at the clock twice, calls two hooks, writes an access line that is switched off,
and sends the head of an answer and its body apart: two system calls, two packets, two wakings of the client.
"""

import socket
from contextlib import suppress
from typing import Any

from gunicorn import util
from gunicorn.http import wsgi

__all__ = ["exchange"]


class _Response(wsgi.Response):  # type: ignore[misc]
    """An answer whose head goes with its body when that is all there."""

    headers_sent: bool

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
    response, environ = wsgi.create(request, connection, peer, address, worker.cfg, response_class=_Response)
    environ["wsgi.multithread"] = True
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
