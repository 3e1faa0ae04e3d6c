"""The same work again and again, in a thread of its own."""

import threading
import time
from collections.abc import Callable

import structlog

from service.blocking_calls import run_in_thread

__all__ = ["Poller"]

CHECK_S = 0.05
"""Between two looks at whether there is something to do before its time."""

log = structlog.get_logger("service")


class Poller:
    """Does its work at once and then every few seconds, until it is stopped.

    Args:
        work: Must say by itself what went wrong; what it raises is logged, and it is called again.
        every_s: Seconds between the end of one call and the next.
        then: Called after each, in the thread of the event loop: it must not block.
        is_behind: Asked many times a second, in the same thread: whether to `catch_up` before it is time to work.
        catch_up: Less than the whole work.
    """

    def __init__(
        self, work: Callable[[], None], *, every_s: float, then: Callable[[], None] = lambda: None,
        is_behind: Callable[[], bool] = lambda: False, catch_up: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._work = work
        self._every_s = every_s
        self._then = then
        self._is_behind = is_behind
        self._catch_up = catch_up
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; in a forked process, after the fork."""
        # Under gevent this thread is a greenlet, and the work goes to a real thread.
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the call that is under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stopping.is_set():
            is_due = time.monotonic() >= due_s
            self._turn(is_due=is_due)
            if is_due:
                due_s = time.monotonic() + self._every_s
            # Under gevent a sleep costs a third of a wait for an event.
            time.sleep(min(CHECK_S, max(due_s - time.monotonic(), 0)))

    def _turn(self, *, is_due: bool) -> None:
        try:
            if is_due or self._is_behind():
                run_in_thread(self._work if is_due else self._catch_up)
                self._then()
        except Exception:  # the boundary of a thread that must not end
            log.exception("refresh failed")
