"""Columns that alone predict the target: a copy of it under another name, or what is known only after it."""

import numpy as np

from models.preprocessing.instances import Array
from models.preprocessing.table_cells import number_of

__all__ = ["predicts_alone"]

NEARLY_ALWAYS = 0.999
EXPLAINED = 0.99
"""Of the variance: the nearest of few rows misses the outermost, also of a copy."""
FEWEST_ROWS = 20
MOST_ROWS = 5_000
MOST_CLASSES = 50
SEED = 0


def predicts_alone(cells: Array, targets: Array) -> bool:
    """Whether half of the rows tell the targets of the other half nearly always, by this column alone.

    A row is told by the rows whose value is nearest: what a decision tree of any depth makes of one column.

    Args:
        cells: `(rows,)` float, bool or object, with gaps.
        targets: `(rows,)` of any dtype; of several columns none is predicted alone.
    """
    if targets.ndim != 1 or len(targets) < FEWEST_ROWS:
        return False
    rows = np.random.default_rng(SEED).permutation(len(targets))[:MOST_ROWS]
    column, wanted = _as_numbers(cells[rows]), targets[rows]
    groups, nearest = _nearest(column[::2], column[1::2])
    if _are_quantities(wanted):
        return _explained(groups, nearest, wanted.astype(np.float64)) >= EXPLAINED
    return _told(groups, nearest, wanted.astype(str)) >= NEARLY_ALWAYS


def _nearest(seen: Array, unseen: Array) -> tuple[Array, Array]:
    """The group of equal values that each seen row is in, and the group that is nearest to each unseen one."""
    values, groups = np.unique(seen, return_inverse=True)
    known = values[~np.isnan(values)]
    nearest = np.searchsorted((known[1:] + known[:-1]) / 2, unseen)
    nearest[np.isnan(unseen)] = len(values) - 1  # gaps are the last group, where there are some
    return groups, nearest


def _explained(groups: Array, nearest: Array, wanted: Array) -> float:
    """R² of the unseen rows: https://en.wikipedia.org/wiki/Coefficient_of_determination."""
    means = np.bincount(groups, wanted[::2]) / np.bincount(groups)
    unseen = wanted[1::2]
    spread = float(((unseen - unseen.mean()) ** 2).sum())
    return 1 - float(((unseen - means[nearest]) ** 2).sum()) / spread if spread else 0.0


def _told(groups: Array, nearest: Array, labels: Array) -> float:
    """The share of unseen rows that are told right, class by class: else one that nearly all rows have would do."""
    names, classes = np.unique(labels, return_inverse=True)
    counts = np.zeros((groups.max() + 1, len(names)), np.int64)
    np.add.at(counts, (groups, classes[::2]), 1)
    unseen = classes[1::2]
    right = counts.argmax(axis=1)[nearest] == unseen
    shares = [right[unseen == one].mean() for one in np.unique(unseen)]
    return float(np.mean(shares)) if len(shares) > 1 else 0.0


def _are_quantities(targets: Array) -> bool:
    return targets.dtype.kind in "iuf" and len(np.unique(targets)) > MOST_CLASSES


def _as_numbers(cells: Array) -> Array:
    """Numbers as they are; text by its place among the texts, gaps as NaN."""
    listed = [None if cell is None or cell != cell else cell for cell in cells.tolist()]  # noqa: PLR0124 -- NaN
    numbers = [number_of(cell) for cell in listed]
    if all(number is not None for number, cell in zip(numbers, listed, strict=True) if cell is not None):
        return np.array(numbers, dtype=np.float64)
    places = {text: place for place, text in enumerate(sorted({str(cell) for cell in listed if cell is not None}))}
    return np.array([np.nan if cell is None else places[str(cell)] for cell in listed])
