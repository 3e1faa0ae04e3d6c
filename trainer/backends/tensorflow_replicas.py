"""One step of a network on several devices: tensorflow's replicas share a batch, and agree on the gradient."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

__all__ = ["on_replicas"]

Step = Callable[[tuple[Any, ...]], Any]


def on_replicas(step: Step, *, weighted: bool) -> Step:
    """The same step on every replica of the strategy under way, each with its share of a batch.

    Args:
        step: `train_step` or `test_step` of a network; it takes `(x, y[, sample_weight])`.
        weighted: Whether the step descends a gradient: replicas' mean losses count by their shares of the batch, so
            that the gradient is that of the whole batch also where the shares differ by a row.

    Returns:
        The step itself where there is no strategy.
    """
    strategy = tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return step

    def on_one(data: tuple[Any, ...]) -> None:
        share, part = _shared(data, tf.distribute.get_replica_context().replica_id_in_sync_group, replicas)
        step(_weighted(share, part) if weighted else share)

    def on_all(data: tuple[Any, ...]) -> None:
        strategy.run(on_one, args=(data,))

    return on_all


def _shared(data: tuple[Any, ...], replica: Any, replicas: int) -> tuple[tuple[Any, ...], Any]:
    """The rows of one replica, and how much more than an equal part of the batch they are.

    Of a batch of fewer rows than replicas, which only the last one of an epoch should be, each takes all: none can
    compute without rows. The gradient stays what it is; the metrics count those rows once for each replica.
    """
    rows = tf.shape(data[0])[0]
    few = rows < replicas
    mine = tf.range(tf.where(few, 0, replica), rows, tf.where(few, 1, replicas))
    part = tf.where(few, 1.0, tf.cast(tf.size(mine) * replicas, tf.float32) / tf.cast(rows, tf.float32))
    return tuple(tf.gather(tensor, mine) for tensor in data), part


def _weighted(share: tuple[Any, ...], part: Any) -> tuple[Any, ...]:
    inputs, targets, *weights = share
    given = weights[0] if weights else tf.ones(tf.shape(inputs)[0])
    return inputs, targets, given * part
