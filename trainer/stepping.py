"""How batches reach Keras: one stepper for each backend, all with the same result.

Keras' own `fit` spends most of a small training outside of the graph. A stepper runs many steps in one call; the
epochs around it, with callbacks, progress and checkpoints, are `trainer.fitting`'s.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

import keras
import numpy as np

from models.preprocessing.instances import Array
from trainer.data.part import Part

__all__ = ["BatchStepper", "Stepper", "build_state", "evaluation_batch", "make_stepper", "plain_numbers", "predict"]

EVALUATION_ROWS = 1024
EVALUATION_BYTES = 8 * 2**20


class Stepper(Protocol):
    """Trains and evaluates a compiled network on parts of data."""

    def reset(self) -> None:
        """Begin to measure loss and metrics anew."""

    def train(self, rows: Array) -> dict[str, float]:
        """Take one optimizer step for each batch of `rows` of the training part.

        Returns:
            Loss and metrics since the last `reset`.
        """

    def evaluate(self, part: Part) -> dict[str, float]:
        """Loss and metrics of a part."""

    def predict(self, inputs: Array) -> Array:
        """What the network computes for preprocessed inputs: `(rows, outputs) float32`."""


def make_stepper(network: Any, training: Part, batch_size: int) -> Stepper:
    """The fastest stepper that the running backend has."""
    if keras.backend.backend() == "tensorflow":
        from trainer import stepping_tensorflow  # noqa: PLC0415 -- other backends have no tensorflow

        in_memory = isinstance(training.inputs, np.ndarray)
        made = stepping_tensorflow.TensorFlowStepper if in_memory else stepping_tensorflow.StreamedTensorFlowStepper
        return made(network, training, batch_size)
    if keras.backend.backend() == "jax":
        from trainer.stepping_jax import JaxStepper  # noqa: PLC0415 -- other backends have no jax

        return JaxStepper(network, training, batch_size)
    return BatchStepper(network, training, batch_size)


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


class BatchStepper:
    """One call of Keras for each batch: right on tensorflow and torch, fast on neither."""

    def __init__(self, network: Any, training: Part, batch_size: int) -> None:
        self.network = network
        self.training = training
        self.batch_size = batch_size
        build_state(network, training)
        network.make_train_function()
        network.make_test_function()

    def reset(self) -> None:
        """Have Keras reset its metrics."""
        self.network.reset_metrics()

    def train(self, rows: Array) -> dict[str, float]:
        """Call Keras' train function for each batch of rows."""
        for start in range(0, len(rows), self.batch_size):
            # `train_on_batch` would do, but it resets the metrics each time.
            self.network.train_function([_rows(self.training, rows[start : start + self.batch_size])])
        return plain_numbers(self.network.get_metrics_result())

    def evaluate(self, part: Part) -> dict[str, float]:
        """Call Keras' test function for each batch of a part."""
        self.network.reset_metrics()
        size = evaluation_batch(self.network)
        for start in range(0, part.rows, size):
            rows = np.arange(start, min(start + size, part.rows))
            self.network.test_function([_rows(part, rows)])
        return plain_numbers(self.network.get_metrics_result())

    def predict(self, inputs: Array) -> Array:
        """Have Keras predict."""
        return predict(self.network, inputs)


def predict(network: Any, inputs: Array) -> Array:
    """Keras' own prediction: `(rows, outputs) float32`."""
    predictions: Array = network.predict(inputs, batch_size=evaluation_batch(network), verbose=0)
    return predictions.astype(np.float32, copy=False)


def _rows(part: Part, rows: Array) -> tuple[Array, ...]:
    return tuple(array[rows] for array in part.arrays())


def plain_numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Metrics as plain numbers; of a metric with one value for each class, their mean."""
    return {name: float(np.mean(keras.ops.convert_to_numpy(value))) for name, value in metrics.items()}
