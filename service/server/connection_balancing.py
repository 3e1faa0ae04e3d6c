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

from service.gevent_internals import HookedServer

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


class SharingServer(HookedServer):
    """A server that takes a connection when no other worker has fewer.

    Args:
        listener: The socket that all workers accept from.
        connections: What the workers have.
        worker: The number of this one.
        options: As `HookedServer` takes them.
    """

    def __init__(self, listener: Any, *, connections: Connections, worker: int, **options: Any) -> None:
        super().__init__(listener, **options)
        self._connections = connections
        self._worker = worker
        self._takes_until_s = 0.0
        self._connections.note(worker, self.count)

    def take_all(self) -> None:
        """Leave nothing to others any more."""
        self._takes_until_s = inf

    def may_accept(self) -> bool:
        """Not while another has fewer: it is given a moment to take the connection."""
        now_s = monotonic()
        if now_s > self._takes_until_s and self.count > self._connections.fewest():
            self._takes_until_s = now_s + PATIENCE_S
            self.pause(WAIT_S)
            return False
        return True

    def has_begun(self) -> None:
        """Tell the other workers."""
        self._connections.note(self._worker, self.count)
        if self._takes_until_s != inf:
            self._takes_until_s = 0.0

    def will_end(self) -> None:
        """Tell the other workers."""
        self._connections.note(self._worker, self.count - 1)

    def close(self) -> None:
        """Accept no more."""
        super().close()
        self._connections.forget(self._worker)
