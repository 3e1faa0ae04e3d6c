"""Connections spread over the workers that share one listening socket.

The kernel wakes them all, and the first takes what there is: with few connections that live long, one worker often
has nearly all of them while the others idle. `SO_REUSEPORT` spreads them by a hash, unevenly; it also resets
connections when a worker ends, and lets a second server listen on the port unnoticed. So a worker that has more
connections than another leaves a new one to that for a moment, and takes it when nobody else did.
"""

import mmap
from math import inf
from time import monotonic
from typing import Any

from gevent.server import StreamServer

__all__ = ["SHARED", "Connections", "SharingServer"]

SHARED = "onehot.connections"
"""The extension of the application that holds its workers' connections."""

SLOTS = mmap.PAGESIZE // 8
WAIT_S = 0.002
PATIENCE_S = 1.0
"""After it has waited, a worker takes the next connection within so long: its event loop may be slow to turn."""


class Connections:
    """How many connections each worker has; made by the parent, before it forks."""

    def __init__(self) -> None:
        self._numbers = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")

    def note(self, worker: int, count: int) -> None:
        """A worker that accepts has so many; workers are counted from 1 as they are started."""
        self._numbers[worker % SLOTS] = count + 1

    def forget(self, worker: int) -> None:
        """A worker no longer accepts."""
        self._numbers[worker % SLOTS] = 0

    def fewest(self) -> int:
        """How many the worker has that has fewest."""
        return min(filter(None, self._numbers), default=1) - 1


class SharingServer(StreamServer):  # type: ignore[misc]
    """A server that takes a connection when no other worker has fewer.

    Args:
        listener: The socket that all workers accept from.
        connections: What the workers have.
        worker: The number of this one.
        options: As `StreamServer` takes them; `spawn` is a pool.
    """

    def __init__(self, listener: Any, *, connections: Connections, worker: int, **options: Any) -> None:
        super().__init__(listener, **options)
        self._connections = connections
        self._worker = worker
        self._takes_until_s = 0.0
        self._note()

    def take_all(self) -> None:
        """Leave nothing to others any more."""
        self._takes_until_s = inf

    def do_read(self) -> Any:
        """Accept, or leave it to others for a moment."""
        now_s = monotonic()
        if now_s > self._takes_until_s and self._count() > self._connections.fewest():
            self._wait(now_s)
            return None
        return super().do_read()

    def do_handle(self, *args: Any) -> None:
        """Serve a connection."""
        super().do_handle(*args)
        self._note()
        if self._takes_until_s != inf:
            self._takes_until_s = 0.0

    def do_close(self, *args: Any) -> None:
        """A connection has ended."""
        super().do_close(*args)
        if self.started:
            self._connections.note(self._worker, self._count() - 1)  # its greenlet is the one that says so

    def close(self) -> None:
        """Accept no more."""
        super().close()
        self._connections.forget(self._worker)

    def _count(self) -> int:
        return int(self.pool.size - self.pool.free_count())

    def _note(self) -> None:
        self._connections.note(self._worker, self._count())

    def _wait(self, now_s: float) -> None:
        self._takes_until_s = now_s + PATIENCE_S
        self.stop_accepting()
        self._timer = self.loop.timer(WAIT_S)
        self._timer.start(self._start_accepting_if_started)
