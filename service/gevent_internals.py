"""The internals of gevent that the service touches.

Imported before the standard library is patched, so it imports nothing else.
"""

import socket
from typing import Any

from gevent import events, monkey
from gevent.server import StreamServer

__all__ = ["PROVED_FOR", "accept_waiting", "end_reading", "patch_standard_library"]

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


def accept_waiting(server: StreamServer) -> None:
    """Take the connections that wait to be accepted: closing would reset them."""
    try:
        while found := server.do_read():
            server.do_handle(*found)
    except OSError:
        return
