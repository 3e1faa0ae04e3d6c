"""The step of a rollout as this process follows it: what it counts, and the shadow if there is one."""

import random
import time
from collections.abc import Callable

from models.rollout.figures import RolloutFigures
from models.rollout.rollout import Rollout
from service.inference.predictor import Predictor
from service.registry.coordination.traffic_split import TrafficSplit
from service.rollouts.shadow import Shadow
from service.rollouts.shadow_comparison import ShadowComparison
from service.rollouts.step_counts import StepCounts
from service.traffic.observed_prediction import ObservedPrediction

__all__ = ["LiveStep", "stage_topic"]


def stage_topic(rollout: TrafficSplit | Rollout) -> str:
    """Where the figures of a stage are posted."""
    rollout_id = rollout.rollout if isinstance(rollout, TrafficSplit) else rollout.id
    return f"rollout:{rollout_id}:{rollout.stage}"


class LiveStep:
    """Counts the requests of one step.

    Args:
        split: The step.
        candidate: The version on trial.
        is_busy: Whether this process has more to do than a shadow should add to.
        clock: That of the split's beginning.
    """

    def __init__(
        self, split: TrafficSplit, candidate: Predictor, *, is_busy: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.split = split
        self._candidate = candidate
        self._is_busy = is_busy
        self._counts = StepCounts(split, clock)
        self._shadow: Shadow | None = None
        self._shed = 0

    def observe(self, prediction: ObservedPrediction) -> None:
        """Count a request of the default version's traffic; in a shadow step, let the candidate compute it."""
        if self.split.shadow <= 0.0:
            self._counts.count(prediction)
        elif prediction.predictor.version == self.split.baseline and random.random() < self.split.shadow:  # noqa: S311 -- a sample
            self._shadow_of(prediction.predictor).offer(prediction, is_busy=self._is_busy())

    def _shadow_of(self, default: Predictor) -> Shadow:
        if self._shadow is None:
            self._shadow = Shadow(ShadowComparison(default.for_threads(), self._candidate.for_threads()))
        return self._shadow

    @property
    def figures(self) -> RolloutFigures:
        """What this process has counted up to now."""
        counted = self._counts.figures
        return counted if self._shadow is None else counted + self._shadow.figures

    def newly_shed(self, figures: RolloutFigures) -> int:
        """How many requests were not compared since this was asked last."""
        before, self._shed = self._shed, figures.pairs.shed
        return self._shed - before

    def end(self) -> None:
        """Compare nothing more."""
        if self._shadow is not None:
            self._shadow.end()
