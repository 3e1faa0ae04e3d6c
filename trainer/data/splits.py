"""Seeded train, validation and test splits, and folds; stratified where there are classes, of whole groups."""

import warnings
from dataclasses import asdict, dataclass

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from models.errors import DataError
from models.preprocessing.instances import Array
from models.sources.class_labels import Labels
from models.sources.split_sizes import check_split, part_size
from trainer.data.groups import check_groups_of, group_folds, group_part

__all__ = ["Split", "fold_rows", "split_rows"]


@dataclass(frozen=True, slots=True)
class Split:
    """Which rows are trained on, validated with, and held out; each `(rows,) int64`, in ascending order."""

    train: Array
    validation: Array
    test: Array


def split_rows(
    labels: Labels, *, validation: float, test: float, seed: int, groups: Array | None = None
) -> Split:  # fmt: skip
    """Split the rows of a data set.

    Args:
        labels: The encoded targets: each class gets its share in every part.
        validation: Share of all rows; 0 for none.
        test: Share of all rows; 0 for none.
        seed: The same seed gives the same split.
        groups: Of each row, `(rows,) int64`, where rows of one group stay in one part.

    Raises:
        DataError: When a class has too few rows to be in every part, or too few are left to train on.
    """
    check_split(labels, validation=validation, test=test)
    rows = np.arange(len(labels.values))
    rest, held_out = _part(rows, labels, groups, share=test, of=len(rows), seed=seed)
    train, checked = _part(rest, labels, groups, share=validation, of=len(rows), seed=seed)
    split = Split(np.sort(train), np.sort(checked), np.sort(held_out))
    if groups is not None:
        check_groups_of(asdict(split), labels)
    return split


def fold_rows(labels: Labels, *, folds: int, seed: int, groups: Array | None = None) -> list[Array]:
    """Cut all rows into folds, each `(chosen,) int64` in ascending order.

    Args:
        labels: The encoded targets: each class gets its share in every fold, as far as it has rows.
        folds: How many.
        seed: The same seed gives the same folds.
        groups: Of each row, `(rows,) int64`, where rows of one group stay in one fold.

    Raises:
        DataError: When there are fewer rows, or groups, than folds, or a class has fewer than two rows.
    """
    rows = np.arange(len(labels.values))
    few = [name for name, count in labels.counts().items() if count < 2] if labels.are_classes else []
    if few or len(rows) < folds:
        expected = "at least 2 rows of each class beside the held-out ones" if few else f"at least {folds} of them"
        received = f"fewer of class {few[0]!r}" if few else f"{len(rows)} rows beside the held-out ones"
        raise DataError(where="fit.folds", expected=expected, received=received)
    if groups is not None:
        return [np.sort(fold) for fold in group_folds(rows, labels, groups, count=folds, seed=seed)]
    is_stratified = labels.are_classes and max(labels.counts().values()) >= folds
    made = StratifiedKFold if is_stratified else KFold
    with warnings.catch_warnings(action="ignore"):  # of classes with fewer rows than there are folds
        parts = made(folds, shuffle=True, random_state=seed).split(rows, labels.values if is_stratified else None)
        return [test for _, test in parts]


def _part(
    rows: Array, labels: Labels, groups: Array | None, *, share: float, of: int, seed: int
) -> tuple[Array, Array]:
    """Split `share` of all `of` rows off from `rows`."""
    if not share:
        return rows, rows[:0]
    classes = len(labels.class_names) if labels.are_classes else 1
    size = part_size(share, of)
    if groups is not None:
        return group_part(rows, labels, groups, size=size, seed=seed)
    strata = labels.values[rows] if labels.are_classes else None
    if strata is not None and (size < classes or np.bincount(strata, minlength=classes).min() < 2):
        strata = None  # such a small part cannot hold one of each class: it is drawn without regard to them
    kept, taken = train_test_split(rows, test_size=size, random_state=seed, stratify=strata)
    if labels.are_classes and len(set(labels.values[kept])) < len(set(labels.values[rows])):
        return _part_of_others(rows, labels, size, seed)  # it took all rows of a class
    return kept, taken


def _part_of_others(rows: Array, labels: Labels, size: int, seed: int) -> tuple[Array, Array]:
    """Split so many rows off, but for one of each class."""
    _, first = np.unique(labels.values[rows], return_index=True)
    others = np.random.default_rng(seed).permutation(np.delete(rows, first))
    return np.concatenate([rows[first], others[size:]]), others[:size]
