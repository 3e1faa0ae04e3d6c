"""Intervals of 95 % for metrics of the held-out rows, where a metric is a share of rows or a mean over them."""

import numpy as np

from models.preprocessing.instances import Array
from models.runs.statistics import mean_interval, wilson_interval
from models.sources.class_labels import Labels
from trainer.data.head import Head
from trainer.evaluation.evaluate import Evaluation

__all__ = ["metric_intervals"]

SHARES = ("accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy")
SQUARES, DISTANCES = ("mean_squared_error", "mse"), ("mean_absolute_error", "mae")
LOSS = "loss"
LEAST = 1e-7
"""The probability below which Keras' cross-entropies do not go."""


def metric_intervals(head: Head, labels: Labels, evaluation: Evaluation) -> dict[str, list[float]]:
    """The intervals of those test metrics that rows tell: metric → lower and upper bound.

    A metric counts as told by rows when their mean is its value: one with weights, smoothing or penalties is not.

    Args:
        head: The network's head.
        labels: Of the held-out rows.
        evaluation: Of them.
    """
    by_row = _values_by_row(head, labels, evaluation.predictions)
    return {
        name: [float(bound) for bound in _interval(values)]
        for name, value in evaluation.metrics["test"].items()
        for names, values in by_row
        if name in names and np.isclose(values.mean(), value, rtol=1e-3, atol=1e-5)
    }


def _interval(values: Array) -> tuple[float, float]:
    if values.dtype == bool:
        return wilson_interval(int(values.sum()), len(values))
    return mean_interval(values)


def _values_by_row(head: Head, labels: Labels, predictions: Array) -> list[tuple[tuple[str, ...], Array]]:
    """Names of metrics, and what their mean is taken over, `(rows,)`; a loss can be one of several."""
    predictions = predictions.astype(np.float64)
    if not labels.class_names:
        errors = predictions - labels.values.reshape(predictions.shape)
        squares, distances = (errors**2).mean(axis=1), np.abs(errors).mean(axis=1)
        return [((*SQUARES, LOSS), squares), ((*DISTANCES, LOSS), distances)]
    if not labels.are_classes:
        hits = labels.values > 0.5
        entropy = -np.log(np.clip(np.where(hits, predictions, 1 - predictions), LEAST, 1)).mean(axis=1)
        return [(SHARES, (head.taken(predictions) == hits).mean(axis=1)), ((LOSS,), entropy)]
    probabilities = head.class_probabilities(predictions)[np.arange(len(labels.values)), labels.values]
    right = head.predicted_classes(predictions) == labels.values
    return [(SHARES, right), ((LOSS,), -np.log(np.clip(probabilities, LEAST, 1)))]
