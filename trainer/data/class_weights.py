"""`fit.class_weight`: how much each row counts, by its class."""

from collections.abc import Mapping

import numpy as np

from models.errors import Problem, SpecError
from models.preprocessing.instances import Array
from models.sources.class_labels import Labels

__all__ = ["row_weights"]


def row_weights(class_weight: str | Mapping[str, float] | None, labels: Labels) -> Array | None:
    """The weight of each training row.

    Args:
        class_weight: None, `balanced` (all classes count alike), or class name → weight; 1 where none is given.
        labels: The training labels.

    Returns:
        `(rows,) float32`, or None when all rows count alike.

    Raises:
        SpecError: When a name is no class, or rows do not belong to one class each.
    """
    if class_weight is None:
        return None
    if not labels.are_classes:
        expected = "targets that belong to one class each"
        raise SpecError([Problem("fit.class_weight", expected, "targets of several values a row")])
    weights = _balanced(labels) if isinstance(class_weight, str) else _named(class_weight, labels.class_names)
    return weights[labels.values].astype(np.float32)


def _balanced(labels: Labels) -> Array:
    counts = np.bincount(labels.values, minlength=len(labels.class_names))
    return len(labels.values) / (len(counts) * np.maximum(counts, 1))


def _named(class_weight: Mapping[str, float], class_names: tuple[str, ...]) -> Array:
    unknown = [name for name in class_weight if name not in class_names]
    if unknown:
        expected = f"one of the classes {', '.join(class_names)}"
        raise SpecError([Problem(f"fit.class_weight.{name}", expected, repr(name)) for name in unknown])
    return np.array([class_weight.get(name, 1.0) for name in class_names])
