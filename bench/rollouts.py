"""Simulated rollouts: how often a good candidate is rolled back, and how soon a bad one is (`make bench-rollout`).

Traffic is simulated second by second, what is decided is what the service decides: `models.rollout.decision`. A good
candidate is the default version once more. A bad one fails five of a hundred requests more; what it would have spoiled
are the requests that the steps of its rollout give it when nothing stops it.
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.rollout.decision import decided, decision
from models.rollout.figures import PairFigures, RolloutFigures, SideFigures
from models.rollout.latency_bins import BINS, bin_of
from models.rollout.rollout import PROMOTING, ROLLED_BACK, Rollout, begun
from models.spec.rollout.rollout_plan import RolloutPlan, read_plan

GUARDS = {"error_rate": 0.01, "p99_ratio": 1.5, "agreement": 0.95, "quality": -0.01, "drift": 0.25}
SHADOWED: Mapping[str, Any] = {
    "steps": [{"shadow": 100}, {"canary": 5}, {"canary": 25}, {"canary": 100}], "hold_s": 60, "minimum_rows": 500,
    "guards": GUARDS,
}  # fmt: skip
UNSHADOWED: Mapping[str, Any] = {**SHADOWED, "steps": [{"canary": 5}, {"canary": 25}, {"canary": 100}]}
AT = "2026-01-01T00:00:00+00:00"
MOST_LOOKS = 2000
CLASSES = (0.6, 0.3, 0.1)
SAMPLE = 5_000
ACCURACY, LABELLED, AGREEMENT = 0.9, 0.1, 0.98


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is simulated.

    Args:
        a_second: Requests.
        error_rate: Of the default version.
        extra_errors: Of the candidate, beside that.
        swing: By how much the error rate of both goes up and down, as a share of it, within five minutes.
    """

    a_second: int = 1000
    error_rate: float = 0.02
    extra_errors: float = 0.0
    swing: float = 0.5


USUAL = Traffic()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a simulated rollout ended.

    Args:
        state: Its state.
        spoiled: Requests that the candidate answered.
        seconds: How long it took.
        reason: Why.
    """

    state: str
    spoiled: int
    seconds: int
    reason: str


def simulated(plan: RolloutPlan, traffic: Traffic, random: np.random.Generator) -> Outcome:
    """One rollout, looked at every second, until it has ended.

    Args:
        plan: What the candidate goes through.
        traffic: What comes.
        random: Of it.
    """
    rollout, figures, spoiled = begun("m", 2, plan, baseline=1, by="", now=AT), RolloutFigures(), 0
    latencies = np.bincount([bin_of(one) for one in random.lognormal(-6, 0.5, SAMPLE)], minlength=BINS) / SAMPLE
    for second in range(1, MOST_LOOKS + 1):
        new = _second(rollout, traffic, second, latencies, random)
        spoiled += 0 if rollout.current.is_shadow else new.candidate.requests
        figures = _with(figures, new)
        after = decided(rollout, decision(rollout, figures), now=AT)
        if after.stage != rollout.stage:
            figures = RolloutFigures()
        rollout = after
        if rollout.state in (PROMOTING, ROLLED_BACK):
            break
    return Outcome(rollout.state, spoiled, second, rollout.reason)


def _with(figures: RolloutFigures, new: RolloutFigures) -> RolloutFigures:
    total = figures + new
    return RolloutFigures(figures.seconds + 1, total.default, total.candidate, total.pairs)


def _second(
    rollout: Rollout, traffic: Traffic, second: int, latencies: np.ndarray, random: np.random.Generator
) -> RolloutFigures:
    requests = int(random.poisson(traffic.a_second))
    rate = traffic.error_rate * (1 + traffic.swing * np.sin(second / 300 * 2 * np.pi))
    step = rollout.current
    chosen = int(random.binomial(requests, step.percent / 100))
    default = chosen if step.is_shadow else requests - chosen
    candidate = _side(chosen, rate + traffic.extra_errors, latencies, random)
    pairs = PairFigures(chosen, float(random.binomial(chosen, AGREEMENT))) if step.is_shadow else PairFigures()
    return RolloutFigures(1.0, _side(default, rate, latencies, random), candidate, pairs)


def _side(requests: int, error_rate: float, latencies: np.ndarray, random: np.random.Generator) -> SideFigures:
    errors = int(random.binomial(requests, min(error_rate, 1.0)))
    rows = requests - errors
    labelled = int(random.binomial(rows, LABELLED))
    return SideFigures(
        requests, errors, rows, random.multinomial(rows, latencies), random.multinomial(rows, CLASSES).astype(float),
        labelled, int(random.binomial(labelled, ACCURACY)),
    )  # fmt: skip


def good(
    count: int, *, seed: int = 1, plan: Mapping[str, Any] = SHADOWED, traffic: Traffic = Traffic()
) -> list[Outcome]:
    """So many rollouts of the default version against itself."""
    return [simulated(read_plan(plan), traffic, np.random.default_rng([seed, one])) for one in range(count)]


def bad(
    count: int, *, seed: int = 2, plan: Mapping[str, Any] = UNSHADOWED, points: float = 5.0
) -> list[tuple[Outcome, float]]:
    """So many rollouts of a candidate that errs more often, each with the share of its own that it spoiled."""
    traffic, planned = Traffic(extra_errors=points / 100), read_plan(plan)
    ended = [simulated(planned, traffic, np.random.default_rng([seed, one])) for one in range(count)]
    canaries = sum(step.percent / 100 for step in planned.stages if not step.is_shadow)
    otherwise = traffic.a_second * planned.hold_s * canaries
    return [(outcome, outcome.spoiled / otherwise) for outcome in ended]


def main() -> int:
    """Print both figures; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--good", type=int, default=500, help="rollouts of a good candidate")
    parser.add_argument("--bad", type=int, default=200, help="rollouts of a bad candidate")
    options = parser.parse_args()
    kept = good(options.good)
    rolled_back = sum(one.state == ROLLED_BACK for one in kept)
    promoted = sum(one.state == PROMOTING for one in kept)
    print(f"good: {rolled_back} of {len(kept)} rolled back at alpha 0.01, {promoted} promoted")
    is_met = rolled_back <= 0.01 * len(kept)
    for name, plan in (("canary first", UNSHADOWED), ("shadow first", SHADOWED)):
        ended = bad(options.bad, plan=plan)
        early = sum(one.state == ROLLED_BACK and share < 0.02 for one, share in ended)
        shares = np.quantile([share for _, share in ended], [0.5, 0.95, 1.0])
        stopped = f"{early} of {len(ended)} stopped before 2 % were spoiled"
        print(f"bad, {name}: {stopped}; the median at {shares[0]:.2%}, 95 % by {shares[1]:.2%}, all by {shares[2]:.2%}")
        is_met &= early >= 0.95 * len(ended)
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
