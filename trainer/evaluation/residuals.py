"""What a regression misses by: residuals as a histogram, and predicted against true numbers."""

from typing import Any

import numpy as np

from models.preprocessing.instances import Array

__all__ = ["residual_facts"]

MOST_OUTPUTS, MOST_POINTS, BINS = 4, 300, 20


def residual_facts(true: Array, predicted: Array) -> list[dict[str, Any]] | None:
    """The facts of each output, of the first few: `r2`, `points`, and the `edges` and `rows` of a histogram.

    Args:
        true: `(rows, outputs) float32`.
        predicted: Likewise.

    Returns:
        One for each output; a residual is predicted - true. None where a prediction is not finite.
    """
    if not np.isfinite(predicted).all():
        return None
    shown = np.sort(np.random.default_rng(0).permutation(len(true))[:MOST_POINTS])
    columns = zip(true.T[:MOST_OUTPUTS].astype(np.float64), predicted.T[:MOST_OUTPUTS].astype(np.float64), strict=True)
    return [_facts(*column, shown) for column in columns]


def _facts(true: Array, predicted: Array, shown: Array) -> dict[str, Any]:
    residuals = predicted - true
    rows, edges = np.histogram(residuals, BINS)
    spread = ((true - true.mean()) ** 2).sum()
    points = np.stack([true[shown], predicted[shown]], axis=1).astype(np.float32)
    return {
        "r2": float(1 - (residuals**2).sum() / spread) if spread else None,
        "points": [[float(f"{value:.6g}") for value in point] for point in points.tolist()],
        "edges": [float(f"{edge:.6g}") for edge in edges],
        "rows": rows.tolist(),
    }
