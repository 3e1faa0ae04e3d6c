"""What Prometheus sees of rollouts: their state, the shares of both sides, and what was decided."""

import math

from models.rollout.rollout import PAUSED, PROMOTING, RUNNING
from service.registry.coordination.traffic_split import TrafficSplit
from service.rollouts.router import canary_share
from service.telemetry.metrics import Metrics

__all__ = ["RolloutMetrics"]

FROZEN = "frozen"
STATES = (RUNNING, PAUSED, PROMOTING)


class RolloutMetrics:
    """The families of rollouts on a service's page; a model without a rollout under way has no gauge.

    Args:
        metrics: The page.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._state = metrics.gauge(
            "rollout_state", "1 for the state of the model's rollout", "model", "state", across="max"
        )
        self._share = metrics.gauge(
            "rollout_share", "Share of the default version's callers, from 0 to 1", "model", "side", across="max"
        )
        self._decisions = metrics.counter("rollout_decisions", "What rollouts came to", "model", "decision")
        self._shed = metrics.counter("rollout_shed", "Requests that a shadow was too busy to compare", "model")

    def show(self, model: str, split: TrafficSplit, *, now_s: float) -> None:
        """Show the step that this process follows."""
        share = canary_share(split, now_s)
        for state in STATES:
            self._metrics.show(self._state, float(state == split.state), model, state)
        for side, value in (("candidate", share), ("default", 1.0 - share), ("shadow", split.shadow)):
            self._metrics.show(self._share, value, model, side)

    def show_frozen(self, model: str, *, is_frozen: bool) -> None:
        """Whether this process cannot decide now; the others need not know why."""
        self._metrics.show(self._state, 1.0 if is_frozen else math.nan, model, FROZEN)

    def hide(self, model: str) -> None:
        """Take a model's gauges off the page."""
        for state in (*STATES, FROZEN):
            self._metrics.show(self._state, math.nan, model, state)
        for side in ("candidate", "default", "shadow"):
            self._metrics.show(self._share, math.nan, model, side)

    def decided(self, model: str, decision: str) -> None:
        """Count a step, or the state that a rollout came to."""
        self._metrics.count(self._decisions, model, decision)

    def shed(self, model: str, requests: int) -> None:
        """Count requests that were not compared."""
        if requests:
            self._metrics.count(self._shed, model, amount=requests)
