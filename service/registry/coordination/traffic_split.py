"""What a rollout asks of all processes: which share of the default version's requests its candidate answers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from models.rollout.rollout import PROMOTING, Rollout

__all__ = ["SWITCH_S", "SwitchClock", "TrafficSplit"]

SWITCH_S = 2.0
"""From the decision of a step until it begins, in all services at once: each has read it by then."""
PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class TrafficSplit:
    """One step of a rollout, as every process follows it.

    Args:
        rollout: Its id, with which callers are hashed.
        stage: Of the rollout, whose figures are its own.
        baseline: The version that is the default.
        candidate: The version on trial.
        canary: Share of the callers that the candidate answers, from 0 to 1.
        shadow: Share of the baseline's requests that the candidate computes too, from 0 to 1.
        sticky: The header, in lower case, that names the caller; empty without one.
        canary_before: The share of the step before, up to `from_s`.
        from_s: When the step begins, on the clock that all processes of a service share.
        state: Of the rollout.
    """

    rollout: str
    stage: int
    baseline: int
    candidate: int
    canary: float = 0.0
    shadow: float = 0.0
    sticky: str = ""
    canary_before: float = 0.0
    from_s: float = 0.0
    state: str = ""


@dataclass(slots=True)
class SwitchClock:
    """Tells when a step begins, on the clock that all processes of a service share.

    Args:
        clock: That one: seconds that only go forward.
        offset_s: The queue's server's clock, which all services share, less this machine's; 0 until it was asked.
        wall_clock: This machine's.
    """

    clock: Callable[[], float] = time.monotonic
    offset_s: float = 0.0
    wall_clock: Callable[[], float] = time.time

    def split_of(self, rollout: Rollout) -> TrafficSplit | None:
        """The split that a rollout asks for; None when it has ended."""
        if not rollout.is_under_way:
            return None
        return TrafficSplit(
            rollout.id, rollout.stage, rollout.baseline, rollout.candidate,
            canary=rollout.canary_percent / PERCENT, shadow=rollout.shadow_percent / PERCENT,
            sticky=(rollout.plan.sticky or "").lower(), canary_before=_percent_before(rollout) / PERCENT,
            from_s=self._begins_s(rollout.story[-1].at), state=rollout.state,
        )  # fmt: skip

    def _begins_s(self, decided_at: str) -> float:
        """So long after the decision, and no longer from now, whatever the clock of who decided said."""
        passed_s = self.wall_clock() + self.offset_s - datetime.fromisoformat(decided_at).timestamp()
        return self.clock() + min(SWITCH_S - passed_s, SWITCH_S)


def _percent_before(rollout: Rollout) -> float:
    """The candidate's part of the callers before what happened last."""
    event, now = rollout.story[-1].event, rollout.current
    if event == PROMOTING:
        return 0.0 if now.is_shadow else now.percent
    if event in ("begun", "step"):
        before = rollout.plan.stages[rollout.step - 1] if rollout.step else None
        return 0.0 if before is None or before.is_shadow else before.percent
    return rollout.canary_percent
