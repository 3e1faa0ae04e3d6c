"""The internals of gunicorn that the service changes; what it only calls is listed in the test of this module."""

from collections.abc import Callable
from typing import Any

from gunicorn import util
from gunicorn.arbiter import Arbiter
from gunicorn.http import wsgi

__all__ = ["PROVED_FOR", "HookedArbiter", "OneSendResponse", "read_through"]

PROVED_FOR = "gunicorn>=27.0,<27.1"


class OneSendResponse(wsgi.Response):  # type: ignore[misc]
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


class HookedArbiter(Arbiter):  # type: ignore[misc]
    """gunicorn's parent, which does something before it ends."""

    def before_stop(self, *, graceful: bool) -> None:
        """Called before the workers are ended; `graceful` when there is no hurry."""

    @property
    def may_wait(self) -> bool:
        """Whether workers still run, and nothing more was asked of the parent."""
        return bool(self.WORKERS) and bool(self.SIG_QUEUE.empty())

    def handle_usr2(self) -> None:
        """Start no second parent: it would share the socket, and neither the counts nor what is loaded."""
        self.log.warning("SIGUSR2 is ignored: SIGHUP replaces the workers; for new code start the service anew")

    def stop(self, graceful: bool = True) -> None:  # noqa: FBT001, FBT002 -- as gunicorn calls it
        """End the workers."""
        self.before_stop(graceful=graceful)
        super().stop(graceful)


def read_through(unreader: Any, read: Callable[[int | None], bytes]) -> Callable[[int | None], bytes]:
    """Have the reader of a connection read in another way; returns its own."""
    own: Callable[[int | None], bytes] = unreader.chunk
    unreader.chunk = read
    return own
