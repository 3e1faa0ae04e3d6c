"""Occlusion maps: which parts of an image the served network goes by, found by covering one after the other.

Source: M. D. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014, section 4.2: the
probability of the predicted class is measured while a patch of grey lies over each place.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from trainer.data.head import Head
from trainer.data.preparation import Piece, Prepared
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.shown_rows import shown_row

__all__ = ["occlusion_maps", "row_work"]

GRID = 8
"""Places along the longer side."""
MOST_WRONG, MOST_CLASSES, MEAN_ROWS = 6, 10, 500
MOST_WORK = 4 * 10**9
"""Multiplications of all covered images together: well below a second on one core."""
CHANNELS = (1, 3, 4)
DIGITS = 4

Predict = Callable[[Array], Array]


def row_work(layers: Sequence[Mapping[str, Any]]) -> int:
    """About how many multiplications one row takes: of each layer its weights, at each place where they are applied.

    Args:
        layers: As `network_facts` tells them: `output_shape` without the batch axis, `parameters`.
    """
    return sum(int(layer["parameters"]) * prod((layer["output_shape"] or [1])[:-1]) for layer in layers)


def occlusion_maps(
    prepared: Prepared, evaluation: Evaluation, *, predict: Predict, layers: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """The maps of the surest mistakes, and of one image of each class that is recognised.

    Args:
        prepared: The data.
        evaluation: Of the held-out rows.
        predict: Computes preprocessed rows, `(rows, height, width, channels) float32`, with the served graph.
        layers: Of the network, which say what a row costs.

    Returns:
        `patch` and `grid` (height, width), `pictures` with `row_name`, `true`, `predicted`, `probability`, `image` and
        `drops`: by how much the probability of the predicted class falls with each place covered; and `left_out`, in
        words, where images are large. None where rows are no images with a class each.
    """
    test = prepared.test
    shape = test.part.inputs.shape[1:]
    if len(shape) != 3 or shape[2] not in CHANNELS or not test.labels.are_classes:
        return None
    patch = max(1, -(-max(shape[:2]) // GRID))
    grid = (-(-shape[0] // patch), -(-shape[1] // patch))
    chosen = list(_chosen(prepared.head, test, evaluation))
    affordable = MOST_WORK // max(row_work(layers) * prod(grid), 1)
    told = {"patch": [patch, patch], "grid": list(grid), "left_out": _left_out(len(chosen), affordable)}
    grey = np.asarray(prepared.train.part.inputs[:MEAN_ROWS]).mean(axis=(0, 1, 2))
    return told | {
        "pictures": [_picture(prepared.head, test, row, grey, patch, predict) for row in chosen[:affordable]]
    }


def _left_out(wanted: int, affordable: int) -> str | None:
    if affordable >= wanted:
        return None
    return f"{wanted - affordable} of {wanted} images: covering a network of this size bit by bit would take long"


def _chosen(head: Head, test: Piece, evaluation: Evaluation) -> Iterator[int]:
    """Mistakes and hits in turn, so that a bound on their number leaves some of both."""
    names, predictions = test.labels.class_names, evaluation.predictions
    sure, predicted = head.class_probabilities(predictions).max(axis=1), head.predicted_classes(predictions)
    wrong = [mistake.row for mistake in evaluation.mistakes[:MOST_WRONG]]
    right = []
    for one in range(min(len(names), MOST_CLASSES)):
        hits = np.flatnonzero((predicted == one) & (test.labels.values == one))
        right += [int(hits[sure[hits].argmax()])] if len(hits) else []
    for index in range(max(len(wrong), len(right))):
        yield from wrong[index : index + 1]
        yield from right[index : index + 1]


def _picture(head: Head, test: Piece, row: int, grey: Array, patch: int, predict: Predict) -> dict[str, Any]:
    image = np.asarray(test.part.inputs[np.array([row])])
    covered = np.concatenate([image, *_covered(image, grey, patch)])
    probabilities = head.class_probabilities(predict(covered))
    predicted = int(head.predicted_classes(predict(image))[0])
    drops = probabilities[0, predicted] - probabilities[1:, predicted]
    rows = -(-image.shape[1] // patch)
    names = test.labels.class_names
    return {
        "row": row,
        "row_name": test.raw.row_name(row),
        "true": names[int(test.labels.values[row])],
        "predicted": names[predicted],
        "probability": float(probabilities[0, predicted]),
        "drops": np.round(drops.astype(np.float64), DIGITS).reshape(rows, -1).tolist(),
        **shown_row(test.raw, row),
    }


def _covered(image: Array, grey: Array, patch: int) -> Iterator[Array]:
    """The image `(1, height, width, channels) float32` with grey over one place after the other, row by row."""
    for top in range(0, image.shape[1], patch):
        for left in range(0, image.shape[2], patch):
            changed = image.copy()
            changed[:, top : top + patch, left : left + patch] = grey
            yield changed
