"""What becomes of a rollout, given the figures of its step: the same for whoever decides."""

from dataclasses import dataclass, replace
from typing import Any

from models.rollout.figures import RolloutFigures
from models.rollout.rollout import PAUSED, PROMOTING, ROLLED_BACK, RUNNING, Rollout
from models.rollout.shown_figures import shown_figures
from models.rollout.verdicts import Verdict, verdicts
from models.spec.rollout.rollout_plan import PAUSE

__all__ = ["BREACH", "FINISH", "NEXT", "STAY", "Decision", "decided", "decision"]

STAY, NEXT, FINISH, BREACH = "stay", "next", "finish", "breach"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done.

    Args:
        action: `stay`, `next` step, `finish` (the last step is done), or `breach` (a guard is broken).
        reason: Why, in words, with the figures that decide.
        verdicts: What each guard says.
        figures: What was judged: that of the step, and for a canary of 100 % what the default version did before.
    """

    action: str
    reason: str
    verdicts: tuple[Verdict, ...]
    figures: RolloutFigures

    @property
    def shown(self) -> dict[str, Any]:
        """The figures and verdicts as plain JSON values."""
        return shown_figures(self.figures, self.verdicts)


def decision(rollout: Rollout, figures: RolloutFigures) -> Decision:
    """Decide; nothing is read but the arguments, no clock either: how long a step was watched is one of its figures.

    Args:
        rollout: As it stands.
        figures: Of its stage, of all processes.
    """
    is_alone = not rollout.current.is_shadow and rollout.current.percent == 100.0
    if is_alone:
        figures = replace(figures, default=rollout.reference + figures.default)
    guards = rollout.plan.guards.named
    is_shadow = rollout.current.is_shadow
    found = verdicts(guards, figures, alpha=rollout.step_alpha, is_alone=is_alone, is_shadow=is_shadow)
    action, reason = _action(rollout, figures, found)
    return Decision(action, reason, found, figures)


def _action(rollout: Rollout, figures: RolloutFigures, found: tuple[Verdict, ...]) -> tuple[str, str]:
    plan, rows = rollout.plan, figures.candidate.rows
    breached = [one.sentence for one in found if one.is_breached]
    waiting = rollout.state == PAUSED
    if breached and rollout.state in (RUNNING, PAUSED) and not (waiting and plan.on_breach == PAUSE):
        return BREACH, "; ".join(breached)
    if rollout.state != RUNNING:
        return STAY, f"it is {rollout.state.replace('_', ' ')}"
    if figures.seconds < plan.hold_s:
        return STAY, f"watched for {figures.seconds:.0f} of {plan.hold_s:g} s"
    if rows < plan.minimum_rows:
        return STAY, f"{rows} of {plan.minimum_rows} rows"
    unsure = [one.sentence for one in found if not one.is_kept or _lacks_labels(rollout, one)]
    if unsure:
        return STAY, f"not sure yet, more figures decide: {'; '.join(unsure)}"
    watched = f"{rows} rows in {figures.seconds:.0f} s at {rollout.current}, no guard breached"
    return (FINISH if rollout.is_last_step else NEXT), watched


def _lacks_labels(rollout: Rollout, one: Verdict) -> bool:
    """Whether a guard waits for true labels, which the answers of both get where both answer."""
    both_answer = not rollout.current.is_shadow and rollout.current.percent < 100.0
    return both_answer and one.guard == "quality" and one.value is None


def decided(rollout: Rollout, made: Decision, *, now: str) -> Rollout:
    """The rollout after a decision; one that stays is the same.

    Args:
        rollout: As it stood when it was decided.
        made: The decision.
        now: UTC, ISO 8601.
    """
    if made.action == NEXT:
        return rollout.advanced(made.shown, made.reason, reference=made.figures.default, now=now)
    if made.action == STAY:
        return rollout
    state = PROMOTING if made.action == FINISH else PAUSED if rollout.plan.on_breach == PAUSE else ROLLED_BACK
    return rollout.moved(state, made.reason, now=now, figures=made.shown)
