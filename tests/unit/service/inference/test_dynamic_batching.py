"""Several greenlets, one graph, as few runs as there can be."""

import time
from collections.abc import Callable

import gevent
import numpy as np
import pytest

from models.preprocessing.instances import Array
from service.inference.dynamic_batching import LONGEST_ROW_S, MOST_ROWS, SHORTEST_ROW_S, DynamicBatcher, may_batch
from service.inference.onnx_session import GraphError


class Sums:
    """A graph whose output is the sum of a row, and which records what it was asked for."""

    def __init__(self, *, refuses: float = np.nan) -> None:
        self.rows: list[int] = []
        self._refuses = refuses

    def run(self, batch: Array) -> Array:
        """Refuse a batch with a value in it that it does not like."""
        self.rows.append(len(batch))
        if (batch == self._refuses).any():
            raise GraphError("no such row")
        return batch.sum(axis=1, keepdims=True, dtype=np.float32)


def rows_of(*values: float) -> Array:
    return np.array([[value, 1.0] for value in values], np.float32)


def ask(graph: DynamicBatcher, *batches: Array) -> list[gevent.Greenlet]:
    """One greenlet for each batch, all ready at once, to their ends."""
    asking = [gevent.spawn(graph.run, batch) for batch in batches]
    gevent.joinall(asking, timeout=60)
    return asking


def test_those_who_ask_at_once_share_a_run_and_get_their_own_rows() -> None:
    """Whatever their numbers."""
    graph = Sums()
    asked = ask(DynamicBatcher(graph), rows_of(1), rows_of(2, 3), rows_of(4))
    assert [one.value.tolist() for one in asked] == [[[2]], [[3], [4]], [[5]]]
    assert graph.rows == [4]


def test_nobody_waits_for_a_request_that_has_not_come() -> None:
    """One alone is computed at once, and again."""
    graph = Sums()
    shared = DynamicBatcher(graph)
    for value in (1.0, 2.0):
        assert ask(shared, rows_of(value))[0].value.tolist() == [[value + 1]]
    assert graph.rows == [1, 1]


def test_a_run_has_so_many_rows_and_no_more() -> None:
    """The others have the next one, and what is large has its own."""
    graph = Sums()
    asked = ask(DynamicBatcher(graph), *(rows_of(number) for number in range(MOST_ROWS + 3)))
    assert [one.value.item() for one in asked] == [number + 1 for number in range(MOST_ROWS + 3)]
    assert graph.rows == [MOST_ROWS, 3]
    graph.rows.clear()
    ask(DynamicBatcher(graph), rows_of(*range(MOST_ROWS // 2 + 1)), rows_of(1), rows_of(2))
    assert graph.rows == [MOST_ROWS // 2 + 1, 2]


def test_what_one_causes_is_no_concern_of_the_others() -> None:
    """Each is computed alone then; the one alone gets the error."""
    asked = ask(DynamicBatcher(Sums(refuses=2)), rows_of(1), rows_of(2), rows_of(3))
    assert [one.value.tolist() for one in (asked[0], asked[2])] == [[[2]], [[4]]]
    assert isinstance(asked[1].exception, GraphError)


def test_who_is_ended_while_it_waits_keeps_nobody() -> None:
    """As a request is whose time is over."""
    shared = DynamicBatcher(Sums())
    asking = [gevent.spawn(shared.run, rows_of(value)) for value in (1, 2)]
    gevent.get_hub().loop.run_callback(asking[0].throw, TimeoutError("over"))
    gevent.joinall(asking, timeout=60)
    assert isinstance(asking[0].exception, TimeoutError)
    assert asking[1].value.tolist() == [[3]]
    assert ask(shared, rows_of(5))[0].value.tolist() == [[6]]


def test_who_asks_again_while_the_others_are_woken_is_computed_in_the_next_turn() -> None:
    """Nothing is lost between two runs."""
    graph = Sums()
    shared = DynamicBatcher(graph)

    def twice() -> float:
        return float(shared.run(shared.run(rows_of(1)).repeat(2, axis=1)).item())

    asking = [gevent.spawn(twice) for _ in range(3)]
    gevent.joinall(asking, timeout=60)
    assert [one.value for one in asking] == [4.0] * 3
    assert sum(graph.rows) == 6


@pytest.mark.parametrize(
    ("run", "rows", "takes_s", "may"),
    [
        (Sums().run, 4, 4 * SHORTEST_ROW_S, True),
        (Sums().run, 1, 4 * SHORTEST_ROW_S, False),
        (lambda batch: batch - batch.mean(axis=0), 4, 4 * SHORTEST_ROW_S, False),
        (Sums().run, 8, 0, False),
        (Sums().run, 4, 2 * LONGEST_ROW_S, False),
    ],
    ids=["rows apart", "one row proves nothing", "rows that look at each other", "quick", "slow"],
)
def test_runs_are_shared_where_that_helps_and_harms_nobody(
    run: Callable[[Array], Array], rows: int, takes_s: float, *, may: bool
) -> None:
    """Seen from rows whose outputs are known."""

    class Graph:
        def run(self, batch: Array) -> Array:
            end_s = time.perf_counter() + takes_s
            while time.perf_counter() < end_s:
                pass
            return run(batch)

    batch = np.random.default_rng(3).random((rows, 2), np.float32)
    assert may_batch(Graph(), batch, run(batch), tolerance=1e-5) is may
