"""Bodies read so that no connection keeps the others waiting.

A socket that has more is read without a pause: gevent gives nobody else a turn while a client sends as fast as the
service reads. And gunicorn reads away what is left of a refused body a KiB at a time.
"""

from typing import Any

import gevent
from gevent.socket import wait_read
from gunicorn.http.errors import NoMoreData, ParseException

__all__ = ["discard_rest", "read_in_turns"]

READS_AT_ONCE = 4
"""Reads of one body without giving others a turn: a small body needs fewer."""
PIECE_BYTES = 64 * 1024
DISCARD_S = 5.0
"""How long a refused body may go on."""


class _Turns:
    """The reads of one connection; stands for its reader's `chunk`.

    Args:
        chunk: The reader's own.
        connection: The socket.
    """

    def __init__(self, chunk: Any, connection: Any) -> None:
        self._chunk = chunk
        self._connection = connection
        self.reads = 0

    def __call__(self, size_hint: int | None = None) -> bytes:
        """Read what there is, and let others go first from time to time."""
        self.reads += 1
        if self.reads > READS_AT_ONCE:
            wait_read(self._connection.fileno())  # asks the event loop, which asks for all others too
        data: bytes = self._chunk(size_hint)
        return data


def read_in_turns(request: Any) -> None:
    """Have the body of a request, as gunicorn's parser makes it, read in turns with other connections."""
    reader = request.unreader
    if isinstance(reader.chunk, _Turns):
        reader.chunk.reads = 0
    else:
        reader.chunk = _Turns(reader.chunk, reader.sock)


def discard_rest(request: Any) -> None:
    """Read away what nobody read of a body: behind it comes the next request.

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
