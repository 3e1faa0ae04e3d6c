from collections.abc import Sequence
from typing import Any

import pytest

from service.registry.coordination.committed_state import Report
from service.registry.coordination.memory_plan import MemoryPlan, plan_memory
from service.registry.memory_budget import PEAK_BYTES, Budget

Key = tuple[str, int]
NEW = Report()


def of(*loaded: str) -> Report:
    """A process that has version 1 of these models."""
    return Report({name: frozenset({1}) for name in loaded})


def planned(
    wanted: dict[str, Sequence[int]], reports: Sequence[Report], *, peaks: float, graphs: dict[Key, int] | None = None,
    **given: Any,
) -> MemoryPlan:  # fmt: skip
    """The plan with room for so many peaks of a small version in one process."""
    sizes = graphs or {}
    usual: dict[str, Any] = {"answering": (), "refused_before": ()}
    return plan_memory(
        wanted, reports, Budget(peaks * PEAK_BYTES), graph_bytes=lambda *key: sizes.get(key, 0), **{**usual, **given}
    )


def test_as_many_as_fit_are_loaded_and_the_others_wait() -> None:
    """Nothing is refused while memory is only set aside; the first version of each model comes before any second."""
    plan = planned({"a": [2, 1], "b": [1], "c": [1]}, [NEW, NEW], peaks=5)
    assert (plan.refused, plan.postponed) == ({}, {("a", 1), ("c", 1)})


def test_what_waits_goes_on_where_the_others_are_loaded() -> None:
    """Both processes need them; what they have is in the measured memory."""
    plan = planned({"a": [1], "b": [1], "c": [1]}, [of("a", "b"), of("a", "b")], peaks=2)
    assert (plan.refused, plan.postponed) == ({}, set())


def test_it_is_refused_when_nothing_is_being_loaded_any_more() -> None:
    """With the numbers; what matters less and is smaller is loaded all the same."""
    plan = planned({"a": [1], "large": [1], "z": [1]}, [of("a")], peaks=2, graphs={("large", 1): PEAK_BYTES})
    assert list(plan.refused) == [("large", 1)]
    assert "not enough memory" in plan.refused["large", 1]
    assert plan.postponed == set()


def test_a_refusal_is_not_taken_back_while_another_version_is_loaded() -> None:
    """Its status would say one thing and then the other, and back."""
    wanted = {"a": [1], "large": [1]}
    plan = planned(wanted, [NEW], peaks=2, graphs={("large", 1): PEAK_BYTES}, refused_before={("large", 1)})
    assert (list(plan.refused), plan.postponed) == ([("large", 1)], set())


@pytest.mark.parametrize("peaks", [0, 1])
def test_what_answers_is_never_given_up_for_a_process_that_begins(peaks: int) -> None:
    """A worker that died has left its memory; the version that is new waits until its successor has what answers."""
    plan = planned({"a": [1], "b": [1], "c": [1]}, [of("a", "b"), NEW], peaks=peaks, answering={("a", 1), ("b", 1)})
    assert (plan.refused, plan.postponed) == ({}, {("c", 1)})
