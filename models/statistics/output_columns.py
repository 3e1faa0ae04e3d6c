"""Which columns are looked at of a version's predictions, and how they come from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from models.class_ranking import Threshold, are_taken, class_labels
from models.names import MULTILABEL, REGRESSION, SIGMOID, THRESHOLD
from models.preprocessing.instances import Array
from models.statistics.bins import CategoryBins, NumberBins
from models.store.manifest import Manifest

__all__ = ["CONFIDENCE", "PREDICTED_CLASS", "OutputColumns"]

PREDICTED_CLASS = "predicted class"
CONFIDENCE = "confidence"
HOLDS = ("no", "yes")
"""Of a label, whether it was predicted."""
MOST_OUTPUTS = 50
"""Of labels or numbers that are looked at."""


@dataclass(frozen=True, slots=True)
class OutputColumns:
    """The columns of a version's predictions.

    Of a classifier the predicted class and its probability, of several labels whether each holds, else the numbers.

    Args:
        task: Of the version.
        classes: In the order of the outputs; two for one sigmoid unit.
        units: How many outputs there are.
        threshold: From which probability on a class or a label holds.
    """

    task: str
    classes: tuple[str, ...]
    units: int
    threshold: Threshold = None

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """The columns of a version with this manifest."""
        units = int(manifest.outputs[0].shape[-1] or 1)
        count = 2 if manifest.task == SIGMOID and units == 1 else units
        return cls(manifest.task, tuple(class_labels(manifest.class_names, count)), units, manifest.threshold)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        if self.task == MULTILABEL:
            return self.classes[:MOST_OUTPUTS]
        if self.task == REGRESSION:
            numbered = tuple(f"output {index}" for index in range(min(self.units, MOST_OUTPUTS)))
            return ("output",) if self.units == 1 else numbered
        return PREDICTED_CLASS, CONFIDENCE

    def of_batch(self, predictions: Array) -> list[Any]:
        """The columns of predictions.

        Args:
            predictions: `(batch, outputs) float32`.

        Returns:
            For each column `(batch,) float32`, or a list of categories.
        """
        if self.task == MULTILABEL:
            taken = are_taken(predictions, self.threshold)[:, :MOST_OUTPUTS]
            return [[HOLDS[one] for one in label] for label in taken.T.tolist()]
        if self.task == REGRESSION:
            return [*predictions.T[:MOST_OUTPUTS]]
        return self._of_classes(predictions)

    def _of_classes(self, scores: Array) -> list[Any]:
        if self.task == SIGMOID and scores.shape[1] == 1:
            limit = np.float32(THRESHOLD if self.threshold is None else np.ravel(self.threshold)[0])
            predicted = (scores[:, 0] > limit).astype(np.int64)
            scores = np.concatenate([1 - scores, scores], axis=1)
        else:
            predicted = scores.argmax(axis=1)
        confidence = scores[np.arange(len(scores)), predicted]
        return [[self.classes[index] for index in predicted.tolist()], confidence]

    def bins(self, columns: Sequence[Any]) -> tuple[NumberBins | CategoryBins, ...]:
        """The bins of training rows' predictions, from their columns as `of_batch` gives them."""
        return tuple(self._bins(name, column) for name, column in zip(self.names, columns, strict=True))

    def _bins(self, name: str, column: Any) -> NumberBins | CategoryBins:
        if isinstance(column, np.ndarray):
            return NumberBins.of(name, column)
        return CategoryBins.of(name, column, known=HOLDS if self.task == MULTILABEL else self.classes)
