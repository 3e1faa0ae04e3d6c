"""One version in one process: its statistics, once they are read, and what was counted into their bins."""

import hashlib
import time
from dataclasses import dataclass

import numpy as np

from models.preprocessing.instances import Array
from models.statistics.drift import WindowDrift, compare
from models.statistics.output_columns import OutputColumns
from models.statistics.version_statistics import VersionStatistics
from models.store.manifest import Manifest
from service.monitoring.live_window import LiveWindow, window_of
from service.monitoring.recent_rows import RowBuffer

__all__ = ["BinnedVersion", "ComparedWindow", "Taken", "WatchedVersion"]

MORE = 2
"""Numbers behind the statistics' own: rows that were answered, and batches on which the version failed."""


@dataclass(frozen=True, slots=True)
class ComparedWindow:
    """A window of a version, compared with its training rows.

    Args:
        drift: The comparison.
        answered: Rows that were answered; under much load not all of them are counted.
        failed: Batches on which the version failed.
        from_s: When the oldest bucket in it began, since 1970; None where it is empty.
    """

    drift: WindowDrift
    answered: int
    failed: int
    from_s: int | None


class BinnedVersion:
    """Statistics of a version, and what is needed to count into them and to compare.

    Args:
        manifest: Of the version.
        statistics: Of its training rows.
    """

    def __init__(self, manifest: Manifest, statistics: VersionStatistics) -> None:
        self.statistics = statistics
        self.id = hashlib.sha256(statistics.to_json()).digest()[:16]
        self.slots = statistics.slots + MORE
        self.outputs = OutputColumns.of(manifest)

    def compare(self, blobs: list[bytes], *, now_s: float, window_s: float) -> ComparedWindow:
        """Compare what all processes counted in the last so many seconds."""
        window = window_of(blobs, self.id, self.slots, now_s=now_s, window_s=window_s)
        answered, failed = window.counts[-MORE:].tolist()
        return ComparedWindow(compare(self.statistics, window.counts[:-MORE]), answered, failed, window.from_s)


class WatchedVersion:
    """A version that answers in this process.

    Args:
        manifest: Of the version.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.buffer = RowBuffer()
        self.failed = 0
        self.has_news = False
        self.read_due_s = 0.0
        self.post_due_s = 0.0
        self.binned: BinnedVersion | None = None
        self._window: LiveWindow | None = None

    def follow(self, statistics: VersionStatistics | None) -> None:
        """Count into these statistics from now on; what was counted into others is forgotten."""
        if statistics is None:
            self.binned = self._window = None
        elif self.binned is None or self.binned.statistics != statistics:
            self.binned = BinnedVersion(self.manifest, statistics)
            self._window = LiveWindow(self.binned.id, self.binned.slots)

    @property
    def is_blind(self) -> bool:
        """Whether it is known that there is nothing to count into."""
        return self.binned is None and self.read_due_s > 0

    def take(self) -> "Taken | None":
        """What has come since the last time; None where nothing has, or there is nothing to count into."""
        answered, failed, self.failed = self.buffer.seen, self.failed, 0
        rows = self.buffer.take()
        if self.binned is None or not (answered or failed):
            return None
        return Taken(self.binned, answered, failed, rows)

    def note(self, taken: "Taken", counts: Array) -> None:
        """Add what was counted of that, `(slots,) int64`, to the bucket of now."""
        if self._window is not None and taken.binned is self.binned:
            self._window.add(counts, time.time())
            self.has_news = True

    def content(self) -> bytes:
        """What was counted, for the others; `blob_of` compresses it."""
        self.has_news = False
        return b"" if self._window is None else self._window.content()


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows of one version that are counted at once, in any thread.

    Args:
        binned: What they are counted into.
        answered: How many rows were answered.
        failed: Batches on which the version failed.
        rows: Those to be counted and their predictions, `(rows, …)`; None where there are none.
    """

    binned: BinnedVersion
    answered: int
    failed: int
    rows: tuple[Array, Array] | None

    def counts(self) -> Array:
        """What they come to: `(slots,) int64`."""
        counts = np.zeros(self.binned.slots, np.int64)
        counts[-MORE:] = self.answered, self.failed
        if self.rows is not None:
            counts[:-MORE] = self.binned.statistics.count(self.binned.outputs, *self.rows)
        return counts
