"""Which versions are loaded next, as memory allows: those that do not fit wait, or are refused."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from service.registry.coordination.committed_state import Report
from service.registry.memory_budget import Budget

__all__ = ["Key", "MemoryPlan", "plan_memory"]

Key = tuple[str, int]
"""A model and a version of it."""


@dataclass(slots=True)
class MemoryPlan:
    """The wanted versions that are not loaded now.

    Args:
        refused: With the reason: everything that matters more is loaded, and what is left does not suffice.
        postponed: Memory is set aside for the peaks of others, of which most comes back.
    """

    refused: dict[Key, str] = field(default_factory=dict)
    postponed: set[Key] = field(default_factory=set)


def plan_memory(
    wanted: Mapping[str, Sequence[int]], reports: Sequence[Report], budget: Budget, *,
    graph_bytes: Callable[[str, int], int], answering: Collection[Key], refused_before: Collection[Key],
) -> MemoryPlan:  # fmt: skip
    """Set memory aside for the peaks of as many versions as fit; the others wait until those are loaded and measured.

    Args:
        wanted: Model → numbers, in the order in which they matter.
        reports: Of every process.
        budget: What is free now, all that is loaded measured.
        graph_bytes: The size of a version's graph.
        answering: What answers now: it is never given up for a process that begins.
        refused_before: What was refused by the plan before, and need not wait again.
    """
    plan, is_loading = MemoryPlan(), False
    for key in _by_importance(wanted):
        processes = sum(not report.has_tried(*key) for report in reports)
        may_wait = key not in answering and key not in refused_before
        if not processes:
            continue
        if may_wait and plan.postponed:
            plan.postponed.add(key)
            continue
        reason = budget.take(graph_bytes(*key), processes=processes)
        if reason is None or key in answering:
            is_loading = True
        elif may_wait and is_loading:
            plan.postponed.add(key)
        else:
            plan.refused[key] = reason
    return plan


def _by_importance(wanted: Mapping[str, Sequence[int]]) -> Iterator[Key]:
    """The first version of each model, then the second of each."""
    ranked = [(rank, name, number) for name, numbers in wanted.items() for rank, number in enumerate(numbers)]
    return ((name, number) for _, name, number in sorted(ranked))
