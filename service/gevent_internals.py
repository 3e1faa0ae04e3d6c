"""The internals of gevent that the service touches.

Imported before the standard library is patched, so it imports nothing else.
"""

import socket
from typing import Any

from gevent import events, monkey
from gevent.server import StreamServer

__all__ = ["PROVED_FOR", "HookedServer", "end_reading", "patch_standard_library"]

PROVED_FOR = "gevent>=26.9,<27"


def patch_standard_library() -> None:
    """Let everything that blocks wait in gevent's event loop.

    gevent tells of each of its 25 steps, and looks each time for plugins in the metadata of every installed package:
    where tensorflow is installed too that takes longer than everything else here. We have no such plugin.
    """
    ask_plugins = events.notify_and_call_entry_points
    events.notify_and_call_entry_points = events.notify
    try:
        monkey.patch_all()
    finally:
        events.notify_and_call_entry_points = ask_plugins


def end_reading(connection: Any) -> None:
    """Let a connection bring nothing more; where its greenlet waits it finds the end.

    gevent's own `shutdown` raises where the greenlet waits.

    Raises:
        OSError: When the other side was faster.
    """
    connection._sock.shutdown(socket.SHUT_RD)  # noqa: SLF001


class HookedServer(StreamServer):  # type: ignore[misc]
    """A server that asks before it accepts a connection, and tells when one begins and ends.

    Made as `StreamServer`; its `spawn` is a pool.
    """

    @property
    def count(self) -> int:
        """How many connections there are."""
        return int(self.pool.size - self.pool.free_count())

    def may_accept(self) -> bool:
        """Whether to accept now the connection that waits."""
        return True

    def has_begun(self) -> None:
        """A connection was accepted."""

    def will_end(self) -> None:
        """A connection ends; it is still counted."""

    def pause(self, delay_s: float) -> None:
        """Accept nothing for a moment."""
        self.stop_accepting()
        self._timer = self.loop.timer(delay_s)
        self._timer.start(self._start_accepting_if_started)

    def accept_waiting(self) -> None:
        """Take the connections that wait to be accepted: closing would reset them."""
        try:
            while found := self.do_read():
                self.do_handle(*found)
        except OSError:
            return

    def do_read(self) -> Any:
        """Accept."""
        return super().do_read() if self.may_accept() else None

    def do_handle(self, *args: Any) -> None:
        """Serve a connection."""
        super().do_handle(*args)
        self.has_begun()

    def do_close(self, *args: Any) -> None:
        """End a connection."""
        super().do_close(*args)
        if self.started:
            self.will_end()
