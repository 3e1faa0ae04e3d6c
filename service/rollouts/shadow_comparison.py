"""The candidate's predictions for rows that the default version has answered."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from time import perf_counter

import numpy as np

from models.preprocessing.instances import Array
from models.preprocessing.tolerance import allowed_difference, largest_difference
from models.rollout.figures import PairFigures, RolloutFigures, SideFigures
from models.rollout.latency_bins import bin_of
from service.inference.predictor import Predictor
from service.rollouts.predicted_classes import classified, compared, in_order_of
from service.rollouts.step_counts import add_shares

__all__ = ["ShadowComparison", "Shadowed"]

MOST_TOGETHER_BYTES = 256 * 1024
"""Of the rows of one run: what a network makes of them in between is many times as large."""


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A request that the default version answered.

    Args:
        batch: `(batch, *instance shape)`, a copy.
        predictions: float32 `(batch, outputs)`.
    """

    batch: Array
    predictions: Array

    @property
    def size_bytes(self) -> int:
        """What it takes while it waits."""
        return self.batch.nbytes + self.predictions.nbytes


class ShadowComparison:
    """Computes the same rows with the candidate; of each portion one request with both versions, to compare times.

    The time of the default version's own answer would not do: it was taken in a busy event loop, and this is none.

    Args:
        default: The default version, for threads.
        candidate: The candidate, for threads.
    """

    def __init__(self, default: Predictor, candidate: Predictor) -> None:
        self._default = default
        self._candidate = candidate
        self._may_join: bool | None = None
        self._turn = 0

    def compare(self, requests: Sequence[Shadowed]) -> RolloutFigures:
        """The figures of some requests, of which the last one is timed."""
        outcomes = self._outcomes(requests)
        default, candidate = SideFigures(), SideFigures()
        self._time(requests[-1].batch, default, candidate)
        done = [(request, theirs) for request, theirs in zip(requests, outcomes, strict=True) if theirs is not None]
        default.requests = candidate.requests = len(requests)
        candidate.errors = len(requests) - len(done)
        default.rows = sum(len(request.batch) for request in requests)
        candidate.rows = sum(len(theirs) for _, theirs in done)
        return RolloutFigures(0.0, default, candidate, self._pairs(done, default, candidate))

    def _outcomes(self, requests: Sequence[Shadowed]) -> list[Array | None]:
        """What the candidate computes for each request; None where it fails."""
        if self._may_join:
            return [outcome for portion in _portions(requests) for outcome in self._computed_together(portion)]
        alone = [self._computed(one.batch) for one in requests]
        if self._may_join is None and len(requests) > 1:
            some = next(_portions(requests))
            self._may_join = len(some) > 1 and self._is_same_together(some, alone[: len(some)])
        return alone

    def _computed_together(self, requests: Sequence[Shadowed]) -> list[Array | None]:
        """By one run of the graph; one after the other when that fails."""
        with suppress(ValueError):  # of other shapes
            together = self._computed(np.concatenate([one.batch for one in requests]))
            if together is not None:
                return [*np.split(together, _ends(requests)[:-1])]
        return [self._computed(one.batch) for one in requests]

    def _is_same_together(self, requests: Sequence[Shadowed], alone: Sequence[Array | None]) -> bool:
        """Whether a row's output depends on no other row: networks can have been made to."""
        try:
            together = self._computed(np.concatenate([one.batch for one in requests]))
            expected = np.concatenate([one for one in alone if one is not None])
        except ValueError:  # of other shapes, or all failed
            return False
        if together is None or len(together) != len(expected):
            return False
        tolerance = self._candidate.manifest.golden_rows.tolerance
        return bool(largest_difference(expected, together) <= allowed_difference(expected, tolerance=tolerance))

    def _computed(self, batch: Array) -> Array | None:
        try:
            return self._candidate.predict(batch)
        except Exception:  # noqa: BLE001 -- whatever it is, callers of the candidate would get an error
            return None

    def _time(self, batch: Array, default: SideFigures, candidate: SideFigures) -> None:
        """Compute a request with both, each first in turn; one that fails is not timed."""
        self._turn += 1
        sides = [(self._default, default), (self._candidate, candidate)]
        for predictor, side in sides if self._turn % 2 else reversed(sides):
            began_s = perf_counter()
            with suppress(Exception):  # counted where it was computed first
                predictor.predict(batch)
                side.latencies[bin_of(perf_counter() - began_s)] += 1

    def _pairs(
        self, done: Sequence[tuple[Shadowed, Array]], default: SideFigures, candidate: SideFigures
    ) -> PairFigures:
        """How far both agree on the requests that the candidate computed; of a regression there is nothing to say."""
        if not done:
            return PairFigures()
        ours = classified(np.concatenate([request.predictions for request, _ in done]), self._default.manifest)
        theirs = classified(np.concatenate([found for _, found in done]), self._candidate.manifest)
        if ours is None or theirs is None:
            return PairFigures()
        theirs = in_order_of(self._default.manifest, self._candidate.manifest, theirs)
        starts = np.array([0, *_ends([request for request, _ in done])[:-1]])
        add_shares(default, ours, starts)
        add_shares(candidate, theirs, starts)
        return compared(ours, theirs, starts)


def _portions(requests: Sequence[Shadowed]) -> Iterator[Sequence[Shadowed]]:
    """Requests in their order, as many at a time as make a batch of moderate size."""
    begin = size_bytes = 0
    for position, one in enumerate(requests):
        if begin < position and size_bytes + one.batch.nbytes > MOST_TOGETHER_BYTES:
            yield requests[begin:position]
            begin, size_bytes = position, 0
        size_bytes += one.batch.nbytes
    yield requests[begin:]


def _ends(requests: Sequence[Shadowed]) -> list[int]:
    """Behind the last row of each request, when all stand one behind the other."""
    return [*accumulate(len(request.batch) for request in requests)]
