"""The evaluation of a trained network: loss and metrics of every part, and scores of every class."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import metrics as sklearn_metrics

from models.preprocessing.instances import Array
from models.sources.class_labels import Labels
from trainer.data.head import Head
from trainer.data.preparation import Prepared
from trainer.data.rows import batches
from trainer.evaluation.scores import Calibration, Mistake, calibration, cell_rows, mistakes, roc_auc
from trainer.fit.stepper import Stepper

__all__ = ["ClassScore", "Evaluation", "confusion_matrix", "evaluate", "judge"]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class is told from the others; `roc_auc` is None where the held-out rows have one kind only."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int
    roc_auc: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of a trained network.

    Args:
        metrics: Part → loss and every metric.
        predictions: Of the held-out rows, `(rows, outputs) float32`.
        confusion: Of the held-out rows: `confusion[i][j]` rows of class i were taken for class j; None without classes.
        classes: One score for each class; empty without classes.
        calibration: Confidence against accuracy; None without classes.
        mistakes: The held-out rows that were taken for another class, the surest first.
        cell_rows: Some held-out rows of each cell of the confusion matrix.
    """

    metrics: dict[str, dict[str, float]]
    predictions: Array
    confusion: Array | None
    classes: tuple[ClassScore, ...]
    calibration: Calibration | None = None
    mistakes: tuple[Mistake, ...] = ()
    cell_rows: tuple[Mistake, ...] = ()

    @property
    def recalls(self) -> dict[str, tuple[float, int]]:
        """Class → its recall, and how many held-out rows it has."""
        return {score.name: (score.recall, score.support) for score in self.classes}


def evaluate(stepper: Stepper, prepared: Prepared) -> Evaluation:
    """Evaluate a trained network on train, validation and test."""
    metrics = {name: stepper.evaluate(piece.part) for name, piece in prepared.pieces.items()}
    test = prepared.test
    predictions = np.concatenate([stepper.predict(some) for some in batches(test.part.inputs)])
    return Evaluation(metrics, predictions, **judge(prepared.head, test.labels, predictions))


def judge(head: Head, labels: Labels, predictions: Array) -> dict[str, Any]:
    """The fields of an `Evaluation` about classes: none for regression.

    Args:
        head: The network's head.
        labels: The held-out rows' labels.
        predictions: The network's predictions for them, `(rows, outputs) float32`.
    """
    names = labels.class_names
    if not names:
        return {"confusion": None, "classes": ()}
    probabilities = head.class_probabilities(predictions)
    if not labels.are_classes:
        taken, hits = head.taken(probabilities), labels.values > 0.5
        sureness, right = np.where(taken, probabilities, 1 - probabilities), taken == hits
        return {
            "confusion": None,
            "classes": _scored(names, hits, taken, probabilities),
            "calibration": calibration(sureness.reshape(-1), right.reshape(-1)),
        }
    predicted = head.predicted_classes(predictions)
    confidences = probabilities[np.arange(len(predicted)), predicted]
    every = np.arange(len(names))
    return {
        "confusion": confusion_matrix(labels.values, predicted, len(names)),
        "classes": _scored(names, labels.values[:, None] == every, predicted[:, None] == every, probabilities),
        "calibration": calibration(confidences, predicted == labels.values),
        "mistakes": mistakes(labels.values, predicted, confidences, names),
        "cell_rows": cell_rows(labels.values, predicted, confidences, names),
    }


def _scored(names: tuple[str, ...], hits: Array, taken: Array, probabilities: Array) -> tuple[ClassScore, ...]:
    """Every class against all others: `hits` and `taken` are `(rows, classes)` booleans; 0 for what is undefined."""
    scores = sklearn_metrics.precision_recall_fscore_support(hits, taken, average=None, zero_division=0)
    areas = [roc_auc(hits[:, index], probabilities[:, index]) for index in range(len(names))]
    rows = zip(names, *(column.tolist() for column in scores), areas, strict=True)
    return tuple(ClassScore(*row) for row in rows)


def confusion_matrix(true: Array, predicted: Array, classes: int) -> Array:
    """Rows of class i that were taken for class j, at `[i, j]`.

    Args:
        true: `(rows,)` class indices.
        predicted: Likewise.
        classes: How many there are.

    Returns:
        `(classes, classes) int64`.
    """
    matrix: Array = sklearn_metrics.confusion_matrix(true, predicted, labels=range(classes))
    return matrix
