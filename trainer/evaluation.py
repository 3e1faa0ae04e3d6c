"""What a trained network is worth: loss and metrics of every part, and what it takes for what."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.instances import Array
from trainer.heads import Head
from trainer.preparation import Prepared
from trainer.stepping import EVALUATION_BATCH, Stepper

__all__ = ["ClassScore", "Evaluation", "class_scores", "confusion_matrix", "evaluate"]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How well one class is told from the others."""

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluation of a trained network.

    Args:
        metrics: Part → loss and every metric.
        predictions: Of the held-out rows, `(rows, outputs) float32`.
        confusion: Of the held-out rows: `confusion[i][j]` rows of class i were taken for class j; None without classes.
        classes: One score for each class; empty without classes.
    """

    metrics: dict[str, dict[str, float]]
    predictions: Array
    confusion: Array | None
    classes: tuple[ClassScore, ...]


def evaluate(network: Any, stepper: Stepper, prepared: Prepared) -> Evaluation:
    """Evaluate a trained network on train, validation and test."""
    metrics = {name: stepper.evaluate(piece.part) for name, piece in prepared.pieces.items()}
    test = prepared.test
    predictions = np.asarray(network.predict(test.part.inputs, batch_size=EVALUATION_BATCH, verbose=0), np.float32)
    confusion = _confusion(prepared.head, test.labels.values, predictions, len(prepared.class_names))
    classes = () if confusion is None else class_scores(confusion, prepared.class_names)
    return Evaluation(metrics, predictions, confusion, classes)


def _confusion(head: Head, labels: Array, predictions: Array, classes: int) -> Array | None:
    if not (classes and head.exclusive):
        return None
    return confusion_matrix(labels, head.predicted_classes(predictions), classes)


def confusion_matrix(true: Array, predicted: Array, classes: int) -> Array:
    """Rows of class i that were taken for class j, at `[i, j]`: `(classes, classes) int64`."""
    matrix: Array = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(matrix, (true, predicted), 1)
    return matrix


def class_scores(confusion: Array, class_names: tuple[str, ...]) -> tuple[ClassScore, ...]:
    """Precision, recall and F1 of each class; 0 where there is nothing to divide by."""
    hits = np.diag(confusion).astype(float)
    support, taken = confusion.sum(axis=1), confusion.sum(axis=0)
    recall, precision = hits / np.maximum(support, 1), hits / np.maximum(taken, 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    rows = zip(class_names, precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), strict=True)
    return tuple(ClassScore(*row) for row in rows)
