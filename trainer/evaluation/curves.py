"""ROC and precision-recall curves of the held-out rows, thinned to a bounded number of points."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_curve

from models.class_ranking import Threshold, are_taken, threshold_of
from models.names import SIGMOID
from models.preprocessing.instances import Array
from models.sources.class_labels import Labels
from trainer.data.head import Head
from trainer.evaluation.scores import roc_auc

__all__ = ["class_scores", "score_curves", "thinned_places"]

MOST_POINTS, MOST_CURVES = 60, 10
DIGITS = 5


def class_scores(head: Head, labels: Labels, predictions: Array) -> tuple[tuple[str, ...], Array, Array]:
    """What is told from what by which score: of two classes the second, else each class from all others.

    Args:
        head: The network's head.
        labels: Of the held-out rows; classes.
        predictions: Of them, `(rows, units) float32`.

    Returns:
        The names, whether each row has the class `(rows, names) bool`, and its score `(rows, names) float32`.
    """
    names = labels.class_names
    hits = labels.values[:, None] == np.arange(len(names)) if labels.are_classes else labels.values > 0.5
    if head.task == SIGMOID:
        return names[1:], hits[:, 1:], predictions
    return names, hits, predictions


def score_curves(head: Head, labels: Labels, predictions: Array) -> dict[str, list[dict[str, Any]]] | None:
    """The curves `roc` and `precision_recall`, each a list with one for each class; of many classes the largest.

    Args:
        head: The network's head.
        labels: Of the held-out rows.
        predictions: Of them, `(rows, units) float32`.

    Returns:
        Curves of `class`, `points` (false against true positive rate, or recall against precision), `thresholds` (the
        score from which a row counts, a number for each point of ROC; None where no row does), `area`, `threshold` and
        `chosen`, the point at the threshold; both None where no threshold decides. None without classes.
    """
    if not labels.class_names or not np.isfinite(predictions).all():
        return None
    names, hits, scores = class_scores(head, labels, predictions)
    limits = _limits(threshold_of(head.task, head.threshold), len(names))
    shown = [index for index in np.argsort(-hits.sum(axis=0), kind="stable").tolist() if 0 < hits[:, index].mean() < 1]
    found: dict[str, list[dict[str, Any]]] = {"roc": [], "precision_recall": []}
    for index in sorted(shown[:MOST_CURVES]):
        one = names[index], hits[:, index], scores[:, index], limits[index]
        found["roc"].append(_roc(*one))
        found["precision_recall"].append(_precision_recall(*one))
    return found


def _limits(threshold: Threshold, count: int) -> list[float | None]:
    if threshold is None:
        return [None] * count
    return [float(one) for one in np.broadcast_to(np.asarray(threshold, np.float64), count)]


def _roc(name: str, hits: Array, scores: Array, limit: float | None) -> dict[str, Any]:
    false_rate, true_rate, thresholds = roc_curve(hits, scores)
    kept = thinned_places(false_rate, true_rate)
    chosen = None
    if limit is not None:
        taken = are_taken(scores, limit)
        chosen = [float(taken[~hits].mean()), float(taken[hits].mean())]
    return {"class": name, "points": _points(false_rate, true_rate, kept), "thresholds": _rounded(thresholds[kept]),
            "area": roc_auc(hits, scores), "threshold": limit, "chosen": chosen}  # fmt: skip


def _precision_recall(name: str, hits: Array, scores: Array, limit: float | None) -> dict[str, Any]:
    precision, recall, _ = precision_recall_curve(hits, scores, drop_intermediate=True)
    chosen = None
    if limit is not None and (taken := are_taken(scores, limit)).any():
        chosen = [float(taken[hits].mean()), float(hits[taken].mean())]
    across, up = recall[::-1], precision[::-1]
    return {"class": name, "points": _points(across, up, thinned_places(across, up)),
            "area": float(average_precision_score(hits, scores)), "threshold": limit, "chosen": chosen}  # fmt: skip


def _points(across: Array, up: Array, places: Array) -> list[Sequence[float]]:
    points: list[Sequence[float]] = np.stack([across, up], axis=1)[places].round(DIGITS).tolist()
    return points


def _rounded(thresholds: Array) -> list[float | None]:
    """The first is infinite: above it no row counts."""
    return [round(float(one), DIGITS) if np.isfinite(one) else None for one in thresholds]


def thinned_places(across: Array, up: Array, most: int = MOST_POINTS) -> Array:
    """Which points of a line are kept, at most so many and the ends, evenly along its length.

    Args:
        across: `(points,) float`.
        up: Likewise.
        most: How many are kept.

    Returns:
        `(kept,) int64`.
    """
    if len(across) <= most:
        return np.arange(len(across))
    along = np.concatenate([[0.0], (np.abs(np.diff(across)) + np.abs(np.diff(up))).cumsum()])
    places = np.searchsorted(along, np.linspace(0, along[-1], most))
    return np.unique(np.clip([0, *places, len(across) - 1], 0, len(across) - 1))
