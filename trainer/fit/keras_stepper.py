"""Steps by Keras' own `train_on_batch`, which every backend has."""

from functools import partial
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from trainer.data.part import Part
from trainer.fit.stepper import build_state, evaluation_batch, plain_numbers, predict

__all__ = ["BatchStepper"]


class BatchStepper:
    """One call of Keras for each batch: right on tensorflow and torch, fast on neither."""

    def __init__(self, network: Any, training: Part, batch_size: int) -> None:
        self.network = network
        self.predict = partial(predict, network)
        self.training = training
        self.batch_size = batch_size
        build_state(network, training)
        network.make_train_function()
        network.make_test_function()

    def reset(self) -> None:
        """Have Keras reset its metrics."""
        self.network.reset_metrics()

    def train(self, rows: Array) -> dict[str, float]:
        """Call Keras' train function for each batch of `rows`, `(chosen,) int64`."""
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


def _rows(part: Part, rows: Array) -> tuple[Array, ...]:
    return tuple(array[rows] for array in part.arrays())
