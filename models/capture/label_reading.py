"""What a label says of a version: one of its classes, several of them, or numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.capture.feedback_items import Label
from models.capture.segment_format import Layout
from models.class_ranking import are_taken, class_labels
from models.names import MULTILABEL, REGRESSION, SIGMOID
from models.preprocessing.instances import Array
from models.preprocessing.table_cells import number_of

__all__ = ["class_of", "classes_of", "numbers_of", "predicted_classes", "sureness"]


def class_of(label: Label, names: Sequence[str]) -> str | None:
    """The class that a label means, by its name or else by its index; None where it means none of them.

    A number is a name first: of the classes 3, 5 and 7 a 5 is the second one.
    """
    if isinstance(label, list):
        return None
    text = str(label).lower() if isinstance(label, bool) else str(label)
    if isinstance(label, float) and label.is_integer():
        text = str(int(label))
    if text in names:
        return text
    index = int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else len(names)
    return names[index] if index < len(names) else None


def classes_of(label: Label, names: Sequence[str]) -> tuple[str, ...] | None:
    """The labels that hold, in their order: listed by name or index, or a 0 or 1 for each; None where it is neither."""
    if not isinstance(label, list):
        return None
    if len(label) == len(names) > 1 and all(type(one) in (int, bool, float) and one in (0, 1) for one in label):
        return tuple(name for name, one in zip(names, label, strict=True) if one)
    found = {class_of(one, names) for one in label}
    return None if None in found else tuple(name for name in names if name in found)


def numbers_of(label: Label, count: int) -> tuple[float, ...] | None:
    """The numbers of a regression with so many outputs, also as text; None where the label is none of these."""
    numbers = [number_of(one) for one in (label if isinstance(label, list) else [label])]
    if len(numbers) != count or None in numbers:
        return None
    return tuple(float(one) for one in numbers if one is not None)


def predicted_classes(outputs: Array, layout: Layout) -> list[Any]:
    """What a classifier predicted: for each row the name of a class, or a tuple of those that hold.

    Args:
        outputs: `(rows, outputs) float32`.
        layout: Of the rows.
    """
    scores = outputs.reshape(len(outputs), -1)
    if layout.task == SIGMOID:
        names = class_labels(layout.class_names, 2)
        return [names[one] for one in are_taken(scores, layout.threshold)[:, 0].astype(int).tolist()]
    names = class_labels(layout.class_names, scores.shape[1])
    if layout.task == MULTILABEL:
        taken = are_taken(scores, layout.threshold).tolist()
        return [tuple(name for name, one in zip(names, row, strict=True) if one) for row in taken]
    return [names[one] for one in scores.argmax(axis=1).tolist()]


def sureness(outputs: Array, layout: Layout) -> Array:
    """How sure a version was, `(rows,) float64`: the margin between what it predicted and what comes next.

    Of many classes the difference of the two highest probabilities; of one or several labels the distance of the least
    clear probability from its threshold. A regression says nothing of it: all rows are 0.

    Source: Scheffer, Decomain and Wrobel (2001), Active Hidden Markov Models for Information Extraction.

    Args:
        outputs: `(rows, outputs) float32`.
        layout: Of the rows.
    """
    scores = outputs.reshape(len(outputs), -1).astype(np.float64)
    if layout.task == REGRESSION:
        return np.zeros(len(scores))
    if layout.task in (SIGMOID, MULTILABEL):
        limits = np.asarray(0.5 if layout.threshold is None else layout.threshold, np.float64)
        nearest: Array = np.abs(scores - limits).min(axis=1)
        return nearest
    if scores.shape[1] < 2:
        return np.zeros(len(scores))
    two = np.partition(scores, -2, axis=1)[:, -2:]
    margin: Array = two[:, 1] - two[:, 0]
    return margin
