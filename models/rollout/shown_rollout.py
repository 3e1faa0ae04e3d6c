"""A rollout as it is shown: over HTTP and by the command line, and the same for one that has ended."""

from dataclasses import asdict
from typing import Any

from models.rollout.decision import decision
from models.rollout.figures import RolloutFigures
from models.rollout.rollout import Rollout

__all__ = ["rollout_document", "rollout_summary"]


def rollout_document(
    rollout: Rollout, figures: RolloutFigures | None = None, *, frozen: str | None = None
) -> dict[str, Any]:
    """All of a rollout as plain JSON values.

    Args:
        rollout: It.
        figures: Of its stage, where it is under way and they are known.
        frozen: Why nothing is decided at present; None when something is, or it has ended.
    """
    made = decision(rollout, figures) if figures is not None and rollout.is_under_way else None
    return {
        **rollout_summary(rollout),
        "frozen": frozen if rollout.is_under_way else None,
        "waits_for": made.reason if made is not None else None,
        "alpha": rollout.alpha,
        "plan": rollout.plan.document,
        "figures": made.shown if made is not None else None,
        "story": [asdict(event) for event in rollout.story],
    }


def rollout_summary(rollout: Rollout) -> dict[str, Any]:
    """What a list shows of a rollout."""
    return {
        "id": rollout.id,
        "model": rollout.model,
        "candidate": rollout.candidate,
        "baseline": rollout.baseline,
        "state": rollout.state,
        "step": rollout.step,
        "stage": rollout.stage,
        "current": {rollout.current.kind: rollout.current.percent},
        "reason": rollout.reason,
        "by": rollout.by,
        "created_at": rollout.created_at,
        "step_started_at": rollout.step_started_at,
        "ended_at": rollout.ended_at,
    }
