"""Shadow: the candidate computes what the default version answered, beside the event loop and after everything else.

What was answered waits in a bounded queue for a thread of low priority. The thread rests between two looks, so that
many small requests are compared at once; when it wakes much too late, the machine has better things to do, and what
waits is shed.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty
from typing import Any, Protocol

import structlog
from gevent import monkey

from models.rollout.figures import PairFigures, RolloutFigures
from service.blocking_calls import start_thread
from service.rollouts.shadow_comparison import Shadowed
from service.traffic.observed_prediction import ObservedPrediction

__all__ = ["Compares", "Shadow"]

REST_S = 0.02
"""Between two looks at the queue."""
LATE_S = 0.03
"""A rest that lasts so much longer: other threads and processes want the machine."""
MOST_WAITING = 512
"""Requests in the queue of one process."""
MOST_WAITING_BYTES = 16 * 2**20
MOST_AT_ONCE = 64
"""Requests that are compared between two rests."""
IDLE_S = 5.0
NICE = 5
"""Of the thread: enough to come last, not so little that it holds the interpreter's lock while others run."""

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
        _come_last()
        try:
            while not self._is_over and (first := self._next(IDLE_S)) is not None:
                self._work(first)
        finally:
            self._is_running = False

    def _work(self, first: Shadowed) -> None:
        """Rest, then compare all that has come, and rest as long as that took."""
        late_s = _rest(REST_S)
        requests = [first, *self._others()]
        if late_s > LATE_S:
            self._shed_there += len(requests)
            return
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


def _come_last() -> None:
    """Let the kernel run every other thread first; elsewhere than on Linux a priority is a whole process'."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + NICE)
