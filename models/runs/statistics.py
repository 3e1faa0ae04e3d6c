"""The little statistics that comparing runs needs: intervals of 95 %, McNemar's test, Holm's correction."""

from collections.abc import Sequence
from math import log, sqrt

import numpy as np

from models.preprocessing.instances import Array

__all__ = ["holm", "mcnemar", "mean_interval", "wilson_interval"]

Z = 1.959963984540054
"""Of the standard normal distribution: 95 % lie within so many deviations."""


def wilson_interval(hits: int, rows: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share: `hits` of `rows`."""
    if not rows:
        return 0.0, 1.0
    share, spread = hits / rows, Z * Z / rows
    center, half = share + spread / 2, Z * sqrt(share * (1 - share) / rows + spread / (4 * rows))
    return max(0.0, (center - half) / (1 + spread)), min(1.0, (center + half) / (1 + spread))


def mean_interval(values: Array) -> tuple[float, float]:
    """The normal distribution's interval of 95 % for the mean of `(rows,) float` values; at least one."""
    mean = float(values.mean())
    half = Z * float(values.std(ddof=1)) / sqrt(len(values)) if len(values) > 1 else 0.0
    return mean - half, mean + half


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's exact test, two-sided: whether two classifiers are right equally often on the same rows.

    Args:
        only_first: Rows that only the first is right on.
        only_second: Rows that only the second is right on.

    Returns:
        The p-value: of the binomial distribution with probability ½.
    """
    rows, fewer = only_first + only_second, min(only_first, only_second)
    if 2 * fewer == rows:
        return 1.0
    steps = np.arange(1, fewer + 1, dtype=np.float64)
    logs = np.concatenate(([0.0], np.cumsum(np.log((rows + 1 - steps) / steps))))
    return float(min(1.0, 2 * np.exp(logs - rows * log(2)).sum()))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values of several tests, corrected by Holm's method so that all of them together err as one would."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected, largest = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        largest = max(largest, min(1.0, p_values[index] * (len(p_values) - place)))
        corrected[index] = largest
    return corrected
