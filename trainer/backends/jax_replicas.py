"""One step of a network on several devices: jax computes what one device would, each device its share of the rows."""

from collections.abc import Callable
from typing import Any

import jax
import keras

__all__ = ["on_replicas"]

Step = Callable[[Any, tuple[Any, ...]], Any]


def on_replicas(step: Step) -> Step:
    """The same step with its batch spread over the devices of the distribution under way.

    jax spreads only what it can cut into equal parts: a batch that it cannot is computed whole by each device, with
    the same result and no faster than by one.

    Args:
        step: `train_step` or `test_step` of a network; it takes a state and `(x, y[, sample_weight])`.

    Returns:
        The step itself where there is no distribution.
    """
    distribution = keras.distribution.distribution()
    if distribution is None:
        return step
    devices = distribution.device_mesh.devices.size

    def spread(array: Any) -> Any:
        if array.shape[0] % devices:
            return array
        layout = distribution.get_data_layout(array.shape).backend_layout
        return jax.lax.with_sharding_constraint(array, layout)

    return lambda state, data: step(state, tuple(spread(array) for array in data))
