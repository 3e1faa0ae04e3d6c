"""Has this process been told to end soon? One flag for each process, set by signals."""

import signal
import threading
from types import FrameType

__all__ = ["drain", "drain_on", "is_draining"]

FLAG = threading.Event()


def drain(number: int = 0, frame: FrameType | None = None) -> None:
    """Set the flag; takes what a signal handler is given."""
    del number, frame
    FLAG.set()


def drain_on(*signals: signal.Signals) -> None:
    """Set the flag when one of these signals comes; forked children do so too."""
    for one in signals:
        signal.signal(one, drain)


def is_draining() -> bool:
    """Whether this process shall end as soon as nothing is lost by it."""
    return FLAG.is_set()
