"""What this process counts of one step of a rollout."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.rollout.figures import MOST_CLASSES, RolloutFigures, SideFigures
from models.rollout.latency_bins import bin_of
from service.registry.coordination.traffic_split import TrafficSplit
from service.rollouts.predicted_classes import Classified, classified
from service.traffic.observed_prediction import ObservedPrediction

__all__ = ["StepCounts", "add_request", "add_shares"]

ALL_ROWS = np.zeros(1, np.int64)


class StepCounts:
    """The figures of one step in this process; a canary step's are counted in the requests' own greenlets.

    Args:
        split: The step.
        clock: That of the split's beginning.
    """

    def __init__(self, split: TrafficSplit, clock: Callable[[], float] = time.monotonic) -> None:
        self.split = split
        self._clock = clock
        self._began_s = max(clock(), split.from_s)
        self._default, self._candidate = SideFigures(), SideFigures()

    def count(self, prediction: ObservedPrediction) -> None:
        """Count a request of the default version's traffic on its side, once the step has begun."""
        version = prediction.predictor.version
        if self._clock() < self._began_s:
            return
        if version == self.split.candidate:
            add_request(self._candidate, prediction)
        elif version == self.split.baseline:
            add_request(self._default, prediction)

    @property
    def figures(self) -> RolloutFigures:
        """What was counted up to now, and for how long."""
        seconds = max(0.0, self._clock() - self._began_s)
        return RolloutFigures(seconds, self._default, self._candidate)


def add_request(side: SideFigures, prediction: ObservedPrediction) -> None:
    """Count a request of one side; the time of one that failed is none that a caller would wait for."""
    side.requests += 1
    predictions = prediction.predictions
    if predictions is None:
        side.errors += 1
        return
    side.rows += len(predictions)
    side.latencies[bin_of(prediction.infer_s)] += 1
    found = classified(predictions, prediction.predictor.manifest)
    if found is not None:
        add_shares(side, found, ALL_ROWS)


def add_shares(side: SideFigures, found: Classified, starts: NDArray[np.int64]) -> None:
    """Add the share of rows of each class of some requests; rows of a class that has no number count nowhere.

    Args:
        side: Where they are added.
        found: The classes of all rows.
        starts: `(requests,) int64`: the first row of each request.
    """
    sizes = np.diff(np.append(starts, len(found.classes)))
    known = found.classes >= 0
    classes = np.minimum(found.classes[known], MOST_CLASSES - 1)
    weights = np.repeat(1 / sizes, sizes)[known]
    sums = np.bincount(classes, weights=weights, minlength=len(side.class_shares)).astype(np.float64)
    sums[: len(side.class_shares)] += side.class_shares
    side.class_shares = sums
