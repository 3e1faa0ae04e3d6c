"""The steps of a rollout: how much of the traffic a candidate computes, and whether its answers are sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import Problem, did_you_mean, shown
from models.keras_catalog import argument_kinds as kinds
from models.keras_catalog.argument_kinds import check_value
from models.spec.fields import SpecField

__all__ = ["CANARY", "MOST_STEPS", "SHADOW", "STEPS", "RolloutStep"]

SHADOW, CANARY = "shadow", "canary"
KINDS = (SHADOW, CANARY)
MOST_STEPS = 20
PERCENT = kinds.number(0, 100, above=True)
EXPECTED = f"a list of 1 to {MOST_STEPS} steps, each shadow or canary with a percentage"


@dataclass(frozen=True, slots=True)
class RolloutStep:
    """One step.

    Args:
        kind: `shadow` (the candidate computes beside the default version, and its answers are not sent) or `canary`
            (it answers).
        percent: Of the requests, above 0 and at most 100.
    """

    kind: str
    percent: float

    @property
    def is_shadow(self) -> bool:
        """Whether the candidate's answers are not sent."""
        return self.kind == SHADOW

    def __str__(self) -> str:
        """As people say it: `canary 5 %`."""
        return f"{self.kind} {self.percent:g} %"


def _check_steps(value: Any, problems: list[Problem]) -> Any:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_STEPS:
        problems.append(Problem("", EXPECTED, f"{len(value)} steps" if isinstance(value, list) else shown(value)))
        return ()
    steps = [_check_step(item, str(index), problems) for index, item in enumerate(value)]
    if not problems:
        _check_order(steps, problems)
    return tuple({step.kind: step.percent} for step in steps if step is not None)


def _check_step(item: Any, path: str, problems: list[Problem]) -> RolloutStep | None:
    if not isinstance(item, Mapping) or len(item) != 1:
        problems.append(Problem(path, "one of shadow and canary with a percentage, as {canary: 5}", shown(item)))
        return None
    ((kind, percent),) = item.items()
    if kind not in KINDS:
        problems.append(Problem(path, f"one of shadow and canary{did_you_mean(str(kind), KINDS)}", shown(kind)))
        return None
    percent = check_value(PERCENT, percent, f"{path}.{kind}", problems)
    return None if percent is None else RolloutStep(kind, percent)


def _check_order(steps: Sequence[RolloutStep | None], problems: list[Problem]) -> None:
    """Shadow comes before canary, and a canary grows: a caller that was moved forward is not moved back."""
    before: RolloutStep | None = None
    for index, step in enumerate(steps):
        if step is None or before is None:
            before = step
        elif step.is_shadow and not before.is_shadow:
            problems.append(Problem(f"{index}", "no shadow step behind a canary step", str(step)))
        elif step.kind == before.kind and step.percent <= before.percent:
            path, expected = f"{index}.{step.kind}", f"more than the {before.percent:g} of the step before"
            problems.append(Problem(path, expected, f"{step.percent:g}"))
        before = step


STEPS = SpecField(EXPECTED, _check_steps)
"""Reads a list of steps, each `{kind: percent}`; all that is wrong is reported under its step's number."""
