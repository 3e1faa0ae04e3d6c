import math
import os
import signal

import pytest

from service.telemetry import shared_counts
from service.telemetry.metrics import Metrics
from service.telemetry.shared_counts import CombinedTables, Place, SharedCounts, Table

NAMES_BYTES = 1024
NUMBERS = 16


def table(memory=None, **options):
    """A small one."""
    size = shared_counts.LENGTH_BYTES + NAMES_BYTES + 8 * (NUMBERS + shared_counts.WIDEST)
    return Table(memoryview(bytearray(size)) if memory is None else memory, NAMES_BYTES, **options)


def test_a_name_has_its_numbers_from_its_first_use_on() -> None:
    """Each its own, one after the other."""
    one = table()
    assert [one.start_of("a", 3), one.start_of("b", 1), one.start_of("a", 3)] == [0, 3, 0]
    assert list(one.numbers[:4]) == [0.0] * 4
    assert one.names == [("a", 0, 3), ("b", 3, 1)]


def test_a_table_that_is_full_counts_on_where_no_page_looks(capsys) -> None:
    """What is there goes on; one line says it."""
    one = table()
    kept = one.start_of("kept", NUMBERS - 1)
    for name in ("x", "y", "z"):
        start = one.start_of(name, 5)
        for offset in range(5):
            one.numbers[start + offset] += 1
    one.numbers[kept] += 1
    assert [name for name, *_ in one.names] == ["kept"]
    assert list(one.numbers[: NUMBERS - 1]) == [1.0] + [0.0] * (NUMBERS - 2)
    assert capsys.readouterr().out.count("no room for more series") == 1


def test_names_too_long_for_what_is_left_are_not_counted_either(capsys) -> None:
    """As with numbers."""
    one = table()
    assert one.start_of("a" * NAMES_BYTES, 1) == NUMBERS
    assert one.start_of("b", 1) == 0
    assert "no room" in capsys.readouterr().out


def test_a_table_takes_over_what_another_process_has_written() -> None:
    """Its names and its numbers; of gauges, no number."""
    memory = memoryview(bytearray(shared_counts.LENGTH_BYTES + NAMES_BYTES + 8 * (NUMBERS + shared_counts.WIDEST)))
    first = table(memory, unset=math.nan)
    assert math.isnan(first.numbers[first.start_of("a", 1)])
    first.numbers[first.start_of("b", 1)] = 5.0
    second = table(memory, unset=math.nan)
    second.catch_up()
    assert second.numbers[second.start_of("b", 1)] == 5.0
    second.forget_numbers()
    assert math.isnan(first.numbers[first.start_of("b", 1)])


def test_the_same_name_in_several_tables_is_one_name() -> None:
    """In any order, and added at any time."""
    first, second = table(), table()
    for one, names in ((first, "ab"), (second, "bca")):
        for number, name in enumerate(names):
            one.numbers[one.start_of(name, 1)] = 10 * number + 1
    combined = CombinedTables([first, second])
    assert list(combined.new_names()) == [("a", 0), ("b", 1), ("c", 2)]
    second.start_of("d", 2)
    assert list(combined.new_names()) == [("d", 3)]
    assert (list(combined.new_names()), combined.size) == ([], 5)
    totals = [0.0] * combined.size
    for targets, numbers in combined.columns():
        for target, number in zip(targets, numbers, strict=True):
            totals[target] += number
    assert totals == [1 + 21, 11 + 1, 11, 0, 0]


def test_a_place_is_given_to_one_process_at_a_time() -> None:
    """None is left for more; one that has died leaves its own."""
    counts = SharedCounts(2)
    assert [counts.reserve(), counts.reserve(), counts.reserve()] == [0, 1, None]
    counts.release(1)
    counts.release(None)
    assert [counts.reserve(), counts.reserve()] == [1, None]


def test_a_process_without_a_place_counts_on_no_page_and_says_so(capsys) -> None:
    """It serves as the others do."""
    metrics = Metrics(SharedCounts(1))
    metrics.enter(None)
    metrics.request_answered("/healthz", method="GET", status=200, duration_s=0.1)
    assert b"/healthz" not in metrics.page()
    assert "no place to count in" in capsys.readouterr().out


def test_what_is_not_used_takes_no_memory() -> None:
    """Room for sixteen processes is an address, and no bytes."""
    psutil = pytest.importorskip("psutil")
    before = psutil.Process().memory_info().shared
    counts = SharedCounts(16)
    assert 16 * Place.BYTES > 64 * 2**20
    assert psutil.Process().memory_info().shared - before < 2**20
    assert len(counts.places) == 16


def test_a_page_is_whole_while_another_process_adds_names(wait_until) -> None:
    """Whatever moment it is read at: a name is there with its numbers or not at all."""
    counts = SharedCounts(2)
    metrics, place = Metrics(counts), counts.reserve()
    pid = os.fork()
    if pid == 0:
        try:
            metrics.enter(place)
            for number in range(1_000):
                metrics.version_loaded(f"model-{number}", 1)
                metrics.predicted(f"model-{number}", 1, rows=1, phases_s=(0.1, 0.1, 0.1))
            signal.pause()
        finally:
            os._exit(1)
    try:
        wait_until(lambda: metrics.page().count(b"onehot_rows_total{") == 1_000, what="all are there")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert metrics.page().count(b"onehot_version_loaded{") == 1_000
