"""Permutation importance: what the served model loses when one column of the held-out rows is shuffled."""

from collections.abc import Callable
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from models.preprocessing.pipeline import Preprocessing
from models.sources.class_labels import Labels
from models.spec.head import REGRESSION
from trainer.data.head import Head
from trainer.data.preparation import Piece
from trainer.evaluation.baseline import score

__all__ = ["Predict", "permutation_importance"]

REPEATS, MOST_ROWS, MOST_COLUMNS, FEWEST_ROWS = 5, 500, 60, 20
MOST_WORK = 10**9
"""Rows that are computed, times the network's parameters: about a second."""

Predict = Callable[[Array], Array]
"""Preprocessed rows → predictions `(rows, units) float32` of the served graph."""


def permutation_importance(
    head: Head, test: Piece, preprocessing: Preprocessing, *, predict: Predict, parameters: int, seed: int = 0
) -> dict[str, Any] | None:
    """What each column of a table is worth, as the data has it: before categories become columns of their own.

    Args:
        head: The network's head.
        test: The held-out part.
        preprocessing: What comes before the network.
        predict: Computes rows with the served graph.
        parameters: Of the network: with more of them, fewer rows are shuffled.
        seed: Of the shuffling.

    Returns:
        `metric`, `rows`, `repeats`, `score` of the rows as they are, and `columns` with `column`, `mean` and
        `deviation` of what is lost, the largest first. None where an instance is no row of a table, where there are
        many columns or few rows.
    """
    names = [column.name for column in test.raw.columns or ()]
    if len(test.raw.instance_shape) != 1 or not 0 < len(names) <= MOST_COLUMNS:
        return None
    rows = min(test.rows, MOST_ROWS, MOST_WORK // (max(parameters, 1) * REPEATS * len(names)))
    if rows < FEWEST_ROWS:
        return None
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(test.rows)[:rows])
    table, labels = np.asarray(test.raw.features[chosen]), test.labels.take(chosen)
    whole = _score(head, labels, predict(preprocessing.apply(table)))
    columns: list[dict[str, Any]] = []
    for index, name in enumerate(names):
        many = np.concatenate([_shuffled(table, index, rng) for _ in range(REPEATS)])
        answers = np.split(predict(preprocessing.apply(many)), REPEATS)
        lost = np.array([whole - _score(head, labels, one) for one in answers])
        columns.append({"column": name, "mean": float(lost.mean()), "deviation": float(lost.std())})
    columns.sort(key=lambda one: -one["mean"])
    return {"metric": _metric(head, labels), "rows": rows, "repeats": REPEATS, "score": whole, "columns": columns}


def _shuffled(table: Array, column: int, rng: np.random.Generator) -> Array:
    changed = table.copy()
    changed[:, column] = rng.permutation(table[:, column])
    return changed


def _metric(head: Head, labels: Labels) -> str:
    if head.task == REGRESSION:
        return "R²"
    return "accuracy" if labels.are_classes else "binary_accuracy"


def _score(head: Head, labels: Labels, predictions: Array) -> float:
    """Accuracy, or R²: more is better."""
    if head.task == REGRESSION:
        true = labels.values.astype(np.float64)
        spread = np.maximum(((true - true.mean(axis=0)) ** 2).sum(axis=0), np.finfo(np.float64).tiny)
        return float((1 - ((predictions - true) ** 2).sum(axis=0) / spread).mean())
    answers = head.predicted_classes(predictions) if labels.are_classes else head.taken(predictions)
    return score(_metric(head, labels), labels, answers)
