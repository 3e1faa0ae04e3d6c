"""Columns that alone predict the target: a copy of it under another name, or what is known only after it."""

import numpy as np
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from models.preprocessing.instances import Array
from models.preprocessing.table_cells import number_of

__all__ = ["predicts_alone"]

NEARLY_ALWAYS = 0.999
EXPLAINED = 0.99
"""Of the variance: a tree on few rows misses the outermost, also of a copy."""
FEWEST_ROWS = 20
MOST_ROWS = 5_000
MOST_CLASSES = 50
SEED = 0


def predicts_alone(cells: Array, targets: Array) -> bool:
    """Whether a tree on this column alone predicts rows that it did not see nearly always right.

    Args:
        cells: `(rows,)` float, bool or object, with gaps.
        targets: `(rows,)` of any dtype; of several columns none is predicted alone.
    """
    if targets.ndim != 1 or len(targets) < FEWEST_ROWS:
        return False
    rows = np.random.default_rng(SEED).permutation(len(targets))[:MOST_ROWS]
    column, wanted = _as_numbers(cells[rows]).reshape(-1, 1), targets[rows]
    seen, unseen = slice(None, None, 2), slice(1, None, 2)
    if _are_quantities(wanted):
        tree = DecisionTreeRegressor(random_state=SEED).fit(column[seen], wanted[seen])
        return bool(r2_score(wanted[unseen], tree.predict(column[unseen])) >= EXPLAINED)
    labels = wanted.astype(str)
    tree = DecisionTreeClassifier(random_state=SEED).fit(column[seen], labels[seen])
    right = tree.predict(column[unseen]) == labels[unseen]
    # Class by class: where one of them has nearly all rows, naming it always is right nearly always.
    return bool(np.mean([right[labels[unseen] == one].mean() for one in set(labels[unseen])]) >= NEARLY_ALWAYS)


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
