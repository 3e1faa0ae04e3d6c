"""Everything that takes rows and labels in: the observer, the buffers, the threads that write and that keep order."""

import time
from collections.abc import Sequence

import structlog
from obstore.store import ObjectStore

from models.capture.feedback_items import FeedbackItem
from models.errors import StoreUnavailable
from service.blocking_calls import run_in_thread, start_thread
from service.capture.capture_observer import CaptureObserver
from service.capture.row_buffer import BoundedBuffer, SampledBatch
from service.capture.segment_keeping import SegmentKeeping
from service.capture.segment_making import label_segments, row_segments, size_of_label
from service.capture.segment_writer import SegmentWriter, Timing
from service.registry.poller import Poller
from service.registry.registry import Registry
from service.telemetry.metrics import Metrics

__all__ = ["CapturedTraffic"]

MOST_ROWS_BYTES = 32 * 2**20
MOST_LABELS_BYTES = 64 * 2**20
"""A hundred thousand labels."""
ROWS = Timing(linger_s=0.5, every_s=15.0, full=8 * 2**20)
LABELS = Timing(linger_s=0.2, every_s=1.0, full=8 * 2**20)
IDLE_S = 60.0
KEEP_S = 60.0
LAST_S = 3.0
"""How long a process that ends tries to write what it has."""
TURN_S = 0.02

log = structlog.get_logger("service")


class CapturedTraffic:
    """Rows and labels of one process on their way to the store.

    Args:
        registry: Knows what is captured of which model, and the store.
        metrics: Counts what was written and what was lost.
        most_rows_bytes: Of rows that wait for the store.
        most_labels_bytes: Of labels that do.
    """

    def __init__(
        self, registry: Registry, metrics: Metrics, *, most_rows_bytes: int = MOST_ROWS_BYTES,
        most_labels_bytes: int = MOST_LABELS_BYTES,
    ) -> None:  # fmt: skip
        self._registry, self._metrics = registry, metrics
        rows: BoundedBuffer[SampledBatch] = BoundedBuffer(most_rows_bytes)
        self._labels: BoundedBuffer[FeedbackItem] = BoundedBuffer(most_labels_bytes)
        self.observer = CaptureObserver(registry.capture_of, rows, metrics.rows_dropped)
        self._rows_writer = SegmentWriter(rows, row_segments, self._objects, ROWS)
        self._labels_writer = SegmentWriter(self._labels, label_segments, self._objects, LABELS)
        self._flushed = registry.coordinator.flush_requests
        self._poller = Poller(
            lambda: None, every_s=IDLE_S, then=self._count, is_behind=self._is_due, catch_up=self._write
        )
        self._keeper = Poller(SegmentKeeping(registry).turn, every_s=KEEP_S)  # beside: rows do not wait for it

    def start(self) -> None:
        """Begin to write; in a forked process, after the fork."""
        self._poller.start()
        self._keeper.start()

    def stop(self) -> None:
        """Write what there is, for a moment; what cannot be written is counted as lost."""
        done: list[bool] = []

        def write() -> None:
            self._write_all()
            done.append(True)

        start_thread(write, ())
        end_s = time.monotonic() + LAST_S
        while not done and time.monotonic() < end_s:
            time.sleep(TURN_S)
        self._rows_writer.give_up()
        self._count()

    def flush(self) -> None:
        """Write now what this process has, and let all others of the service do so soon."""
        self._registry.coordinator.request_flush()
        self._flushed = self._registry.coordinator.flush_requests
        run_in_thread(self._write_all)
        self._count()

    def take_labels(self, items: Sequence[FeedbackItem]) -> None:
        """Take labels in; they are in the store a second later.

        Raises:
            StoreUnavailable: When so many wait for the store that there is no room: none of these is taken then.
        """
        sizes = [size_of_label(one) for one in items]
        if not self._labels.has_room(sum(sizes)):
            raise StoreUnavailable(
                self._labels_writer.why_not or "more labels wait to be written than there is room for"
            )
        for one, size in zip(items, sizes, strict=True):
            self._labels.add(one, size)

    def _objects(self) -> ObjectStore:
        """The store, if it is there: writing would make the folder of a mount that went away."""
        store = self._registry.store
        store.require_folder()
        return store.objects

    def _is_due(self) -> bool:
        is_asked = self._flushed != self._registry.coordinator.flush_requests
        return is_asked or self._rows_writer.is_due() or self._labels_writer.is_due()

    def _write(self) -> None:
        asked = self._registry.coordinator.flush_requests
        is_asked, self._flushed = asked != self._flushed, asked
        for writer in (self._rows_writer, self._labels_writer):
            if is_asked or writer.is_due():
                writer.write()

    def _write_all(self) -> None:
        for writer in (self._rows_writer, self._labels_writer):
            writer.write()

    def _count(self) -> None:
        """Count in the thread of the event loop, which all other counts are made in."""
        for writer in (self._rows_writer, self._labels_writer):
            while writer.written:
                model, count = writer.written.popleft()
                self._metrics.rows_captured(model, count) if model else self._metrics.labels_stored(count)
            while writer.lost:
                self._metrics.rows_dropped(*writer.lost.popleft())
