"""Scores of probabilities on held-out rows: ROC-AUC, calibration, and the surest mistakes."""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from models.preprocessing.instances import Array

__all__ = ["Bin", "Calibration", "Mistake", "calibration", "cell_rows", "mistakes", "roc_auc"]

BINS = 10
MOST_MISTAKES = 20
MOST_OF_CELL, MOST_OF_CELLS = 4, 120


@dataclass(frozen=True, slots=True)
class Bin:
    """The predictions whose confidence lies between two bounds; the upper one counts as inside."""

    lower: float
    upper: float
    rows: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidence and accuracy are apart.

    Args:
        ece: Expected calibration error: their distance in each bin, weighted by its rows.
        bins: Of equal width, from 0 to 1.
    """

    ece: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A held-out row that was taken for another class.

    Args:
        row: Its place in the held-out part, from 0.
        true: The class it has.
        predicted: The class it was taken for.
        probability: How sure the network was of that.
    """

    row: int
    true: str
    predicted: str
    probability: float


def roc_auc(hits: Array, scores: Array) -> float | None:
    """The area under the ROC curve; None without hits or without misses, and where a score is not finite.

    Args:
        hits: `(rows,) bool`.
        scores: `(rows,) float`.
    """
    if hits.all() or not hits.any() or not np.isfinite(scores).all():
        return None
    return float(roc_auc_score(hits, scores))


def calibration(confidences: Array, right: Array) -> Calibration:
    """Compare confidence with accuracy, bin by bin.

    Args:
        confidences: `(rows,) float32` probabilities of what was predicted.
        right: `(rows,)` booleans: whether it was so.
    """
    edges = np.linspace(0, 1, BINS + 1)
    places = np.clip(np.digitize(confidences, edges[1:-1], right=True), 0, BINS - 1)
    bins = tuple(_bin(edges, index, confidences[places == index], right[places == index]) for index in range(BINS))
    gaps = [abs(one.confidence - one.accuracy) * one.rows for one in bins if one.confidence is not None
            and one.accuracy is not None]  # fmt: skip
    return Calibration(sum(gaps) / max(len(confidences), 1), bins)


def _bin(edges: Array, index: int, confidences: Array, right: Array) -> Bin:
    rows = len(confidences)
    means = (float(confidences.mean()), float(right.mean())) if rows else (None, None)
    return Bin(round(float(edges[index]), 3), round(float(edges[index + 1]), 3), rows, *means)


def mistakes(true: Array, predicted: Array, confidences: Array, class_names: tuple[str, ...]) -> tuple[Mistake, ...]:
    """The rows that were taken for another class, the surest first.

    Args:
        true: `(rows,) int` class indices.
        predicted: Likewise.
        confidences: `(rows,) float32` probabilities of the predicted class.
        class_names: One for each class.
    """
    wrong = np.flatnonzero(true != predicted)
    surest = wrong[np.argsort(-confidences[wrong], kind="stable")][:MOST_MISTAKES]
    return tuple(
        Mistake(row, class_names[true[row]], class_names[predicted[row]], float(confidences[row]))
        for row in surest.tolist()
    )


def cell_rows(true: Array, predicted: Array, confidences: Array, class_names: tuple[str, ...]) -> tuple[Mistake, ...]:
    """Some rows behind each cell of the confusion matrix: the surest of a mistake, the least sure of what is right.

    Every cell gets its first row before any gets a second one, those of mistakes before those of what is right.

    Args:
        true: `(rows,) int` class indices.
        predicted: Likewise.
        confidences: `(rows,) float32` probabilities of the predicted class.
        class_names: One for each class.
    """
    is_right = true == predicted
    order = np.lexsort((np.where(is_right, confidences, -confidences), predicted, true))
    cells = true[order] * len(class_names) + predicted[order]
    first_of_cell = np.searchsorted(cells, cells)
    rank = np.arange(len(cells)) - first_of_cell
    order, rank = order[rank < MOST_OF_CELL], rank[rank < MOST_OF_CELL]
    chosen = order[np.lexsort((is_right[order], rank))][:MOST_OF_CELLS]
    return tuple(
        Mistake(row, class_names[true[row]], class_names[predicted[row]], float(confidences[row]))
        for row in chosen.tolist()
    )
