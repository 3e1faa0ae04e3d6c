"""Whole records of runs that were read a moment ago: they hardly ever change, and are large."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from models.store.runs import StoredRun
from service.blocking_calls import new_lock

__all__ = ["RecordCache"]

MOST_BYTES = 32 * 2**20
"""Of the stored records, which take several times as much in memory."""

Key = tuple[str, str]


class RecordCache:
    """The records that were asked for last, each as long as the store has it unchanged. Several threads may use it.

    Args:
        most_bytes: How much of them it holds, as they are in the store.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[Key, tuple[StoredRun, Mapping[str, Any]]] = OrderedDict()
        self._bytes = 0
        self._lock = new_lock()

    def get(self, run: StoredRun) -> Mapping[str, Any] | None:
        """The record, if it is held and the store has no other since."""
        with self._lock:
            held, record = self._held.get((run.model, run.id), (None, None))
            if held is None or held.tag != run.tag:
                return None
            self._held.move_to_end((run.model, run.id))
            return record

    def put(self, run: StoredRun, record: Mapping[str, Any]) -> None:
        """Hold a record; those that were not asked for longest make room."""
        with self._lock:
            self._drop((run.model, run.id))
            self._held[run.model, run.id] = (run, record)
            self._bytes += run.size_bytes
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._held)))

    def _drop(self, key: Key) -> None:
        held, _ = self._held.pop(key, (None, None))
        self._bytes -= 0 if held is None else held.size_bytes
