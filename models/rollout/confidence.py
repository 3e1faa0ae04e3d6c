"""Confidence sequences: intervals that hold at all times at once, so that one may look as often as one likes.

For values in [0, 1] with mean `p`, a sum `s` of `n` of them, and a beta prior of mean `p` and weight `w` over the
alternative, the beta mixture

    M(n, s, p) = B(s + wp, n - s + w(1 - p)) / B(wp, w(1 - p)) / (p^s (1 - p)^(n - s))

is a non-negative supermartingale that begins at 1 (Robbins 1970; for values between 0 and 1 as `1 - p + p e^λ` bounds
their moments: Howard, Ramdas, McAuliffe, Sekhon 2021, "Time-uniform, nonparametric, nonasymptotic confidence
sequences", Annals of Statistics 49, who choose the weight for the sample sizes that matter). By Ville's inequality it
exceeds `1 / alpha` at any time with a probability of at most `alpha`; all `p` for which it does not are the interval.
It needs `n` and `s` only, which add up over processes.

A quantile is the point below which a known share of the values is, so that the same bound on counts bounds it (Howard,
Ramdas 2022, "Sequential estimation of quantiles with applications to A/B testing and best-arm identification",
Bernoulli 28, section 3).
"""

import math
from collections.abc import Callable

import numpy as np

from models.rollout.latency_bins import Counts, lower_edge_s, upper_edge_s

__all__ = ["mean_bounds", "quantile_bounds_s"]

WEIGHT = 50.0
"""Of the prior, in values. Any is valid; with this one the bounds are tightest from some hundred values to some
thousand, where rollouts are decided."""
STEPS = 50
LEAST, MOST = 1e-12, 1.0 - 1e-12


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)


def _log_mixture(ones: float, zeros: float, mean: float) -> float:
    one, other = WEIGHT * mean, WEIGHT * (1.0 - mean)
    likelihood = ones * math.log(mean) + zeros * math.log1p(-mean)
    return _log_beta(ones + one, zeros + other) - _log_beta(one, other) - likelihood


def mean_bounds(total: float, count: float, alpha: float) -> tuple[float, float]:
    """Bounds of a mean that hold at all times with a probability of 1 - `alpha`.

    Args:
        total: The sum of the values, which are between 0 and 1.
        count: How many they are.
        alpha: Between 0 and 1.

    Returns:
        The lower and the upper bound; 0 and 1 without values.
    """
    ones = min(float(total), count)
    zeros = count - ones
    needed = -math.log(alpha)
    return _lower_bound(ones, zeros, needed), 1.0 - _lower_bound(zeros, ones, needed)


def _lower_bound(ones: float, zeros: float, needed: float) -> float:
    """The least mean for which the mixture is below what is needed, by bisection from outside: on the safe side."""
    if ones <= 0 or _log_mixture(ones, zeros, LEAST) < needed:
        return 0.0
    outside, inside = LEAST, min(ones / (ones + zeros), MOST)
    for _ in range(STEPS):
        middle = 0.5 * (outside + inside)
        is_out = _log_mixture(ones, zeros, middle) >= needed
        outside, inside = (middle, inside) if is_out else (outside, middle)
    return outside


def quantile_bounds_s(latencies: Counts, share: float, alpha: float) -> tuple[float, float]:
    """Bounds of a quantile of latencies that hold at all times with a probability of 1 - `alpha`.

    Args:
        latencies: `(BINS,)`, as `models.rollout.latency_bins` makes them.
        share: Of the latencies that are below the quantile, as 0.99.
        alpha: Between 0 and 1.

    Returns:
        Seconds; 0 and infinity as long as too few latencies are known.
    """
    reached = np.cumsum(latencies)
    count = int(reached[-1])
    fewest, most = _counts_below(count, share, alpha)
    lower = lower_edge_s(int(np.searchsorted(reached, fewest))) if fewest > 0 else 0.0
    upper = upper_edge_s(int(np.searchsorted(reached, most + 1))) if most < count else math.inf
    return lower, upper


def _counts_below(count: int, share: float, alpha: float) -> tuple[int, int]:
    """How many of the values the true quantile may have below it: the fewest and the most that the mixture allows."""

    def is_out(below: int) -> bool:
        return _log_mixture(below, count - below, share) >= -math.log(alpha)

    usual = round(count * share)
    return _first_inside(is_out, 0, usual), _first_inside(is_out, count, usual)


def _first_inside(is_out: Callable[[int], bool], outside: int, inside: int) -> int:
    """The outermost number that is not out; the mixture is convex in the count."""
    if not is_out(outside):
        return outside
    while abs(outside - inside) > 1:
        middle = (outside + inside) // 2
        outside, inside = (middle, inside) if is_out(middle) else (outside, middle)
    return inside
