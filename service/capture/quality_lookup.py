"""How good a model's predictions are, looked up in an index that follows the store; a look costs two listings of it."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from models.capture.quality_index import Known, QualityIndex
from models.store.store import Store
from service.blocking_calls import new_lock, run_in_thread, several_at_once

__all__ = ["QualityLookup"]

BELIEVED_S = 1.0
MOST_ROWS = 1_000_000
"""In a process, and as many labels: of a million rows an accuracy is known to a thousandth."""


class QualityLookup:
    """The index of this process.

    Args:
        open_store: Gives the store.
    """

    def __init__(self, open_store: Callable[[], Store]) -> None:
        self._index = QualityIndex(
            lambda: open_store().objects, ask=several_at_once, every_s=BELIEVED_S, most=MOST_ROWS
        )
        self._turn = threading.Lock()  # under gevent one of greenlets: those that wait hold no thread
        self._lock = new_lock()

    def known(self, model: str) -> Known:
        """A model's rows with their labels, for a request: it waits beside the event loop.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        with self._turn:
            return run_in_thread(self._look, model, anew=True)

    def known_here(self, model: str) -> Known:
        """The same, for a thread that may block."""
        return self._look(model, anew=True)

    def quality_of(self, model: str, version: int, since: datetime) -> tuple[int, int]:
        """How many rows a version predicted right since then, and how many of its rows are labelled.

        It blocks for as long as the store takes: call it in a thread. Within a second it answers from memory.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        return self._look(model).right_and_labelled(version=version, since_s=since.timestamp())

    def _look(self, model: str, *, anew: bool = False) -> Known:
        with self._lock:
            return self._index.look(model, anew=anew)

    def document(self, model: str, **of: Any) -> dict[str, Any]:
        """How good the predictions of a model were; of which rows, as `JoinedRows.of`.

        Raises:
            StoreUnavailable: When the store does not answer.
        """
        known = self.known(model)
        return run_in_thread(known.quality, **of)
