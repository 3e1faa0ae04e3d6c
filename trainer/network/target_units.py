"""A network whose outputs are in the target's units, trained on a loss of standardized ones.

Its last layer scales what the layers before it put out. So predictions, metrics, the Keras file and the exported graph
are in the target's units; the loss alone sees numbers around 0, for which learning rates are made.
"""

from typing import Any

import keras
import numpy as np

from trainer.data.target_scale import TargetScale

__all__ = ["StandardizedLoss", "target_units"]


def target_units(scale: TargetScale) -> Any:
    """The layer that brings standardized outputs to the target's units."""
    return keras.layers.Rescaling(list(scale.deviation), list(scale.mean), name="target_units", dtype="float32")


class StandardizedLoss(keras.losses.Loss):  # type: ignore[misc]
    """A loss of targets and outputs that are standardized first.

    Args:
        loss: Keras' own.
        scale: Mean and deviation.
    """

    def __init__(self, loss: Any, scale: TargetScale) -> None:
        super().__init__(name=loss.name, reduction=loss.reduction)
        self.loss = loss
        self.mean = np.asarray(scale.mean, np.float32)
        self.deviation = np.asarray(scale.deviation, np.float32)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each row."""
        return self.loss.call(self._standardized(y_true), self._standardized(y_pred))

    def _standardized(self, values: Any) -> Any:
        return (values - self.mean) / self.deviation
