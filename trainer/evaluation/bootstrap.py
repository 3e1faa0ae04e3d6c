"""Intervals of 95 % by bootstrap for metrics that are no mean over rows; of many rows, their number costs nothing."""

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np

from models.preprocessing.instances import Array
from models.sources.class_labels import Labels
from trainer.data.head import Head
from trainer.evaluation.curves import class_scores

__all__ = ["Statistic", "bootstrap_intervals", "score_statistics"]

RESAMPLES, MOST_ROWS = 500, 1000
MOST_CLASSES, MOST_AREAS = 100, 10
BOUNDS = (0.025, 0.975)

Statistic = Callable[[Array, Array], Array]
"""Rows `(rows,) int64` and how often each counts `(resamples, rows)` → one number for each resample."""


def bootstrap_intervals(statistics: Mapping[str, Statistic], rows: int, *, seed: int = 0) -> dict[str, list[float]]:
    """The value of each metric with the bounds of its percentile interval.

    Above `MOST_ROWS` rows, so many of them are drawn once and resampled, and the deviations that come of it are made
    smaller by the root of their share: the cost has a bound.

    Args:
        statistics: Metric → its function.
        rows: How many held-out rows there are.
        seed: Of the resampling.

    Returns:
        Metric → value, lower, upper bound; without those that have none.
    """
    rng = np.random.default_rng(seed)
    some = min(rows, MOST_ROWS)
    chosen = np.sort(rng.permutation(rows)[:some])
    drawn = rng.integers(0, some, (RESAMPLES, some)) + some * np.arange(RESAMPLES)[:, None]
    weights = np.bincount(drawn.reshape(-1), minlength=RESAMPLES * some).reshape(RESAMPLES, some).astype(np.float32)
    found = {}
    for name, statistic in statistics.items():
        with np.errstate(all="ignore"):  # a resample may lack a class
            value = float(statistic(np.arange(rows), np.ones((1, rows)))[0])
            center, spread = statistic(chosen, np.ones((1, some)))[0], statistic(chosen, weights)
        spread = spread[np.isfinite(spread)]
        if np.isfinite(value) and len(spread) > RESAMPLES // 2:
            bounds = value + sqrt(some / rows) * (np.quantile(spread, BOUNDS) - center)
            found[name] = [value, *bounds.tolist()]
    return found


def score_statistics(head: Head, labels: Labels, predictions: Array) -> dict[str, Statistic]:
    """What is worth an interval beside the metrics: of classes macro-F1 and ROC-AUC, of numbers errors and R².

    Args:
        head: The network's head.
        labels: Of the held-out rows.
        predictions: Of them, `(rows, units) float32`.
    """
    if not np.isfinite(predictions).all():
        return {}
    if not labels.class_names:
        return _of_numbers(labels.values.reshape(predictions.shape).astype(np.float64), predictions)
    found: dict[str, Statistic] = {}
    _, hits, scores = class_scores(head, labels, predictions)
    if labels.are_classes and len(labels.class_names) <= MOST_CLASSES:
        every = np.arange(len(labels.class_names))
        true, predicted = labels.values[:, None] == every, head.predicted_classes(predictions)[:, None] == every
        found["macro_f1"] = lambda rows, weights: _macro_f1(true[rows], predicted[rows], weights)
        found["balanced_accuracy"] = lambda rows, weights: _macro_recall(true[rows], predicted[rows], weights)
    if hits.shape[1] <= MOST_AREAS:
        found["roc_auc"] = lambda rows, weights: _mean_area(hits[rows], scores[rows], weights)
    return found


def _of_numbers(true: Array, predicted: Array) -> dict[str, Statistic]:
    errors = predicted - true
    squares, distances = (errors**2).mean(axis=1), np.abs(errors).mean(axis=1)
    return {
        "r2": lambda rows, weights: _r2(errors[rows], true[rows] - true.mean(axis=0), weights),
        "root_mean_squared_error": lambda rows, weights: np.sqrt(weights @ squares[rows] / weights.sum(axis=1)),
        "mean_absolute_error": lambda rows, weights: weights @ distances[rows] / weights.sum(axis=1),
    }


def _r2(errors: Array, true: Array, weights: Array) -> Array:
    """The share of the variance that is explained, the mean over outputs."""
    rows = weights.sum(axis=1)[:, None]
    spread = weights @ true**2 - (weights @ true) ** 2 / rows
    return np.asarray((1 - (weights @ errors**2) / spread).mean(axis=1))


def _macro_f1(true: Array, predicted: Array, weights: Array) -> Array:
    both = weights @ (true & predicted).astype(np.float32)
    return _mean_known(2 * both / (weights @ (true.astype(np.float32) + predicted)))


def _macro_recall(true: Array, predicted: Array, weights: Array) -> Array:
    both = weights @ (true & predicted).astype(np.float32)
    return _mean_known(both / (weights @ true.astype(np.float32)))


def _mean_area(hits: Array, scores: Array, weights: Array) -> Array:
    return _mean_known(np.stack([_area(hits[:, one], scores[:, one], weights) for one in range(hits.shape[1])], axis=1))


def _mean_known(values: Array) -> Array:
    """The mean over classes, `(resamples, classes)` → `(resamples,)`, of those that a resample has."""
    known = np.isfinite(values)
    return np.asarray(np.where(known, values, 0).sum(axis=1) / known.sum(axis=1))


def _area(hits: Array, scores: Array, weights: Array) -> Array:
    """The area under the ROC curve of weighted rows, `(resamples,)`; of equal scores, half of the pairs count."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(scores[order]) > 0]))
    ordered, held = weights[:, order].astype(np.float64), hits[order]
    found, missed = (np.add.reduceat(ordered * kind, starts, axis=1) for kind in (held, ~held))
    below = missed.cumsum(axis=1) - missed / 2
    return np.asarray((found * below).sum(axis=1) / (found.sum(axis=1) * missed.sum(axis=1)))
