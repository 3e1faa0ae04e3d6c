"""The evaluation of an imported network on data that its owner names: every row of it counts as held out."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from models.errors import DataError
from models.preprocessing.instances import Array
from models.sources.class_labels import Labels, read_classes, read_multi_hot, read_values
from models.spec.head import MULTILABEL, REGRESSION
from trainer.data import Dataset
from trainer.data.head import Head
from trainer.data.part import Part
from trainer.data.preparation import Piece
from trainer.evaluation.evaluate import Evaluation, judge

__all__ = ["measure"]


def measure(
    dataset: Dataset, network: Any, head: Head, class_names: tuple[str, ...]
) -> tuple[dict[str, Piece], Evaluation]:
    """Compute every row and compare.

    Args:
        dataset: With the features as the network takes them.
        network: A Keras network.
        head: Its head.
        class_names: In the order of its outputs; empty for regression.

    Returns:
        The data as the held-out part by its name, and the evaluation on it.

    Raises:
        DataError: When the data is not what the network takes.
    """
    raw = _fitting(dataset, tuple(network.input_shape[1:]))
    labels = _labels(raw, head, class_names)
    predictions = np.asarray(network.predict(np.asarray(raw.features[:], np.float32), verbose=0), np.float32)
    metrics = {"test": _metrics(head, labels, predictions)}
    piece = Piece(raw, labels, Part(raw.features, labels.values))
    return {"test": piece}, Evaluation(metrics, predictions, **judge(head, labels, predictions))


def _fitting(dataset: Dataset, shape: tuple[int, ...]) -> Dataset:
    """The data in the network's own shape, which may be another with the same number of values."""
    if math.prod(dataset.instance_shape) != math.prod(shape):
        expected = f"instances of shape {list(shape)}, which the network takes"
        raise DataError(where=dataset.source, expected=expected, received=f"shape {list(dataset.instance_shape)}")
    return replace(dataset, features=dataset.features[:].reshape(-1, *shape))


def _labels(dataset: Dataset, head: Head, class_names: tuple[str, ...]) -> Labels:
    where = f"{dataset.source}: target"
    if head.task == REGRESSION:
        labels = read_values(dataset.targets, where=where, row_name=dataset.row_name)
        if labels.values.shape[1] != head.units:
            received = f"{labels.values.shape[1]}"
            raise DataError(where=where, expected=f"{head.units} values a row", received=received)
        return labels
    if head.task == MULTILABEL and dataset.targets.ndim == 2:
        return read_multi_hot(dataset.targets, class_names, where=where, row_name=dataset.row_name)
    return read_classes(dataset.targets, class_names, where=where, row_name=dataset.row_name)


def _metrics(head: Head, labels: Labels, predictions: Array) -> dict[str, float]:
    """Under Keras' names: what needs no loss, which the file does not have to hold."""
    if head.task == REGRESSION:
        errors = predictions.astype(np.float64) - labels.values
        return {"mean_squared_error": float((errors**2).mean()), "mean_absolute_error": float(np.abs(errors).mean())}
    if not labels.are_classes:
        return {"binary_accuracy": float((head.taken(predictions) == (labels.values > 0.5)).mean())}
    return {"accuracy": float((head.predicted_classes(predictions) == labels.values).mean())}
