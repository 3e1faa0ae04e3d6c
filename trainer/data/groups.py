"""Groups of rows that belong together, as those of one patient, and splits that keep each group whole."""

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from models.errors import DataError
from models.preprocessing.instances import Array
from models.sources.class_labels import Labels
from models.sources.row_numbers import RowName

__all__ = ["NO_GROUP", "check_groups_of", "group_folds", "group_numbers", "group_part"]

NO_GROUP = -1
WHERE = "data.groups"


def group_numbers(values: Iterable[Any], *, where: str, row_name: RowName) -> Array:
    """A number for each group, as its values come: `(rows,) int64`.

    Args:
        values: What names the group of each row: text, whole numbers, dates.
        where: What they are called in errors.
        row_name: The name of a row there.

    Raises:
        DataError: Names the first row without a group.
    """
    found: dict[Any, int] = {}
    numbers = []
    for row, value in enumerate(values.tolist() if isinstance(values, np.ndarray) else values):
        if value is None or value == "" or value != value or isinstance(value, list | dict):  # noqa: PLR0124 -- NaN
            received = "nothing" if not isinstance(value, list | dict) else f"a {type(value).__name__}"
            raise DataError(where=f"{where}, {row_name(row)}", expected="the group of every row", received=received)
        numbers.append(found.setdefault(value, len(found)))
    return np.array(numbers, np.int64)


def group_part(rows: Array, labels: Labels, groups: Array, *, size: int, seed: int) -> tuple[Array, Array]:
    """Split about `size` of `rows` off, whole groups only: what stays and what is taken, each `(chosen,) int64`.

    Of as many folds as such a part goes into the rows, the one is taken whose size is nearest.

    Raises:
        DataError: When there are too few groups.
    """
    share = size / len(rows)
    folds = group_folds(rows, labels, groups, count=max(2, round(1 / min(share, 1 - share))), seed=seed, at_most=True)
    wanted = size if share <= 0.5 else len(rows) - size
    chosen = min(folds, key=lambda fold: abs(len(fold) - wanted))
    rest = np.setdiff1d(rows, chosen)
    return (rest, chosen) if share <= 0.5 else (chosen, rest)


def group_folds(
    rows: Array, labels: Labels, groups: Array, *, count: int, seed: int, at_most: bool = False
) -> list[Array]:
    """Cut rows into folds of whole groups, each with about the same share of every class.

    Args:
        rows: Which rows, `(chosen,) int64`.
        labels: Of all rows.
        groups: Of all rows, `(rows,) int64`.
        count: How many folds.
        seed: The same seed gives the same folds.
        at_most: Whether fewer will do where there are fewer groups.

    Returns:
        The rows of each fold, `(chosen,) int64`; together they are all of them.

    Raises:
        DataError: When there are too few groups.
    """
    own = groups[rows]
    known = len(np.unique(own))
    count = min(count, known) if at_most else count
    if known < max(count, 2):
        raise DataError(where=WHERE, expected=f"at least {max(count, 2)} groups", received=f"{known}")
    made = StratifiedGroupKFold if labels.are_classes else GroupKFold
    targets = labels.values[rows] if labels.are_classes else np.zeros(len(rows))
    with warnings.catch_warnings(action="ignore"):  # of classes with fewer rows than there are folds
        try:
            folds = [rows[test] for _, test in made(count, shuffle=True, random_state=seed).split(rows, targets, own)]
        except ValueError as error:
            expected = f"classes of at least {count} rows, to be cut into as many parts"
            raise DataError(where=WHERE, expected=expected, received=str(error)) from error
    return [fold for fold in folds if len(fold)]


def check_groups_of(parts: Mapping[str, Array], labels: Labels) -> None:
    """Check that whole groups have left rows of every class to train on.

    Args:
        parts: The rows of each part, `(rows,) int64`.
        labels: Of all rows.

    Raises:
        DataError: Names the class that is missing.
    """
    if not labels.are_classes:
        return
    counts = np.bincount(labels.values[parts["train"]], minlength=len(labels.class_names))
    if not counts.all():
        name = labels.class_names[int(counts.argmin())]
        expected = f"groups that leave rows of class {name!r} to train on"
        raise DataError(where=WHERE, expected=expected, received="all of them in groups of other parts")
