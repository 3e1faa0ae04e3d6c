"""What the leader of a service does with segments at rest: puts small ones together, deletes those whose days are over.

Several services do it beside each other, and a service beside erasures: `models.capture.compacting` says why they may.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from models.capture.compacting import compact_labels, compact_rows
from models.capture.erasing import delete_old_segments
from models.capture.segments import captured_models
from models.errors import StoreUnavailable
from service.registry.registry import Registry

__all__ = ["SegmentKeeping"]

EVERY_S = 3600.0
"""Between two looks at every model of the store; those that capture are looked at each time."""

log = structlog.get_logger("service")


class SegmentKeeping:
    """Keeps the segments of all models few, and none too long.

    Args:
        registry: Knows the store, and what is captured of which model.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._due_s = -math.inf

    def turn(self) -> None:
        """Do what is to be done, where this process leads; in a thread that may block."""
        if not self._registry.coordinator.lead():
            return
        with _told():
            self._keep()

    def _keep(self) -> None:
        store = self._registry.store
        store.require_folder()
        is_thorough = time.monotonic() >= self._due_s
        if is_thorough:
            delete_old_segments(store)
            self._due_s = time.monotonic() + EVERY_S
        for model in captured_models(store) if is_thorough else self._captured:
            with _told(model):  # one model's trouble stops no other
                compact_rows(store.objects, model)
        compact_labels(store.objects)

    @property
    def _captured(self) -> list[str]:
        """The models of which something is captured now."""
        models = self._registry.coordinator.desired_state().models
        return [name for name, one in models.items() if one.capture.get("sample")]


@contextmanager
def _told(model: str | None = None) -> Iterator[None]:
    """Log that the store does not answer; the next turn tries again."""
    try:
        yield
    except StoreUnavailable as error:
        log.warning("captured rows stay as they are until the store answers", model=model, reason=str(error))
