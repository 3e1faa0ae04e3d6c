"""Bounds on time stand in tests/timing.py, and do what it says."""

import ast
import time
from itertools import count
from pathlib import Path

import pytest

from tests import timing
from tests.timing import assert_quick, not_waiting_for, promised_s

TESTS = Path(__file__).parents[1]
CLOCKS = frozenset({"monotonic", "perf_counter", "process_time", "thread_time"})


def reads_clock(node: ast.AST) -> bool:
    """Whether a clock is read somewhere in an expression."""
    return any(isinstance(one, ast.Attribute) and one.attr in CLOCKS for one in ast.walk(node))


def is_bounded_difference(node: ast.AST) -> bool:
    """`assert time.monotonic() - began_s < 5`, also as a part of a chain."""
    if not (isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare)):
        return False
    sides = [node.test.left, *node.test.comparators]
    return any(
        isinstance(left if is_upper else right, ast.BinOp) and reads_clock(left if is_upper else right)
        for left, operator, right in zip(sides, node.test.ops, sides[1:], strict=False)
        for is_upper in [isinstance(operator, ast.Lt | ast.LtE)]
        if is_upper or isinstance(operator, ast.Gt | ast.GtE)
        if is_upper or not isinstance(left, ast.BinOp)
    )


def test_no_test_compares_a_clock_with_a_bound_by_itself() -> None:
    """A busy machine would break it: tests/timing.py has what to use."""
    found = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if path.name != "timing.py" and is_bounded_difference(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("assert time.monotonic() - began_s < 5", True),
        ("assert 2 <= time.monotonic() - began_s < 5", True),
        ("assert 5 > time.perf_counter() - began_s", True),
        ("assert time.monotonic() - began_s >= 5", False),
        ("assert 2 <= time.monotonic() - began_s", False),
        ("assert time.monotonic() < deadline", False),
    ],
)
def test_what_counts_as_one(line: str, is_one: bool) -> None:
    """An upper bound; a lower one, and the deadline of a loop, are none."""
    (node,) = ast.parse(line).body
    assert is_bounded_difference(node) == is_one


def spin(for_s: float) -> None:
    """Spend processor time."""
    end_s = time.thread_time() + for_s
    while time.thread_time() < end_s:
        pass


def test_work_is_quick_when_one_try_is() -> None:
    """The first try that is within the bound is the last."""
    spends_s = iter([0.05, 0.05, 0.0, 1.0])
    assert_quick(lambda: spin(next(spends_s)), most_s=0.04)
    assert next(spends_s) == 1.0
    clock = count(0, 0.125)
    with pytest.raises(AssertionError, match=r"less than 0\.1 s in one of 5 tries: 0\.125(, 0\.125){4}$"):
        assert_quick(lambda: None, most_s=0.1, clock_s=lambda: next(clock))


def test_waiting_is_no_work() -> None:
    """What others do on the machine does not count."""
    assert_quick(lambda: time.sleep(0.05), most_s=0.04)


def test_an_error_of_the_work_goes_through() -> None:
    """A try that fails is no quick one."""
    with pytest.raises(ValueError, match="no"):
        assert_quick(lambda: int("no"), most_s=1)


def test_what_waits_is_found() -> None:
    """And a bound that a busy machine may reach is refused."""
    with pytest.raises(AssertionError, match="make it longer"), not_waiting_for("a moment", lasts_s=1):
        pass
    times_s = iter([0.0, 60.0, 0.0, 59.0])
    end = {"what": "the end", "lasts_s": 60, "clock_s": lambda: next(times_s)}
    expected = r"60\.0 s, as long as the end, which"
    with pytest.raises(AssertionError, match=expected), not_waiting_for(**end):
        pass
    with not_waiting_for(**end):
        pass


def test_a_promise_is_held_to_the_letter_where_nothing_else_runs(monkeypatch) -> None:
    """With PATIENCE=1, as the long forms have it."""
    monkeypatch.setattr(timing, "PATIENCE", 1.0)
    assert promised_s(5) == 5
