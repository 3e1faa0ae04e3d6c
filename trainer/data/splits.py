"""Seeded train, validation and test splits; stratified where there are classes."""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split

from models.preprocessing.instances import Array
from models.sources.class_labels import Labels
from models.sources.split_sizes import check_split, part_size

__all__ = ["Split", "split_rows"]


@dataclass(frozen=True, slots=True)
class Split:
    """Which rows are trained on, validated with, and held out; each `(rows,) int64`, in ascending order."""

    train: Array
    validation: Array
    test: Array


def split_rows(labels: Labels, *, validation: float, test: float, seed: int) -> Split:
    """Split the rows of a data set.

    Args:
        labels: The encoded targets: each class gets its share in every part.
        validation: Share of all rows; 0 for none.
        test: Share of all rows; 0 for none.
        seed: The same seed gives the same split.

    Raises:
        DataError: When a class has too few rows to be in every part, or too few are left to train on.
    """
    check_split(labels, validation=validation, test=test)
    rows = np.arange(len(labels.values))
    rest, held_out = _part(rows, labels, test, len(rows), seed)
    train, checked = _part(rest, labels, validation, len(rows), seed)
    return Split(np.sort(train), np.sort(checked), np.sort(held_out))


def _part(rows: Array, labels: Labels, share: float, of: int, seed: int) -> tuple[Array, Array]:
    """Split `share` of all `of` rows off from `rows`."""
    if not share:
        return rows, rows[:0]
    classes = len(labels.class_names) if labels.are_classes else 1
    size = part_size(share, of)
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
