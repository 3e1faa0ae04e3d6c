"""Bodies read so that no connection keeps the others waiting, and no byte is copied again and again.

A socket that has more is read without a pause: gevent lets no other greenlet run while a client sends as fast as the
service reads. gunicorn reads away what is left of a refused body a KiB at a time, and a large body in steps after each
of which all that has come ahead is copied.
"""

from collections.abc import Callable
from typing import Any

import gevent
from gunicorn.http.errors import NoMoreData, ParseException

from service.fast_path.request_reader import PlainRequest
from service.server.gunicorn_internals import read_through

__all__ = ["KnownBody", "Turns", "discard_plain", "discard_rest"]

READ = 1
"""What libev calls it."""
READS_AT_ONCE = 4
"""Reads of one request without giving others a turn: a small body needs fewer."""
PIECE_BYTES = 64 * 1024
DISCARD_S = 5.0
"""How long a refused body may go on."""


class Turns:
    """Has one connection wait for others before each request, and now and then while a body is read.

    The unreader of gunicorn's parser of the connection reads through this object from now on.
    """

    def __init__(self, unreader: Any) -> None:
        self._chunk = read_through(unreader, self._read)
        self._hub = gevent.get_hub()
        self._readable = self._hub.loop.io(unreader.sock.fileno(), READ)
        self._reads = 0

    def begin(self, has_come: bool) -> None:  # noqa: FBT001 -- a callback with one argument
        """Wait for the event loop before a request, also when its client was quick.

        Reading at once, a connection would go on with what has come, and those who have waited longer would go on
        waiting.
        """
        self._reads = 0
        if has_come:
            gevent.sleep(0)
        else:
            self._hub.wait(self._readable)

    def _read(self, size_hint: int | None = None) -> bytes:
        """Read what there is, and let others go first from time to time."""
        self._reads += 1
        if self._reads > READS_AT_ONCE:
            self._hub.wait(self._readable)  # asks the event loop, which asks for all others too
        return self._chunk(size_hint)


class KnownBody:
    """The body of a request with a `Content-Length`, which gunicorn's parser made, as an application reads it."""

    def __init__(self, request: Any) -> None:
        self._body = request.body
        self._unreader = request.unreader

    def read(self, size: int | None = None) -> bytes:
        """The next bytes, so many or all; fewer when the client stopped before."""
        return self._joined(size, self._next)

    def readline(self, size: int | None = None) -> bytes:
        """The next bytes up to a line's end, at most so many."""
        return self._joined(size, self._next_of_line)

    def _joined(self, size: int | None, take: Callable[[int], bytes]) -> bytes:
        reader = self._body.reader
        left = reader.length if size is None or size < 0 else min(size, reader.length)
        pieces: list[bytes] = []
        while left and (piece := take(left)):
            pieces.append(piece)
            reader.length -= len(piece)
            left = 0 if take == self._next_of_line and piece.endswith(b"\n") else left - len(piece)
        return b"".join(pieces)

    def _next_of_line(self, most: int) -> bytes:
        piece = self._next(most)
        end = piece.find(b"\n") + 1 or len(piece)
        if piece[end:]:
            self._unreader.unread(piece[end:])
        return piece[:end]

    def _next(self, most: int) -> bytes:
        unreader = self._unreader
        try:
            piece: bytes = unreader.take_buffered() or unreader.chunk(most)
        except Exception:
            self._body.failed = True  # it is unknown where the next request begins
            raise
        if len(piece) > most:
            unreader.unread(piece[most:])
        return piece[:most]


def discard_rest(request: Any) -> None:
    """Read away what is left of a body: behind it comes the next request.

    Raises:
        StopIteration: As gunicorn's connection loop wants it, when the end is not found.
    """
    body = request.body
    if body.failed:
        raise StopIteration
    if getattr(body.reader, "length", None) == 0:
        return
    try:
        with gevent.Timeout(DISCARD_S, exception=False):
            while body.read(PIECE_BYTES):
                pass
            return
    except (NoMoreData, ParseException) as error:
        raise StopIteration from error
    raise StopIteration


def discard_plain(plain: PlainRequest) -> None:
    """Read away the body of a plain request that was answered before it was read.

    Raises:
        StopIteration: As `discard_rest`.
    """
    with gevent.Timeout(DISCARD_S, exception=False):
        plain.read()
    if not plain.is_whole:
        raise StopIteration
