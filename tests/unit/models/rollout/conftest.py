"""Rollouts and figures to judge."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.rollout.figures import PairFigures, RolloutFigures, SideFigures
from models.rollout.latency_bins import BINS, bin_of
from models.rollout.rollout import Rollout, begun
from models.spec.rollout.rollout_plan import read_plan

STEPS = [{"shadow": 100}, {"canary": 5}, {"canary": 100}]
AT = "2026-01-01T00:00:00.000+00:00"


@pytest.fixture
def rollout_of() -> Callable[..., Rollout]:
    """Makes a rollout of version 2 against version 1 that has just begun."""

    def made(**plan: Any) -> Rollout:
        document = {"steps": STEPS, "hold_s": 60, "minimum_rows": 500, **plan}
        return begun("iris", 2, read_plan(document), baseline=1, by="a test", now=AT)

    return made


@pytest.fixture
def side_of() -> Callable[..., SideFigures]:
    """Makes figures of one version: so many requests of one row, of so many milliseconds each."""

    def made(requests: int = 1000, errors: int = 0, ms: float = 2.0, **other: Any) -> SideFigures:
        latencies = np.zeros(BINS, np.int64)
        latencies[bin_of(ms / 1000)] = requests - errors
        return SideFigures(requests=requests, errors=errors, rows=requests - errors, latencies=latencies, **other)

    return made


@pytest.fixture
def figures_of(side_of) -> Callable[..., RolloutFigures]:
    """Makes figures of a step in which both versions did the same, but for what is given."""

    def made(seconds: float = 60.0, **parts: Any) -> RolloutFigures:
        return RolloutFigures(
            seconds, **{"default": side_of(), "candidate": side_of(), "pairs": PairFigures(), **parts}
        )

    return made
