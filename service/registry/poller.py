"""The same work again and again, beside everything else."""

import threading
import time
from collections.abc import Callable

import structlog

from service.blocking_calls import run_in_thread

__all__ = ["Poller"]

GLANCE_S = 0.05
"""Between two looks at whether somebody asks for something."""

log = structlog.get_logger("service")


class Poller:
    """Does its work at once and then every few seconds, until it is stopped.

    Args:
        work: Must say by itself what went wrong; what it raises is logged, and it is called again.
        every_s: Seconds between the end of one call and the next.
        then: Called after each, in the thread of the event loop: it must not block.
        is_called: Asked many times a second, in the same thread: whether `answer` is to be called before its time.
        answer: Less than the whole work; what somebody asked for.
    """

    def __init__(
        self, work: Callable[[], None], *, every_s: float, then: Callable[[], None] | None = None,
        is_called: Callable[[], bool] = lambda: False, answer: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self._work = work
        self._is_called = is_called
        self._answer = answer or work
        self._then = then
        self._every_s = every_s
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; in a forked process, after the fork."""
        # Under gevent this thread is a greenlet, and the work goes to a real thread.
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Do the work now rather than later."""
        self._wake.set()

    def stop(self) -> None:
        """End after the call that is under way."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        self._do(self._work)
        due_s = time.monotonic() + self._every_s
        while not self._stopping:
            is_woken = self._wake.wait(min(GLANCE_S, max(due_s - time.monotonic(), 0)))
            self._wake.clear()
            if is_woken or time.monotonic() >= due_s:
                self._do(self._work)
                due_s = time.monotonic() + self._every_s
            elif self._called():
                self._do(self._answer)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            run_in_thread(work)
            if self._then is not None:
                self._then()
        except Exception:  # the boundary of a thread that must not end
            log.exception("refresh failed")

    def _called(self) -> bool:
        try:
            return self._is_called()
        except Exception:
            log.exception("refresh failed")
            return False
