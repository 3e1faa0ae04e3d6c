"""How batches reach Keras: one stepper for each backend, all with the same result.

Keras' own `fit` spends most of a small training outside of the graph. A stepper runs many steps in one call; the
epochs around it, with callbacks, progress and checkpoints, are `trainer.fit.epochs`'s.
"""

from typing import Any

import keras

from trainer.data.part import Part
from trainer.fit.keras_stepper import BatchStepper
from trainer.fit.stepper import Stepper

__all__ = ["make_stepper"]


def make_stepper(network: Any, training: Part, batch_size: int) -> Stepper:
    """The fastest stepper that the running backend has."""
    if keras.backend.backend() == "tensorflow":
        from trainer.fit.tensorflow_stepper import TensorFlowStepper  # noqa: PLC0415 -- other backends have none

        return TensorFlowStepper(network, training, batch_size)
    if keras.backend.backend() == "jax":
        from trainer.fit.jax_stepper import JaxStepper  # noqa: PLC0415 -- other backends have no jax

        return JaxStepper(network, training, batch_size)
    return BatchStepper(network, training, batch_size)
