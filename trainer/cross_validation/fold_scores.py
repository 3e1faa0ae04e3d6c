"""What folds and repeats say together: mean, deviation, and an interval that knows how its numbers hang together."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
from scipy import stats

from models.runs.comparison import is_loss
from models.store.manifest import finite
from trainer.cross_validation.fold_data import Place

__all__ = ["CORRECTED", "STUDENT", "FoldScore", "mean_interval_of", "summarize"]

LEVEL = 0.95
CORRECTED = "corrected resampled t (Nadeau and Bengio 2003)"
STUDENT = "Student's t"


@dataclass(frozen=True, slots=True)
class FoldScore:
    """What one training measured.

    Args:
        repeat: From 1.
        fold: From 1.
        rows: How many rows it was measured on.
        epochs: How many it took.
        metrics: Loss and metrics of these rows.
    """

    repeat: int
    fold: int
    rows: int
    epochs: int
    metrics: dict[str, float]

    @property
    def document(self) -> dict[str, Any]:
        """The score as plain JSON values."""
        return {**asdict(self), "metrics": finite(self.metrics)}

    @classmethod
    def of(cls, place: Place, rows: int, epochs: int, metrics: dict[str, float]) -> "FoldScore":
        """The score of a training."""
        return cls(place.repeat, place.fold, rows, epochs, metrics)


def summarize(scores: Sequence[FoldScore], *, folds: int | None, repeats: int, groups: str | None) -> dict[str, Any]:
    """The report's `cross_validation`.

    Args:
        scores: Of every training.
        folds: How many folds; None for repeats of one split.
        repeats: How many repeats.
        groups: The column whose groups stay together.

    Returns:
        `folds`, `repeats`, `groups`, `rows`, `measured_on`, `method`, `level`, `metrics` with `mean`, `deviation`,
        `lower` and `upper`, and `scores`.
    """
    names = [name for name in scores[0].metrics if all(name in finite(one.metrics) for one in scores)]
    share = 0.0 if folds is None else 1 / (folds - 1)
    rows = sum(one.rows for one in scores if one.repeat == 1) if folds is not None else scores[0].rows
    return {
        "folds": folds,
        "repeats": repeats,
        "groups": groups,
        "rows": rows,
        "measured_on": "validation rows" if folds is None else "folds",
        "method": STUDENT if folds is None else CORRECTED,
        "level": LEVEL,
        "metrics": {name: _summary(name, [one.metrics[name] for one in scores], share) for name in names},
        "scores": [one.document for one in scores],
    }


def _summary(name: str, values: Sequence[float], share: float) -> dict[str, float]:
    deviation = float(np.std(values, ddof=1))
    lower, upper = mean_interval_of(values, share=share)
    if not is_loss(name) and min(values) >= 0 and max(values) <= 1:  # a share of rows is not above 1
        lower, upper = max(lower, 0.0), min(upper, 1.0)
    return {"mean": float(np.mean(values)), "deviation": deviation, "lower": lower, "upper": upper}


def mean_interval_of(values: Sequence[float], *, share: float) -> tuple[float, float]:
    """The interval of 95 % for the mean of scores whose trainings share rows.

    Source: C. Nadeau, Y. Bengio, Inference for the Generalization Error, Machine Learning 52 (2003) 239-281; for
    repeated cross-validation R. R. Bouckaert, E. Frank, PAKDD 2004: `mean ± t sqrt((1 / n + measured / trained) s²)`
    with `n - 1` degrees of freedom, where `s²` is the variance of the n scores. With a share of 0 it is Student's.

    Args:
        values: At least two.
        share: Rows that each was measured on, over rows that it was trained on.
    """
    spread = (1 / len(values) + share) * float(np.var(values, ddof=1))
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * sqrt(spread)
    return float(np.mean(values)) - half, float(np.mean(values)) + half
