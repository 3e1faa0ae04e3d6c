"""Training on the tensorflow backend: many steps are one call of one graph, with the data already there."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from models.instances import Array
from trainer.stepping import EVALUATION_BATCH, Part, plain_numbers

__all__ = ["TensorFlowStepper"]

Loop = Callable[..., dict[str, Any]]


class TensorFlowStepper:
    """Runs Keras' own `train_step` and `test_step` in loops inside `tf.function`.

    Args:
        network: A compiled `keras.Sequential`.
        training: The part to train on; it stays in memory as tensors.
        batch_size: Rows for one optimizer step.
    """

    def __init__(self, network: Any, training: Part, batch_size: int) -> None:
        self.network = network
        self._tensors = _tensors(training)
        _build_state(network, tuple(tensor[:1] for tensor in self._tensors))
        self._run = _training_loop(network, self._tensors, batch_size)
        self._evaluations: dict[int, Loop] = {}

    def train(self, rows: Array) -> dict[str, float]:
        """Take one optimizer step for each batch of `rows`, in one call; loss and metrics since their last reset."""
        return plain_numbers(self._run(tf.constant(rows, tf.int64), self._tensors))

    def evaluate(self, part: Part) -> dict[str, float]:
        """Loss and metrics of a part, in one call."""
        tensors = _tensors(part)
        if len(tensors) not in self._evaluations:
            self._evaluations[len(tensors)] = _evaluation_loop(self.network, tensors)
        return plain_numbers(self._evaluations[len(tensors)](tensors))


def _tensors(part: Part) -> tuple[Any, ...]:
    return tuple(tf.convert_to_tensor(array) for array in part.arrays())


def _build_state(network: Any, row: tuple[Any, ...]) -> None:
    """Make every variable of optimizer and metrics now: inside of a graph they would be made while it is traced."""
    network.optimizer.build(network.trainable_variables)
    inputs, targets, *_ = row
    predictions = network(inputs, training=False)
    network.compute_loss(x=inputs, y=targets, y_pred=predictions, training=False)
    network.compute_metrics(inputs, targets, predictions)
    network.reset_metrics()


def _signature(tensors: tuple[Any, ...]) -> tuple[Any, ...]:
    """The tensors' types with any number of rows, so that no other number is traced again."""
    return tuple(tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in tensors)


def _training_loop(network: Any, tensors: tuple[Any, ...], batch_size: int) -> Loop:
    signature = (tf.TensorSpec((None,), tf.int64), _signature(tensors))

    @tf.function(input_signature=signature)  # type: ignore[untyped-decorator]
    def run(rows: Any, data: tuple[Any, ...]) -> Any:
        for start in tf.range(0, tf.shape(rows)[0], batch_size):
            batch = rows[start : start + batch_size]
            network.train_step(tuple(tf.gather(tensor, batch) for tensor in data))
        return network.get_metrics_result()

    return run  # type: ignore[no-any-return]


def _evaluation_loop(network: Any, tensors: tuple[Any, ...]) -> Loop:
    @tf.function(input_signature=(_signature(tensors),))  # type: ignore[untyped-decorator]
    def run(data: tuple[Any, ...]) -> Any:
        network.reset_metrics()
        for start in tf.range(0, tf.shape(data[0])[0], EVALUATION_BATCH):
            network.test_step(tuple(tensor[start : start + EVALUATION_BATCH] for tensor in data))
        return network.get_metrics_result()

    return run  # type: ignore[no-any-return]
