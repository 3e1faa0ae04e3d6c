"""Sampled predictions between the requests that made them and the thread that writes them: bounded."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.capture.capture_settings import CaptureSettings
from models.preprocessing.instances import Array
from models.store.manifest import Manifest

__all__ = ["BoundedBuffer", "SampledBatch"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class SampledBatch:
    """The rows of one request.

    Args:
        settings: By which it was sampled.
        manifest: Of the version that computed it.
        request_id: Of the request.
        at_s: When, in seconds since 1970.
        batch: `(rows, *instance shape)`, a copy.
        outputs: `(rows, outputs) float32`, a copy.
    """

    settings: CaptureSettings
    manifest: Manifest
    request_id: str
    at_s: float
    batch: Array
    outputs: Array


class BoundedBuffer(Generic[Item]):
    """Items with a size each, up to a sum: one thread adds, another takes, and neither waits for the other.

    What was taken goes on counting until it is released, as it is still in memory until it is written.

    Args:
        most: The largest sum.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._items: deque[Item] = deque()
        self._added = 0  # by the one thread
        self._released = 0  # by the other one

    def __len__(self) -> int:
        return len(self._items)

    @property
    def held(self) -> int:
        """The sum of all sizes."""
        return self._added - self._released

    def has_room(self, size: int) -> bool:
        """Whether an item of this size may be added."""
        return self.held + size <= self.most

    def add(self, item: Item, size: int) -> None:
        """Add an item that there is room for."""
        self._added += size
        self._items.append(item)

    def take_all(self) -> Iterator[Item]:
        """What there is, the oldest first."""
        for _ in range(len(self._items)):
            yield self._items.popleft()

    def release(self, size: int) -> None:
        """What was taken is in memory no more."""
        self._released += size
