"""How many requests a process answers at one time, and for how long it works on one."""

import threading
import time
from time import perf_counter
from typing import Any

import gevent

from service.blocking_calls import has_event_loop
from service.errors import DeadlineExceeded, TooMuchAtOnce

__all__ = ["Admission", "Ticket"]

LOOKS_IN_A_TIMEOUT = 20
LONGEST_PAUSE_S = 1.0


class Ticket:
    """One request that is being answered; its time runs since `started_s`, on the clock of `time.perf_counter`."""

    __slots__ = ("greenlet", "started_s")

    def __init__(self, started_s: float) -> None:
        self.started_s = started_s
        self.greenlet: Any = gevent.getcurrent()

    def renew(self) -> None:
        """Let its time begin again: a long upload goes on."""
        self.started_s = perf_counter()


class Admission:
    """Lets requests in, up to a number, and ends those that take too long.

    Requests that came while others were being computed are found by the event loop all at once, and answered one after
    the other. They count as if they were answered at one time, as they wait for each other.

    What waits (for a slow client's body, the store, the queue) is ended where it waits. What computes is not
    interrupted: it is asked before it begins, by `check`.
    """

    def __init__(self, *, most: int, timeout_s: float) -> None:
        self._most = most
        self._timeout_s = timeout_s
        self._inside: dict[int, Ticket] = {}
        self._loop: Any = None
        self._turn = 0
        self._answered = 0

    @property
    def in_flight(self) -> int:
        """How many requests are being answered."""
        return len(self._inside)

    def enter(self, started_s: float) -> Ticket:
        """Let a request in.

        Raises:
            TooMuchAtOnce: When there are as many as there may be.
        """
        if self._loop is not None and self._turn != (turn := self._loop.iteration):
            self._turn, self._answered = turn, 0
        if len(self._inside) + self._answered >= self._most:
            raise TooMuchAtOnce(self._most)
        ticket = Ticket(started_s)
        self._inside[id(ticket)] = ticket
        return ticket

    def leave(self, ticket: Ticket | None) -> None:
        """Note that a request is answered; one that was not let in has no ticket."""
        if self._inside.pop(id(ticket), None) is not None:
            self._answered += self._loop is not None

    def check(self, started_s: float) -> None:
        """Refuse to begin what would end too late.

        Raises:
            DeadlineExceeded: When the time is over.
        """
        if perf_counter() - started_s > self._timeout_s:
            raise DeadlineExceeded(self._timeout_s)

    def start(self) -> None:
        """Watch the time, in the process that serves. Without gevent nothing can be ended where it waits."""
        if has_event_loop():
            self._loop = gevent.get_hub().loop
            threading.Thread(target=self._watch, name="deadlines", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(min(self._timeout_s / LOOKS_IN_A_TIMEOUT, LONGEST_PAUSE_S))
            over_s = perf_counter() - self._timeout_s
            for ticket in [one for one in self._inside.values() if one.started_s < over_s]:
                gevent.get_hub().loop.run_callback(self._end, ticket)

    def _end(self, ticket: Ticket) -> None:
        """Raise where the request waits; from the hub, so that it cannot end between the question and the answer."""
        if self._inside.pop(id(ticket), None) is not None:
            ticket.greenlet.throw(DeadlineExceeded(self._timeout_s))
