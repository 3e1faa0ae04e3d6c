"""A part of the data: training, validation or test."""

from dataclasses import dataclass

from models.preprocessing.instances import Array
from trainer.data.rows import Rows

__all__ = ["Part"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the data, as Keras takes it.

    Args:
        inputs: `(rows, *input shape) float32`, in memory or in a file.
        targets: `(rows, outputs) float32`.
        weights: `(rows,) float32`, or None where every row counts alike.
    """

    inputs: Rows
    targets: Array
    weights: Array | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.inputs)

    def arrays(self) -> tuple[Rows, ...]:
        """Inputs and targets, and weights where there are any: Keras' `(x, y[, sample_weight])`, float32."""
        given = (self.inputs, self.targets, self.weights)
        return tuple(array for array in given if array is not None)
