"""When two computations of the same predictions count as the same.

The trainer asks it of the graph that it exported, the service of the golden rows: what one publishes, the other serves.
"""

import math

import numpy as np

from models.preprocessing.instances import Array

__all__ = ["allowed_difference", "largest_difference"]


def largest_difference(expected: Array, received: Array) -> float:
    """The largest absolute difference of two `(rows, outputs) float32`; infinite where their shapes differ."""
    if expected.shape != received.shape:
        return math.inf
    return float(np.abs(expected.astype(np.float64) - received).max())


def allowed_difference(expected: Array, *, tolerance: float) -> float:
    """What a tolerance allows: itself for probabilities, relative to the size of larger values, as float32 is exact.

    Args:
        expected: `(rows, outputs)`.
        tolerance: For values of up to 1.
    """
    return tolerance * max(1.0, float(np.abs(expected).max()))
