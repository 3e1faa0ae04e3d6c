"""One run of a graph for the few rows of several requests.

The event loop finds the requests of a busy moment all at once. Each is read and checked by itself; those for one graph
then share a run, as soon as all that were found have been read. No request waits for one that has not come.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from time import perf_counter
from typing import Any, Protocol

import gevent
import numpy as np
from gevent.hub import Waiter

from models.preprocessing.instances import Array
from models.preprocessing.tolerance import allowed_difference, largest_difference

__all__ = ["DynamicBatcher", "Runs", "may_batch"]

MOST_ROWS = 16
"""Of one run; a request with more than half of them has a run of its own."""
LAST = -2
"""libev's lowest priority: after all that the same look at the sockets has found."""
SHORTEST_ROW_S = 50e-6
"""What takes less is computed sooner than a greenlet is put to sleep and woken."""
LONGEST_ROW_S = 2e-3
"""What takes longer has nothing to gain beside its own work, and all who share would wait for all."""
TRIED_ROWS = 8
WARM_RUNS = 3


class Runs(Protocol):
    """What computes predictions."""

    def run(self, batch: Array) -> Array:
        """The first output for `(batch, *input shape)`: float32 `(batch, outputs)`."""
        ...


class DynamicBatcher:
    """A graph that computes the rows of several requests in one run; for greenlets of one event loop."""

    def __init__(self, graph: Runs) -> None:
        self.graph = graph
        self._waiting: list[tuple[Array, Any]] = []
        self._timer: Any = None

    def run(self, batch: Array) -> Array:
        """As `Graph.run`, with the others of the same turn of the event loop.

        Shape: `(batch, *input shape) float32` to `(batch, outputs) float32`.
        """
        if 2 * len(batch) > MOST_ROWS:
            return self.graph.run(batch)
        if not self._waiting:
            self._end_turn_with_run()
        waiter = Waiter()
        self._waiting.append((batch, waiter))
        output: Array = waiter.get()
        return output

    def _end_turn_with_run(self) -> None:
        if self._timer is None:  # here and not before: a version can be loaded in another thread, or before a fork
            self._timer = gevent.get_hub().loop.timer(0.0, priority=LAST)
        self._timer.start(self._run_waiting)

    def _run_waiting(self) -> None:
        """In the hub: compute, and wake those who wait, one after the other."""
        self._timer.stop()
        waiting, self._waiting = self._waiting, []
        for shared in _portions(waiting):
            outcomes = self._outcomes([batch for batch, _ in shared])
            for (_, waiter), outcome in zip(shared, outcomes, strict=True):
                if isinstance(outcome, BaseException):
                    waiter.throw(outcome)
                else:
                    waiter.switch(outcome)

    def _outcomes(self, batches: Sequence[Array]) -> list[Array | BaseException]:
        """What each gets: its output, or why there is none. What one of them causes is no concern of the others."""
        try:
            output = self.graph.run(np.concatenate(batches))
        except BaseException as error:  # noqa: BLE001 -- raised where the output is waited for
            if len(batches) == 1:
                return [error]
            return [outcome for batch in batches for outcome in self._outcomes([batch])]
        ends = accumulate(map(len, batches), initial=0)
        return [output[begin:end] for begin, end in pairwise(ends)]


def may_batch(graph: Runs, batch: Array, together: Array, *, tolerance: float) -> bool:
    """Whether rows of several requests may be computed in one run.

    Not when a row's output depends on its neighbours, which a network can have been made to do; not when a row takes
    less than sharing; and not when it takes so long that all would only wait for the last.

    Args:
        graph: What computes.
        batch: float32 `(batch, *input shape)`, contiguous.
        together: What it computes for the whole batch.
        tolerance: As in `models.preprocessing.tolerance`.

    Raises:
        GraphError: When the graph cannot compute them.
    """
    if len(batch) < 2:
        return False
    fastest_s = np.inf
    for row in range(min(len(batch), TRIED_ROWS)):
        began_s = perf_counter()
        alone = graph.run(batch[row : row + 1])
        fastest_s = min(fastest_s, perf_counter() - began_s)
        if fastest_s < SHORTEST_ROW_S or (row + 1 >= WARM_RUNS and fastest_s > LONGEST_ROW_S):
            return False
        expected = together[row : row + 1]
        if not largest_difference(expected, alone) <= allowed_difference(expected, tolerance=tolerance):
            return False
    return bool(fastest_s <= LONGEST_ROW_S)


def _portions(waiting: Sequence[tuple[Array, Any]]) -> Iterator[Sequence[tuple[Array, Any]]]:
    """Those who wait, in their order, as many at a time as one run takes."""
    begin = rows = 0
    for position, (batch, _) in enumerate(waiting):
        if rows + len(batch) > MOST_ROWS:
            yield waiting[begin:position]
            begin, rows = position, 0
        rows += len(batch)
    yield waiting[begin:]
