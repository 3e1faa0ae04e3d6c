"""The rollouts under way, as this process follows them: it counts both sides, posts what it counted, and shows it."""

import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from models.errors import StoreUnavailable
from models.rollout.figures import RolloutFigures, added
from models.rollout.rollout import Rollout
from service.blocking_calls import run_in_thread
from service.registry.coordination.traffic_split import TrafficSplit
from service.registry.registry import Registry
from service.rollouts.candidate_state import CandidateState, candidate_state, states_topic
from service.rollouts.live_step import LiveStep, stage_topic
from service.rollouts.rollout_metrics import RolloutMetrics
from service.traffic.observed_prediction import ObservedPrediction
from service.traffic.shared_figures import SharedFigures

__all__ = ["Rollouts", "ShownRollout"]

QualityOf = Callable[[str, int, datetime], tuple[int, int]]
"""Of a model's version since then: how many rows it predicted rightly, of how many with a true label; may block."""
STATE_KEPT_S = 10.0
"""How long others believe what a service said of a candidate."""

log = structlog.get_logger("service")


def no_quality(*_: object) -> tuple[int, int]:
    """Where no true labels are kept."""
    return 0, 0


@dataclass(frozen=True, slots=True)
class ShownRollout:
    """What is known of a rollout at this moment.

    Args:
        frozen: Why nothing is decided now; None when it is.
        figures: Of its stage, of all processes that could be asked.
        failed: Why the candidate cannot be loaded somewhere, which ends the rollout; None where it can.
    """

    frozen: str | None
    figures: RolloutFigures
    failed: str | None = None


class Rollouts:
    """Observes predictions for the rollouts of this process.

    Args:
        registry: Knows the splits that all processes of this service follow, and the versions.
        figures: Where they are shared.
        metrics: Show the steps.
        is_busy: Whether this process has more to do than a shadow should add to.
        clock: That of the splits' beginnings.
    """

    def __init__(
        self, registry: Registry, figures: SharedFigures, metrics: RolloutMetrics, *,
        is_busy: Callable[[], bool] = lambda: False, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.service = uuid.uuid4().hex
        """Of this service: made by the parent, before it forks."""
        self._registry = registry
        self._figures = figures
        self._metrics = metrics
        self._is_busy = is_busy
        self._clock = clock
        self._steps: dict[str, LiveStep] = {}
        self._over: list[str] = []
        self.quality_of: QualityOf = no_quality
        """Asks for true labels."""

    def observe(self, prediction: ObservedPrediction) -> None:
        """Count a request that named neither version nor label, where a rollout is under way."""
        if prediction.is_default and (splits := self._registry.splits):
            model = prediction.predictor.model
            split = splits.get(model)
            step = None if split is None else self._step(model, split)
            if step is not None:
                step.observe(prediction)

    def _step(self, model: str, split: TrafficSplit) -> LiveStep | None:
        """The step as it is followed here; None while the candidate is not here."""
        known = self._steps.get(model)
        if known is not None and known.split is split:
            return known
        if known is not None and stage_topic(known.split) == stage_topic(split):
            known.split = split  # paused, say: what was counted stays
            return known
        candidate = self._registry.routed(model, split.candidate)
        if candidate is None:
            return None
        self._leave(model)
        self._steps[model] = LiveStep(split, candidate, is_busy=self._is_busy, clock=self._clock)
        return self._steps[model]

    def post(self) -> None:
        """Post what was counted, and forget the stages that are over; about once a second, in the event loop."""
        splits = self._registry.snapshot.splits
        for model in [name for name in self._steps if name not in splits]:
            self._leave(model)
            self._metrics.hide(model)
        while self._over:
            self._figures.forget(self._over.pop())
        for model, split in splits.items():
            step = self._step(model, split)
            if step is not None:
                figures = step.figures
                self._metrics.shed(model, step.newly_shed(figures))
                self._figures.post(stage_topic(split), figures.to_bytes())
            self._metrics.show(model, split, now_s=self._clock())
        self._post_states()

    def _leave(self, model: str) -> None:
        """Count nothing more of a step; what it posted is forgotten later, as that takes time."""
        step = self._steps.pop(model, None)
        if step is not None:
            step.end()
            self._over.append(stage_topic(step.split))

    def _post_states(self) -> None:
        """Tell the other services whether the candidates can answer here."""
        for model, one in self._registry.coordinator.desired_state().models.items():
            if one.split is not None:
                state = candidate_state(self._registry, model, one.split)
                topic = states_topic(one.split.rollout)
                self._figures.post(topic, json.dumps(state.document).encode(), kept_s=STATE_KEPT_S)

    def shown(self, model: str, rollout: Rollout) -> ShownRollout:
        """What is known of a rollout now; asks the queue's server, so only in the event loop.

        Args:
            model: The model's name.
            rollout: As it stands in the store.
        """
        blobs = self._figures.of(stage_topic(rollout))
        figures = self._with_quality(rollout, run_in_thread(added, blobs))
        if not self._registry.sees_store:
            return ShownRollout("the store does not answer", figures)
        if not blobs.is_complete:
            return ShownRollout("the queue's server does not answer", figures)
        states = [CandidateState.of(blob) for blob in self._figures.of(states_topic(rollout.id))]
        failed = next((one.failed for one in states if one.failed), None)
        waiting = next((one.reason for one in states if not one.is_ready), None)
        return ShownRollout(waiting or (None if states else f"model {model!r} is being loaded"), figures, failed)

    def _with_quality(self, rollout: Rollout, figures: RolloutFigures) -> RolloutFigures:
        """The figures with the true labels that came for rows of this stage, where a guard asks for them."""
        if rollout.plan.guards.quality is None:
            return figures
        since = datetime.fromisoformat(rollout.step_started_at)
        sides = {}
        with suppress(StoreUnavailable):
            for side, version in (("default", rollout.baseline), ("candidate", rollout.candidate)):
                right, labelled = run_in_thread(self.quality_of, rollout.model, version, since)
                sides[side] = replace(getattr(figures, side), labelled=labelled, correct=right)
        return replace(figures, **sides)
