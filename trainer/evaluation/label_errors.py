"""Labels that may be wrong, by confident learning (Northcutt, Jiang, Chuang 2021), of rows that fit did not see."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from trainer.data.head import Head
from trainer.data.preparation import Piece

__all__ = ["find_suspects", "suspected_labels"]

MOST_SUSPECTS = 20


def find_suspects(labels: Array, probabilities: Array) -> Array:
    """The rows that are confidently of another class than their label's, the least likely label first.

    A row is confidently of a class when its probability reaches the mean of that class over the rows labelled so.

    Args:
        labels: `(rows,) int` class indices.
        probabilities: `(rows, classes) float32`, predicted out of sample.

    Returns:
        `(suspects,) int64`.
    """
    hits = labels[:, None] == np.arange(probabilities.shape[1])
    rows = hits.sum(axis=0)
    means = (probabilities * hits).sum(axis=0) / np.maximum(rows, 1)
    reached = (probabilities >= means) & (rows > 0)
    likely = np.where(reached, probabilities, -1).argmax(axis=1)
    own = probabilities[np.arange(len(labels)), labels]
    suspects = np.flatnonzero(reached.any(axis=1) & (likely != labels) & (probabilities.max(axis=1) > own))
    return suspects[np.argsort(own[suspects], kind="stable")]


def suspected_labels(
    head: Head, pieces: Mapping[str, Piece], predictions: Mapping[str, Array]
) -> dict[str, Any] | None:
    """The report's `label_errors`: `rows` that were looked at, the `count` of suspects, and the first of them.

    Args:
        head: The network's head.
        pieces: Parts by name, of which the network saw none in fit.
        predictions: Its predictions for each, `(rows, units) float32`.

    Returns:
        None without classes of which each row has one, and where a prediction is not finite.
    """
    known = [name for name in predictions if pieces[name].labels.are_classes]
    if not known:
        return None
    probabilities = np.concatenate([head.class_probabilities(predictions[name]) for name in known])
    if not np.isfinite(probabilities).all():
        return None
    labels = np.concatenate([pieces[name].labels.values for name in known])
    places = [(name, row) for name in known for row in range(pieces[name].rows)]
    found = find_suspects(labels, probabilities)
    shown = []
    for place in found[:MOST_SUSPECTS].tolist():
        part, row = places[place]
        shown.append(_suspect(pieces[part], part, row, probabilities[place]))
    return {"rows": len(labels), "count": len(found), "suspects": shown}


def _suspect(piece: Piece, part: str, row: int, probabilities: Array) -> dict[str, Any]:
    names, label = piece.labels.class_names, int(piece.labels.values[row])
    (source_row,) = piece.raw.source_rows(np.array([row])).tolist()
    return {
        "part": part,
        "row": row,
        "source": piece.raw.source,
        "source_row": source_row,
        "row_name": piece.raw.row_name(row),
        "label": names[label],
        "likely": names[int(probabilities.argmax())],
        "label_probability": float(probabilities[label]),
    }
