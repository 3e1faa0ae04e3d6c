"""The features of a data set, and the preprocessing that fits them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from models.preprocessing.table_cells import number_of
from trainer.data.dataset import Dataset
from trainer.data.rows import batches
from trainer.init.suggested_layers import IMAGE, SERIES, TABLE

__all__ = ["Features", "suggest_features"]

MOST_CATEGORIES = 50
"""A column of text with more of them tells rows apart, and teaches nothing."""
MOST_CHANNELS = 16
PIXEL = 255


@dataclass(frozen=True, slots=True)
class Features:
    """The features to learn from, and their preprocessing.

    Args:
        kind: `table`, `image` or `series`.
        network_shape: The shape after the steps, without the samples axis; of a table the raw columns.
        steps: The preprocessing.
        meaning: One instance, in words.
        chosen: The columns to be used, when some are left out.
        notes: Why others are left out.
    """

    kind: str
    network_shape: tuple[int, ...]
    steps: tuple[Any, ...]
    meaning: str
    chosen: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def suggest_features(dataset: Dataset) -> Features:
    """Choose features and steps by the values and the shape of a data set."""
    if dataset.columns is not None:
        return _table(dataset)
    shape = dataset.instance_shape
    if _is_digits(dataset):
        return _image(dataset, (8, 8, 1))
    if len(shape) == 1:
        return Features(TABLE, shape, ("standardize",), f"{shape[0]} numbers")
    if _is_image(dataset):
        return _image(dataset, (shape[0], shape[1], shape[2] if len(shape) == 3 else 1))
    if len(shape) == 2:
        return Features(SERIES, shape, ("standardize",), f"a series of {shape[0]} steps with {shape[1]} values each")
    return Features(TABLE, shape, ("standardize",), f"an array of shape {list(shape)}")


def _is_digits(dataset: Dataset) -> bool:
    """scikit-learn's digits come flat, and are known to be images."""
    return dataset.source == "sklearn://digits"


def _is_image(dataset: Dataset) -> bool:
    """Bytes are pixels; other numbers are an image when their shape says so more than it says a series."""
    shape = dataset.instance_shape
    if len(shape) == 3:
        return shape[2] in (1, 3, 4)
    if len(shape) != 2:
        return False
    return dataset.features.dtype == np.uint8 or (shape[0] == shape[1] and shape[1] > MOST_CHANNELS)


def _image(dataset: Dataset, shape: tuple[int, int, int]) -> Features:
    most = _largest(dataset)
    steps: list[Any] = [{"rescale": {"scale": round(1 / most, 8)}}] if most > 1 else []
    if dataset.instance_shape != shape:
        steps.append({"reshape": list(shape)})
    height, width, channels = shape
    meaning = f"an image {width} wide and {height} high with {channels} channel{'s' if channels > 1 else ''}"
    return Features(IMAGE, shape, tuple(steps), meaning)


def _largest(dataset: Dataset) -> float:
    """The largest value; of bytes what a byte can hold."""
    if dataset.features.dtype == np.uint8:
        return PIXEL
    return max(float(np.abs(batch).max()) for batch in batches(dataset.features))


def _table(dataset: Dataset) -> Features:
    names = [column.name for column in dataset.columns or ()]
    features = dataset.features
    if not isinstance(features, np.ndarray):  # rows in a file: numbers, without gaps
        return Features(TABLE, (len(names),), ("standardize",), f"a row of {len(names)} numbers")
    cells = dict(zip(names, features.T, strict=True))
    reasons = {name: reason for name, column in cells.items() if (reason := _useless(column))}
    kept = [name for name in names if name not in reasons]
    categories = [name for name in kept if _is_text(cells[name])]
    fill = ({"fill": {"strategy": "median"}},) if any(_has_gaps(cells[name]) for name in kept) else ()
    one_hot = ({"one_hot": {"columns": categories}},) if categories else ()
    text = f" and {len(categories)} categories" if categories else ""
    return Features(
        TABLE, (len(kept),), (*fill, *one_hot, "standardize"), f"a row of {len(kept) - len(categories)} numbers{text}",
        tuple(kept) if reasons else None, tuple(f"{name!r} is left out: {why}." for name, why in reasons.items()),
    )  # fmt: skip


def _useless(cells: Array) -> str:
    """Why nothing can be learned from a column; empty when something can."""
    present = [cell for cell in cells.tolist() if cell is not None]
    if not present:
        return "there is nothing in it"
    if _is_text(cells):
        different = len(set(present))
        return f"it has {different} different texts" if different > MOST_CATEGORIES else ""
    if len(present) > 2 and all(one + 1 == following for one, following in pairwise(map(number_of, present)) if one):
        return "it numbers the rows"
    return ""


def _has_gaps(cells: Array) -> bool:
    if cells.dtype != object:
        return bool(cells.dtype.kind == "f" and np.isnan(cells).any())
    return any(cell is None or cell != cell for cell in cells.flat)  # noqa: PLR0124 -- NaN differs from itself


def _is_text(cells: Array) -> bool:
    return any(isinstance(cell, str) and number_of(cell) is None for cell in cells.tolist())
