"""Predictions to classes with their probabilities, best first: one ranking for service, command line and page."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.names import MULTILABEL, SIGMOID, THRESHOLD

__all__ = ["Threshold", "are_taken", "class_labels", "held_labels", "ranked_classes", "threshold_of"]

Threshold = float | Sequence[float] | None
"""Above it the second of two classes, or a label of several, holds; one for each label where it is several."""


def class_labels(class_names: Sequence[str], count: int) -> list[str]:
    """The names of classes; their numbers where the names are not as many."""
    return [str(name) for name in class_names] if len(class_names) == count else [str(i) for i in range(count)]


def threshold_of(task: str, threshold: Threshold) -> Threshold:
    """The threshold that decides for a model; None where none does, as one of many classes or a number comes out."""
    return None if task not in (SIGMOID, MULTILABEL) else THRESHOLD if threshold is None else threshold


def are_taken(probabilities: Any, threshold: Threshold) -> NDArray[np.bool_]:
    """Which probabilities lie above the threshold.

    Args:
        probabilities: `(batch, outputs) float32`, of one sigmoid unit or of several labels.
        threshold: Of the version.

    Returns:
        `(batch, outputs) bool`.
    """
    limits = np.asarray(THRESHOLD if threshold is None else threshold, np.float32)
    taken: NDArray[np.bool_] = np.asarray(probabilities, np.float32) > limits
    return taken


def ranked_classes(
    predictions: Any, class_names: Sequence[str], *, task: str, top_k: int | None = None, threshold: Threshold = None
) -> list[list[tuple[str, np.float32]]]:
    """Each instance's classes with their probabilities, best first; of equal ones the first class comes first.

    One sigmoid unit is the probability of the second class: the first one has the rest. With a threshold, what it
    takes comes before the others, however probable those are.

    Args:
        predictions: `(batch, outputs)`, of a classifier.
        class_names: In the order of the outputs; two for one sigmoid unit.
        task: Of the model.
        top_k: How many classes at most; all when None.
        threshold: Of the version.
    """
    scores = np.asarray(predictions, np.float32)
    scores = scores if scores.ndim == 2 else scores.reshape(len(scores), -1)
    is_two = task == SIGMOID and scores.shape[1] == 1
    taken = None if threshold is None or not (is_two or task == MULTILABEL) else are_taken(scores, threshold)
    if is_two:
        scores = np.concatenate([1 - scores, scores], axis=1)
        taken = None if taken is None else np.concatenate([~taken, taken], axis=1)
    labels = class_labels(class_names, scores.shape[1])
    best = _order(scores, taken)[:, :top_k]
    return [[(labels[index], scores[row, index]) for index in order] for row, order in enumerate(best.tolist())]


def _order(scores: NDArray[np.float32], taken: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """The places of the classes of each instance, best first."""
    best = np.argsort(-scores, axis=1, kind="stable")
    if taken is None:
        return best
    after = np.argsort(~np.take_along_axis(taken, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, after, axis=1)


def held_labels(
    predictions: Any, class_names: Sequence[str], *, threshold: Threshold = None
) -> list[list[tuple[str, np.float32]]]:
    """The labels of each instance that hold, best first, with their probabilities.

    Args:
        predictions: `(batch, labels)`, of a model with several labels.
        class_names: In the order of the outputs.
        threshold: Of the version.
    """
    limits = THRESHOLD if threshold is None else threshold
    ranked = ranked_classes(predictions, class_names, task=MULTILABEL, threshold=limits)
    counts = are_taken(predictions, limits).sum(axis=1).tolist()
    return [pairs[:count] for pairs, count in zip(ranked, counts, strict=True)]
