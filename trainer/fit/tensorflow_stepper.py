"""Training on the tensorflow backend: many steps are one call of one graph, with the data already there."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from models.preprocessing.instances import Array
from trainer.backends.tensorflow_replicas import on_replicas
from trainer.data.part import Part
from trainer.data.rows import BATCH_BYTES, row_bytes
from trainer.fit.stepper import build_state, evaluation_batch, plain_numbers

__all__ = ["TensorFlowStepper"]

Loop = Callable[..., dict[str, Any]]
EVERY_ROW = slice(None)


class TensorFlowStepper:
    """Runs Keras' own `train_step` and `test_step` in loops inside `tf.function`.

    Inputs in memory become tensors once. Of inputs in a file, so many rows at once become tensors as may be in memory.
    """

    def __init__(self, network: Any, training: Part, batch_size: int) -> None:
        self.network = network
        self._training = training
        self._batch_size = batch_size
        in_memory = isinstance(training.inputs, np.ndarray)
        self._tensors = _tensors(training) if in_memory else None
        build_state(network, training)
        self._run = _training_loop(network, self._tensors or _tensors(training, slice(0, 1)), batch_size)
        self._evaluations: dict[int, Loop] = {}
        self.reset = tf.function(network.reset_metrics, autograph=False)
        self.predict = _predictor(network)

    def train(self, rows: Array) -> dict[str, float]:
        """Take a step for each batch of `rows`, `(chosen,) int64`; loss and metrics since their last reset."""
        if self._tensors is not None:
            return plain_numbers(self._run(tf.constant(rows, tf.int64), self._tensors))
        metrics: dict[str, Any] = {}
        for some in _slices(self._training, self._batch_size, rows=len(rows)):
            tensors = _tensors(self._training, rows[some])
            metrics = self._run(tf.range(tf.shape(tensors[0], tf.int64)[0]), tensors)
        return plain_numbers(metrics)

    def evaluate(self, part: Part) -> dict[str, float]:
        """Loss and metrics of a part."""
        self.reset()
        metrics: dict[str, Any] = {}
        for some in _slices(part, evaluation_batch(self.network), rows=part.rows):
            tensors = _tensors(part, some)
            if len(tensors) not in self._evaluations:
                self._evaluations[len(tensors)] = _evaluation_loop(self.network, tensors)
            metrics = self._evaluations[len(tensors)](tensors)
        return plain_numbers(metrics)


def _slices(part: Part, batch_size: int, *, rows: int) -> Iterator[slice]:
    """Whole batches that may be in memory at once; all rows where the inputs are there anyway."""
    if isinstance(part.inputs, np.ndarray):
        yield EVERY_ROW
        return
    size = batch_size * max(BATCH_BYTES // (row_bytes(part.inputs) * batch_size), 1)
    for start in range(0, rows, size):
        yield slice(start, start + size)


def _tensors(part: Part, rows: Array | slice = EVERY_ROW) -> tuple[Any, ...]:
    return tuple(tf.convert_to_tensor(array[rows]) for array in part.arrays())


def _signature(tensors: tuple[Any, ...]) -> tuple[Any, ...]:
    """The tensors' types with any number of rows, so that no other number is traced again."""
    return tuple(tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in tensors)


def _training_loop(network: Any, tensors: tuple[Any, ...], batch_size: int) -> Loop:
    signature = (tf.TensorSpec((None,), tf.int64), _signature(tensors))
    step = on_replicas(network.train_step, weighted=True)

    def run(rows: Any, data: tuple[Any, ...]) -> Any:
        def take(start: Any) -> tuple[Any]:
            batch = rows[start : start + batch_size]
            step(tuple(tf.gather(tensor, batch) for tensor in data))
            return (start + batch_size,)

        _for_batches(take, tf.shape(rows)[0])
        return network.get_metrics_result()

    return tf.function(run, input_signature=signature, autograph=False)  # type: ignore[no-any-return]


def _for_batches(take: Callable[[Any], tuple[Any]], rows: Any) -> None:
    """A loop of the graph over batches, one after the other, written out: AutoGraph would take its time to do so."""
    tf.while_loop(lambda start: start < rows, take, (tf.constant(0),), parallel_iterations=1)


def _predictor(network: Any) -> Callable[[Array], Array]:
    signature = [tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)]
    size = evaluation_batch(network)
    compute = tf.function(partial(network, training=False), input_signature=signature, autograph=False)

    def predict(inputs: Array) -> Array:
        """The network's outputs for preprocessed inputs: `(rows, outputs) float32`."""
        parts = [compute(tf.constant(inputs[start : start + size])).numpy() for start in range(0, len(inputs), size)]
        return np.concatenate(parts).astype(np.float32, copy=False)

    return predict


def _evaluation_loop(network: Any, tensors: tuple[Any, ...]) -> Loop:
    step = on_replicas(network.test_step, weighted=False)
    size = evaluation_batch(network)

    def run(data: tuple[Any, ...]) -> Any:
        def take(start: Any) -> tuple[Any]:
            step(tuple(tensor[start : start + size] for tensor in data))
            return (start + size,)

        _for_batches(take, tf.shape(data[0])[0])
        return network.get_metrics_result()

    return tf.function(run, input_signature=(_signature(tensors),), autograph=False)  # type: ignore[no-any-return]
