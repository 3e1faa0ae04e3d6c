"""How far counts of live rows are from those of the training rows, and how far chance alone would bring them.

Source: J. Lin, Divergence measures based on the Shannon entropy, IEEE Trans. Information Theory 37 (1991); B. Yurdakul,
Statistical properties of population stability index, Western Michigan University (2018): times nN / (n + N) it is
distributed as chi-squared with one degree of freedom less than there are bins, where both samples are of one
population; W. Hoeffding, Probability inequalities for sums of bounded random variables, JASA 58 (1963).
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from models.preprocessing.instances import Array

__all__ = ["Distance", "chi_squared_limit", "distance", "js_distance", "psi", "rate_rises"]

EMPTY = 1e-4
"""The share that stands for an empty bin in the PSI, whose logarithm has none for 0: as Evidently does it."""
LEAST_EXPECTED = 15.0
"""Rows of a bin that either sample would have on average; smaller bins are taken together (as Cochran's rule has it,
with three times its number: from there on the limits hold for one in ten thousand too)."""


@dataclass(frozen=True, slots=True)
class Distance:
    """Two samples of one column.

    Args:
        psi: Population stability index.
        psi_limit: What it would rarely exceed by chance, with samples of these sizes.
        jensen_shannon: Distance of Jensen and Shannon, to the base 2: from 0 to 1.
        jensen_shannon_limit: Likewise.
    """

    psi: float
    psi_limit: float
    jensen_shannon: float
    jensen_shannon_limit: float

    @property
    def beyond_chance(self) -> float:
        """How much the PSI is beyond what chance would make of it; 0 where it is not."""
        return max(0.0, self.psi - self.psi_limit)


def psi(reference: Array, current: Array) -> float:
    """Population stability index: the sum over bins of (q - p) ln(q / p), of shares p and q.

    Args:
        reference: `(bins,)` int64 or float64 counts.
        current: Likewise.
    """
    p, q = _shares(reference), _shares(current)
    p, q = np.where(p == 0, EMPTY, p), np.where(q == 0, EMPTY, q)
    return float(((q - p) * np.log(q / p)).sum())


def js_distance(reference: Array, current: Array) -> float:
    """Distance of Jensen and Shannon to the base 2: the root of the mean divergence from the mean of both.

    Args:
        reference: `(bins,)` int64 or float64 counts.
        current: Likewise.
    """
    p, q = _shares(reference), _shares(current)
    mean = (p + q) / 2
    divergence = (_relative_entropy(p, mean) + _relative_entropy(q, mean)) / 2
    return math.sqrt(max(0.0, divergence))


def _relative_entropy(shares: Array, mean: Array) -> float:
    there = shares > 0
    return float((shares[there] * np.log2(shares[there] / mean[there])).sum())


def _shares(counts: Array) -> Array:
    total = counts.sum()
    return counts / total if total else counts.astype(np.float64)


def distance(reference: Array, current: Array, *, alpha: float) -> Distance | None:
    """Compare two samples of one column; None where one of them is empty.

    Bins that are too small for these samples are taken together before.

    Args:
        reference: `(bins,) int64` counts of the training rows.
        current: Likewise of the live rows.
        alpha: How often chance alone may exceed the limits.
    """
    before, now = int(reference.sum()), int(current.sum())
    if not before or not now:
        return None
    p, q = _merged(reference, current)
    limit = chi_squared_limit(len(p) - 1, alpha) * (1 / before + 1 / now)
    return Distance(psi(p, q), limit, js_distance(p, q), math.sqrt(limit / (8 * math.log(2))))


def _merged(reference: Array, current: Array) -> tuple[Array, Array]:
    """The counts with neighbouring bins taken together until the smaller sample has enough rows in each on average."""
    total = reference + current
    least = LEAST_EXPECTED * total.sum() / min(reference.sum(), current.sum())
    starts, filled = [0], 0
    for place, count in enumerate(total.tolist()):
        if filled >= least:
            starts.append(place)
            filled = 0
        filled += count
    if filled < least and len(starts) > 1:
        starts.pop()
    return np.add.reduceat(reference, starts), np.add.reduceat(current, starts)


def chi_squared_limit(degrees: int, alpha: float) -> float:
    """What a chi-squared variable exceeds with probability alpha.

    Source: E. B. Wilson, M. M. Hilferty, The distribution of chi-square, PNAS 17 (1931); for one and two degrees exact.
    """
    if degrees <= 0:
        return 0.0
    if degrees == 1:
        return NormalDist().inv_cdf(1 - alpha / 2) ** 2
    if degrees == 2:
        return -2 * math.log(alpha)
    spread = 2 / (9 * degrees)
    return float(degrees * (1 - spread + NormalDist().inv_cdf(1 - alpha) * math.sqrt(spread)) ** 3)


def rate_rises(reference: tuple[int, int], current: tuple[int, int], *, alpha: float) -> bool:
    """Whether a share of the live rows is larger than chance would make it, were it that of the training rows.

    Of all marked rows of both samples the live ones have a share on average that is theirs of all rows; that it is as
    large as found has at most the probability of Hoeffding's bound.

    Args:
        reference: Marked training rows, and all of them.
        current: Likewise of the live rows.
        alpha: How often chance alone may look like a rise.
    """
    (before, rows_before), (now, rows_now) = reference, current
    marked = before + now
    if not now or not rows_before:
        return False
    found, expected = now / marked, rows_now / (rows_before + rows_now)
    if found <= expected:
        return False
    entropy = found * math.log(found / expected)
    if found < 1:
        entropy += (1 - found) * math.log((1 - found) / (1 - expected))
    return marked * entropy > -math.log(alpha)
