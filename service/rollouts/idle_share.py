"""How much of the machine does nothing: what a shadow may take."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

__all__ = ["IdleShare"]

STAT = Path("/proc/stat")
WINDOW_S = 0.5
IDLE, WAITING = 3, 4
"""Places of the kernel's counts in the line of all processors: of time without work, and waiting for a disk."""


class IdleShare:
    """The idle share of all processors, looked at again once a window is over.

    Args:
        stat: The kernel's counts; where there are none, all is idle.
        clock: In seconds.
    """

    def __init__(self, stat: Path = STAT, clock: Callable[[], float] = time.monotonic) -> None:
        self._stat = stat
        self._clock = clock
        self._before = self._counts()
        self._due_s = clock() + WINDOW_S
        self._share = 1.0

    def share(self) -> float:
        """From 0 to 1, of the last whole window; 1 before there was one."""
        if self._clock() >= self._due_s:
            now = self._counts()
            idle, total = now[0] - self._before[0], now[1] - self._before[1]
            self._share = idle / total if total > 0 else 1.0
            self._before, self._due_s = now, self._clock() + WINDOW_S
        return self._share

    def _counts(self) -> tuple[int, int]:
        """Idle and all, in the kernel's ticks."""
        with suppress(OSError, ValueError, IndexError):
            with self._stat.open() as file:
                ticks = [int(one) for one in file.readline().split()[1:9]]
            return ticks[IDLE] + ticks[WAITING], sum(ticks)
        return 0, 0
