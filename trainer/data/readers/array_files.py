"""Files of arrays: `.npz` and `.npy`. Pickles are never loaded."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.errors import DataError
from models.preprocessing.instances import Array
from models.sources.damaged_files import reading
from models.sources.npz_arrays import choose_arrays, own_test_arrays, target_index
from models.sources.row_numbers import NUMBERED
from models.spec import DataSpec
from trainer.data.dataset import Dataset
from trainer.data.groups import NO_GROUP, group_numbers

__all__ = ["read_npy", "read_npz", "with_own_test"]


def read_npz(path: Path, data: DataSpec) -> Dataset:
    """Read an archive of arrays: `features` and `target` name two of them.

    Raises:
        DataError: When it is no archive, holds pickles, or lacks an array that the spec names.
    """
    arrays = _load(path, data.source)
    if not isinstance(arrays, Mapping):
        raise DataError(where=data.source, expected="an archive of arrays (.npz)", received="one array")
    features, target = choose_arrays(list(arrays), data)
    names = arrays.get("class_names")
    dataset = Dataset(
        data.source, arrays[features], arrays[target], "",
        class_names=tuple(str(name) for name in names) if names is not None and names.ndim == 1 else None,
        target=target, features_name=features, groups=_groups(arrays, data),
    )  # fmt: skip
    own_test = own_test_arrays(features, target, arrays)
    return dataset if own_test is None else with_own_test(dataset, *(arrays[name] for name in own_test))


def _groups(arrays: Mapping[str, Array], data: DataSpec) -> Array | None:
    if data.groups is None:
        return None
    where = f"{data.source}: array {data.groups!r}"
    return group_numbers(arrays[data.groups], where=where, row_name=NUMBERED)


def with_own_test(dataset: Dataset, features: Array, targets: Array) -> Dataset:
    """A training part and its authors' test part, `(rows, *shape)` of any dtype: together, the test part last.

    Raises:
        DataError: When their instances have different shapes.
    """
    first = dataset.features[:]
    if features.shape[1:] != first.shape[1:] or len(features) != len(targets):
        expected = f"test instances of shape {list(first.shape[1:])}, each with a target"
        received = f"{len(features)} of shape {list(features.shape[1:])} with {len(targets)} targets"
        raise DataError(where=dataset.source, expected=expected, received=received)
    return replace(
        dataset, features=np.concatenate([first, features]), targets=np.concatenate([dataset.targets, targets]),
        own_test_rows=len(features), groups=_with_none(dataset.groups, len(features)),
    )  # fmt: skip


def _with_none(groups: Array | None, more: int) -> Array | None:
    """The groups, and none for so many rows of a test part, which is not split."""
    return None if groups is None else np.concatenate([groups, np.full(more, NO_GROUP, np.int64)])


def read_npy(path: Path, data: DataSpec) -> Dataset:
    """Read one table of numbers; the last column is the target unless `target` gives another's index.

    Raises:
        DataError: When it is no two-dimensional array, or has no such column.
    """
    table = _load(path, data.source)
    if isinstance(table, Mapping) or table.ndim != 2 or table.shape[1] < 2:
        received = "an archive" if isinstance(table, Mapping) else f"shape {list(table.shape)}"
        raise DataError(where=data.source, expected="a table of at least two columns", received=received)
    column = target_index(data.target, table.shape[1], data.source)
    return Dataset(data.source, np.delete(table, column, axis=1), table[:, column], "", target=str(column))


def _load(path: Path, source: str) -> Array | dict[str, Array]:
    with reading(source, expected="plain numpy arrays"):
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            return {name: loaded[name] for name in loaded.files}
