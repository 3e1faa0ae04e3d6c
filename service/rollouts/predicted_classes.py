"""Predictions as classes with scores, and how far two versions agree on the same rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.class_ranking import are_taken
from models.names import MULTILABEL, REGRESSION, SIGMOID
from models.preprocessing.instances import Array
from models.rollout.figures import MOST_CLASSES, PairFigures
from models.store.manifest import Manifest

__all__ = ["Classified", "classified", "compared", "in_order_of"]

UNKNOWN = -1
"""The class of a row that the other version does not know."""


@dataclass(frozen=True, slots=True)
class Classified:
    """The predictions of one version.

    Args:
        classes: `(rows,) int64`: the class of each row, of several labels the most probable one.
        scores: `(rows, classes) float32`.
        taken: `(rows, labels) bool`: which labels hold; None where each row has one class.
    """

    classes: NDArray[np.int64]
    scores: Array
    taken: NDArray[np.bool_] | None = None


def classified(predictions: Array, manifest: Manifest) -> Classified | None:
    """The classes that predictions mean; None for a regression.

    Args:
        predictions: `(rows, outputs) float32`.
        manifest: Of the version that made them.
    """
    if manifest.task == REGRESSION:
        return None
    scores = predictions.reshape(len(predictions), -1)
    if manifest.task == SIGMOID and scores.shape[1] == 1:
        taken = are_taken(scores, manifest.threshold)[:, 0]
        return Classified(taken.astype(np.int64), np.concatenate([1 - scores, scores], axis=1))
    taken_labels = are_taken(scores, manifest.threshold) if manifest.task == MULTILABEL else None
    return Classified(scores.argmax(axis=1), scores, taken_labels)


def compared(default: Classified, candidate: Classified, starts: NDArray[np.int64]) -> PairFigures:
    """What two versions said of the same rows.

    Args:
        default: Of the default version, as `classified` gives it.
        candidate: Of the candidate, its classes by the default version's numbers, as `in_order_of` gives them.
        starts: `(requests,) int64`: the first row of each request.
    """
    agree = default.classes == candidate.classes
    if default.taken is not None and candidate.taken is not None and default.taken.shape == candidate.taken.shape:
        agree = (default.taken == candidate.taken).all(axis=1)
    rows = np.arange(len(agree))
    classes = np.minimum(default.classes, MOST_CLASSES - 1)
    moved = candidate.scores[rows, default.classes] - default.scores[rows, default.classes]
    sizes = np.diff(np.append(starts, len(agree)))
    return PairFigures(
        requests=len(starts),
        agreement=float((np.add.reduceat(agree.astype(np.float64), starts) / sizes).sum()),
        rows=np.bincount(classes).astype(np.float64),
        agreed=np.bincount(classes, weights=agree).astype(np.float64),
        shift=np.bincount(classes, weights=moved).astype(np.float64),
    )


def in_order_of(default: Manifest, candidate: Manifest, found: Classified) -> Classified:
    """The candidate's classes and scores by the numbers that the default version gives the same names."""
    if default.class_names == candidate.class_names:
        return found
    places = {name: place for place, name in enumerate(candidate.class_names)}
    order = np.array([places.get(name, UNKNOWN) for name in default.class_names], np.int64)
    return _reordered(found, order)


def _reordered(found: Classified, order: NDArray[np.int64]) -> Classified:
    """Columns in another order; a class that is not there has the score 0."""
    padded = np.concatenate([found.scores, np.zeros((len(found.scores), 1), np.float32)], axis=1)
    numbers = np.full(padded.shape[1], UNKNOWN)
    known = order >= 0
    numbers[order[known]] = np.flatnonzero(known)
    taken = None
    if found.taken is not None:
        taken = np.concatenate([found.taken, np.zeros((len(found.taken), 1), bool)], axis=1)[:, order]
    return Classified(numbers[found.classes], padded[:, order], taken)
