"""Predictions to classes with their probabilities, best first: one ranking for service, command line and page."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.names import SIGMOID

__all__ = ["class_labels", "ranked_classes"]


def class_labels(class_names: Sequence[str], count: int) -> list[str]:
    """The names of classes; their numbers where the names are not as many."""
    return [str(name) for name in class_names] if len(class_names) == count else [str(i) for i in range(count)]


def ranked_classes(
    predictions: Any, class_names: Sequence[str], *, task: str, top_k: int | None = None
) -> list[list[tuple[str, np.float32]]]:
    """Each instance's classes with their probabilities, best first; of equal ones the first class comes first.

    One sigmoid unit is the probability of the second class: the first one has the rest.

    Args:
        predictions: `(batch, outputs)`, of a classifier.
        class_names: In the order of the outputs; two for one sigmoid unit.
        task: Of the model.
        top_k: How many classes at most; all when None.
    """
    scores = np.asarray(predictions, np.float32)
    scores = scores if scores.ndim == 2 else scores.reshape(len(scores), -1)
    if task == SIGMOID and scores.shape[1] == 1:
        scores = np.concatenate([1 - scores, scores], axis=1)
    labels = class_labels(class_names, scores.shape[1])
    best = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
    return [[(labels[index], scores[row, index]) for index in order] for row, order in enumerate(best.tolist())]
