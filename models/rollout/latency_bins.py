"""Latencies in fixed bins on a logarithmic scale, so that those of many processes can be added up.

Sixteen bins an octave: an edge is 4.4 % above the one before, which is how exact a quantile is.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["BINS", "Counts", "bin_of", "lower_edge_s", "quantile_bin", "upper_edge_s"]

Counts = NDArray[np.int64]
AN_OCTAVE = 16
LOWEST = -17
"""Its power of two in seconds is 7.6 µs; what is faster is in the first bin."""
OCTAVES = 24
BINS = AN_OCTAVE * OCTAVES + 1
"""The last one holds all from 128 s."""


def bin_of(seconds: float) -> int:
    """The bin of a latency."""
    if seconds <= 2.0**LOWEST:
        return 0
    return min(int((math.log2(seconds) - LOWEST) * AN_OCTAVE), BINS - 1)


def lower_edge_s(index: int) -> float:
    """Where a bin begins; 0 for the first."""
    return 0.0 if index <= 0 else float(2.0 ** (LOWEST + index / AN_OCTAVE))


def upper_edge_s(index: int) -> float:
    """Where a bin ends; infinite for the last."""
    return math.inf if index >= BINS - 1 else lower_edge_s(index + 1)


def quantile_bin(counts: Counts, share: float) -> int | None:
    """The bin in which a share of all latencies is reached; None without any.

    Args:
        counts: `(BINS,)`.
        share: Between 0 and 1.
    """
    total = int(counts.sum())
    return _first(counts, lambda reached: reached >= share * total) if total else None


def _first(counts: Counts, fits: Callable[[NDArray[np.int64]], NDArray[np.bool_]]) -> int:
    return int(np.argmax(fits(np.cumsum(counts))))
