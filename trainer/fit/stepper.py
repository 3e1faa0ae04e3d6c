"""Steppers compute an epoch of batches, whatever the backend."""

import math
from collections.abc import Mapping
from typing import Any, Protocol

import keras
import numpy as np

from models.preprocessing.instances import Array
from trainer.data.part import Part

__all__ = ["Stepper", "build_state", "evaluation_batch", "plain_numbers", "predict"]

EVALUATION_ROWS = 1024
EVALUATION_BYTES = 8 * 2**20


class Stepper(Protocol):
    """Trains and evaluates a compiled network on parts of data."""

    def reset(self) -> None:
        """Begin to measure loss and metrics anew."""

    def train(self, rows: Array) -> dict[str, float]:
        """Take one optimizer step for each batch of `rows` of the training part, `(chosen,) int64`.

        Returns:
            Loss and metrics since the last `reset`.
        """

    def evaluate(self, part: Part) -> dict[str, float]:
        """Loss and metrics of a part."""

    def predict(self, inputs: Array) -> Array:
        """The network's outputs for preprocessed inputs: `(rows, outputs) float32`."""


def evaluation_batch(network: Any) -> int:
    """How many rows are evaluated at once: fewer of large ones, whose layers' outputs are many times as large."""
    row_bytes = math.prod(network.input_shape[1:]) * np.dtype(np.float32).itemsize
    return int(max(1, min(EVALUATION_ROWS, EVALUATION_BYTES // max(row_bytes, 1))))


def build_state(network: Any, part: Part) -> None:
    """Make every variable of optimizer and metrics now: a graph must not make them, and a checkpoint must find them."""
    inputs, targets = (keras.ops.convert_to_tensor(np.asarray(array[:1])) for array in (part.inputs, part.targets))
    network.optimizer.build(network.trainable_variables)
    predictions = network(inputs, training=False)
    network.compute_loss(x=inputs, y=targets, y_pred=predictions, training=False)
    network.compute_metrics(inputs, targets, predictions)
    network.reset_metrics()


def predict(network: Any, inputs: Array) -> Array:
    """Keras' own prediction: `(rows, outputs) float32`."""
    predictions: Array = network.predict(inputs, batch_size=evaluation_batch(network), verbose=0)
    return predictions.astype(np.float32, copy=False)


def plain_numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Metrics as plain numbers; of a metric with one value for each class, their mean."""
    return {name: float(np.mean(keras.ops.convert_to_numpy(value))) for name, value in metrics.items()}
