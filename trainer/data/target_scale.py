"""Targets of mean 0 and deviation 1 for the loss; everything else counts in the target's own units."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from models.preprocessing.instances import Array

__all__ = ["TargetScale"]


@dataclass(frozen=True, slots=True)
class TargetScale:
    """Mean and deviation of the training targets, one of each for every output."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def fit(cls, targets: Array) -> Self:
        """Of the training split, `(rows, outputs) float32`; a constant target keeps its units."""
        values = targets.astype(np.float64)
        mean, deviation = values.mean(axis=0), values.std(axis=0)
        constant = deviation <= 1e-12 * np.maximum(1.0, np.abs(mean))
        return cls(tuple(mean.tolist()), tuple(np.where(constant, 1.0, deviation).tolist()))

    @property
    def document(self) -> dict[str, Any]:
        """As the manifest keeps it."""
        return {"standardize": {"mean": list(self.mean), "deviation": list(self.deviation)}}
