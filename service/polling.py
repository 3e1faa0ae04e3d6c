"""The same work again and again, beside everything else."""

import threading
from collections.abc import Callable

import structlog

from service.offload import aside

__all__ = ["Poller"]

log = structlog.get_logger("service")


class Poller:
    """Does its work at once and then every few seconds, until it is stopped.

    Args:
        work: Must say by itself what went wrong; what it raises is logged, and it is called again.
        every_s: Seconds between the end of one call and the next.
        then: Called after each, in the thread of the event loop: it must not block.
    """

    def __init__(self, work: Callable[[], None], *, every_s: float, then: Callable[[], None] | None = None) -> None:
        self._work = work
        self._then = then
        self._every_s = every_s
        self._first_done = threading.Event()
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; in a forked process, after the fork."""
        # Under gevent this thread is a greenlet, and the work goes to a real thread.
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)
        self._thread.start()

    def wait_first(self, timeout_s: float) -> bool:
        """Wait until the work was done once; whether it was."""
        return self._first_done.wait(timeout_s)

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
        while not self._stopping:
            try:
                aside(self._work)
                if self._then is not None:
                    self._then()
            except Exception:  # the boundary of a thread that must not end
                log.exception("refresh failed")
            self._first_done.set()
            self._wake.wait(self._every_s)
            self._wake.clear()
