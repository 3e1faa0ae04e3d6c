"""Shadow: the candidate computes what the default version answered, beside the event loop and after everything else.

What was answered waits in a bounded queue for a thread, which rests between two looks, so that many small requests are
compared at once, and rests for as long as it worked. When it wakes too late, or no processor is idle, the machine has
better things to do: all that waits but one request is shed. That one lets a rollout go on where it is always so.

The thread has the priority of all others: one that the kernel puts off would hold the interpreter's lock meanwhile.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty
from typing import Any, Protocol

import structlog
from gevent import monkey

from models.rollout.figures import PairFigures, RolloutFigures
from service.blocking_calls import start_thread
from service.rollouts.idle_share import IdleShare
from service.rollouts.shadow_comparison import Shadowed
from service.traffic.observed_prediction import ObservedPrediction

__all__ = ["Compares", "Shadow"]

REST_S = 0.1
"""Between two looks at the queue: the thread holds the interpreter's lock so seldom that few requests wait for it."""
LATE_S = 0.01
"""A rest that lasts so much longer: other threads and processes want the machine."""
LEAST_IDLE = 0.15
"""Of all processors: with less, the machine is busy."""
MOST_WAITING = 1024
"""Requests in the queue of one process."""
MOST_WAITING_BYTES = 16 * 2**20
MOST_AT_ONCE = 512
"""Requests that are compared between two rests."""
IDLE_S = 5.0

# Real ones: gevent's own would wait in the event loop.
RealQueue: Callable[[], Any] = monkey.get_original("queue", "SimpleQueue")
sleep: Callable[[float], None] = monkey.get_original("time", "sleep")

log = structlog.get_logger("service")


class Compares(Protocol):
    """Computes what waits."""

    def compare(self, requests: Sequence[Shadowed]) -> RolloutFigures:
        """The figures of some requests."""


class Shadow:
    """The queue and the thread of one step; the thread ends when the step does, or when nothing has come for a while.

    Args:
        compares: Computes the figures of requests.
    """

    def __init__(self, compares: Compares) -> None:
        self._compares = compares
        self._idle = IdleShare()
        self._queue = RealQueue()
        self._waiting_bytes = 0
        self._taken_bytes = 0
        self._shed_here = self._shed_there = 0
        self._figures = RolloutFigures()
        self._is_running = False
        self._is_over = False

    @property
    def figures(self) -> RolloutFigures:
        """What was compared and shed up to now."""
        return self._figures + RolloutFigures(pairs=PairFigures(shed=self._shed_here + self._shed_there))

    def offer(self, prediction: ObservedPrediction, *, is_busy: bool) -> None:
        """Let a request be compared, unless there is too much to do; never waits."""
        predictions = prediction.predictions
        if predictions is None:
            return
        waiting_bytes = self._waiting_bytes - self._taken_bytes
        if is_busy or self._queue.qsize() >= MOST_WAITING or waiting_bytes > MOST_WAITING_BYTES:
            self._shed_here += 1
            return
        request = Shadowed(prediction.batch.copy(), predictions.copy())
        self._waiting_bytes += request.size_bytes
        self._queue.put(request)
        if not self._is_running:
            self._is_running = True
            start_thread(self._run, ())

    def end(self) -> None:
        """Compare nothing more."""
        self._is_over = True

    def _run(self) -> None:
        try:
            while not self._is_over and (first := self._next(IDLE_S)) is not None:
                self._work(first)
        finally:
            self._is_running = False

    def _work(self, first: Shadowed) -> None:
        """Rest, then compare what has come, and rest as long as that took."""
        is_busy = _rest(REST_S) > LATE_S or self._idle.share() < LEAST_IDLE
        requests = [first, *self._others()]
        if is_busy:
            self._shed_there += len(requests) - 1
            requests = requests[-1:]
        began_s = time.monotonic()
        try:
            self._figures = self._figures + self._compares.compare(requests)
        except Exception:
            log.exception("requests of a rollout were not compared")
        _rest(min(time.monotonic() - began_s - REST_S, IDLE_S))

    def _others(self) -> list[Shadowed]:
        found: list[Shadowed] = []
        while len(found) < MOST_AT_ONCE - 1 and (one := self._next(0.0)) is not None:
            found.append(one)
        return found

    def _next(self, timeout_s: float) -> Shadowed | None:
        with suppress(Empty):
            request: Shadowed = self._queue.get(timeout_s > 0, timeout_s or None)
            self._taken_bytes += request.size_bytes
            return request
        return None


def _rest(seconds: float) -> float:
    """Sleep; how much too long."""
    if seconds <= 0:
        return 0.0
    began_s = time.monotonic()
    sleep(seconds)
    return time.monotonic() - began_s - seconds
