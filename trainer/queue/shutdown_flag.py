"""Whether this process was asked to end soon: one flag for each process, set by signals."""

import signal
import threading
import time
from types import FrameType

__all__ = ["is_shutting_down", "request_shutdown", "request_shutdown_on"]

FLAG = threading.Event()
ASKED_S: list[float] = []
"""When the process was asked, by the monotonic clock: the first of them counts."""


def request_shutdown(number: int = 0, frame: FrameType | None = None) -> None:
    """Set the flag; takes what a signal handler is given."""
    del number, frame
    ASKED_S.append(time.monotonic())
    FLAG.set()


def request_shutdown_on(*signals: signal.Signals) -> None:
    """Set the flag when one of these signals comes; forked children do so too."""
    for one in signals:
        signal.signal(one, request_shutdown)


def is_shutting_down(*, for_s: float = 0.0) -> bool:
    """Whether this process shall end as soon as nothing is lost by it, and was asked so many seconds ago."""
    return FLAG.is_set() and time.monotonic() - ASKED_S[0] >= for_s
