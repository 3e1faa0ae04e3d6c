"""Writes what is buffered as segments into the store, in a thread beside the event loop; again where it failed."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from obstore.store import ObjectStore

from models.capture.segments import write_segment
from models.errors import StoreUnavailable
from service.blocking_calls import new_lock
from service.capture.row_buffer import BoundedBuffer

__all__ = ["Segment", "SegmentWriter", "Timing"]

RETRY_S = 1.0
"""After a write that failed."""
Item = TypeVar("Item")

log = structlog.get_logger("service")


@dataclass(frozen=True, slots=True)
class Timing:
    """How long what came waits for more: a segment each time would be very many, and one an hour would be late.

    Args:
        linger_s: After the first, when nothing was written lately.
        every_s: Between two writes.
        full: The held sum that is written before its time.
    """

    linger_s: float
    every_s: float
    full: int


@dataclass(frozen=True, slots=True)
class Segment:
    """What is to be written.

    Args:
        path: In the store.
        content: Its bytes; None where none could be made of what came.
        model: That it is about; empty where it is about several.
        count: How many rows or labels it has.
        size: What it counts in the buffer.
    """

    path: str
    content: bytes | None
    model: str
    count: int
    size: int


class SegmentWriter(Generic[Item]):
    """Takes from a buffer and writes. `is_due` may be asked in any thread, `write` runs in one at a time.

    Args:
        buffer: What is written.
        segments: Makes segments of items; in the writing thread.
        objects: Gives the store.
        timing: When.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, buffer: BoundedBuffer[Item], segments: Callable[[Sequence[Item]], list[Segment]],
        objects: Callable[[], ObjectStore], timing: Timing, *, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._buffer, self._segments, self._objects, self._timing = buffer, segments, objects, timing
        self._clock = clock
        self._lock = new_lock()
        self._unsent: list[Segment] = []
        self._first_s: float | None = None
        self._written_s = self._retry_s = -1e9
        self.why_not = ""
        """Why the last write failed; empty when it did not."""
        self.written: deque[tuple[str, int]] = deque()
        """Model and count of what was written since another thread took it from here; so of what was lost."""
        self.lost: deque[tuple[str, int]] = deque()

    def is_due(self) -> bool:
        """Whether there is something to write, and it is time."""
        now_s = self._clock()
        if not self._buffer.held or now_s < self._retry_s:
            self._first_s = self._first_s if self._buffer.held else None
            return False
        self._first_s = now_s if self._first_s is None else self._first_s
        is_full = self._buffer.held >= self._timing.full
        return is_full or now_s >= max(self._first_s + self._timing.linger_s, self._written_s + self._timing.every_s)

    def write(self) -> None:
        """Write all that there is; what fails stays, and is tried again."""
        with self._lock:
            items = [*self._buffer.take_all()]
            if items:
                self._unsent += self._segments(items)
            self._send()

    def _send(self) -> None:
        began_s = self._clock()
        try:
            while self._unsent:
                first = self._unsent[0]
                if first.content is not None:
                    write_segment(self._objects(), first.path, first.content)
                del self._unsent[0]
                self._buffer.release(first.size)
                (self.lost if first.content is None else self.written).append((first.model, first.count))
        except StoreUnavailable as error:
            if not self.why_not:
                log.warning("what was captured waits for the store", reason=str(error))
            self.why_not, self._retry_s = error.reason, self._clock() + RETRY_S
            return
        self.why_not, self._written_s, self._first_s = "", began_s, None

    def give_up(self) -> None:
        """What was not written is lost; for a process that ends."""
        for one in [*self._unsent, *self._segments([*self._buffer.take_all()])]:
            self.lost.append((one.model, one.count))
