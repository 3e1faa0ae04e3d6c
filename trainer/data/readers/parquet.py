"""Parquet files. Columns of numbers are read a slice of rows at a time: the file may be larger than memory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.errors import DataError
from models.preprocessing.instances import Array
from models.preprocessing.pipeline import TABLE_STEPS, StepSpec
from models.sources.columns import feature_columns, target_column, unused_columns
from models.sources.damaged_files import reading
from models.sources.row_numbers import numbered_row
from models.spec import DataSpec
from trainer.data.dataset import Dataset
from trainer.data.readers.tables import (
    UNREADABLE_TABLE,
    feature_of,
    read_dataset,
    read_groups,
    read_targets,
    rows_with_target,
)
from trainer.data.rows import empty_rows

__all__ = ["read_parquet"]

SLICE_BYTES = 16 * 2**20
COLUMNS_AT_ONCE = 32


def read_parquet(path: Path, data: DataSpec, steps: Sequence[StepSpec]) -> Dataset:
    """Read a Parquet file.

    Args:
        path: The file.
        data: The spec's `data`.
        steps: A table with text or gaps, which `fill`, `date` and `one_hot` take care of, is read into memory whole.

    Raises:
        DataError: Names file, column and row that cannot be used.
    """
    with reading(data.source, expected="a readable .parquet file", errors=UNREADABLE_TABLE):
        table = pl.scan_parquet(path, low_memory=True, glob=False)
        head = table.head(0).collect()
        target = target_column(head.columns, data)
        names = feature_columns(head.columns, data, target=target)
        if any(step.name in TABLE_STEPS for step in steps) or not all(map(_is_number, head.select(names).dtypes)):
            return read_dataset(pl.read_parquet(path, glob=False), data)
        column = table.select(target).collect().get_column(target)
        if rows_with_target(column, data) is not None:
            return read_dataset(pl.read_parquet(path, glob=False), data)
        targets = read_targets(column, data)
        features = _numbers(table, names, len(targets), data.source)
        groups = None if data.groups is None else read_groups(table.select(data.groups).collect(), data)
    columns = tuple(feature_of(head, name) for name in names)
    unused = unused_columns(head.columns, names, target)
    return Dataset(
        data.source, features, targets, "", columns=columns, target=target, unused=unused, groups=groups
    )  # fmt: skip


def _is_number(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype == pl.Boolean


def _numbers(table: pl.LazyFrame, names: list[str], rows: int, source: str) -> Any:
    """`(rows, columns)`: float64 in memory, or float32, which is what is trained on, in a file."""
    features = empty_rows((rows, len(names)), np.float32)
    if isinstance(features, np.ndarray):
        features = np.empty(features.shape, np.float64)
    step = max(SLICE_BYTES // (8 * len(names)), 1)
    for start in range(0, rows, step):
        values = _slice(table, names, slice(start, min(start + step, rows)), features.dtype)
        if not isinstance(features, np.ndarray):
            _check(values, start, names, source)  # an array is checked when it is whole, after `fill` had its say
        features[start : start + len(values)] = values
    return features


def _slice(table: pl.LazyFrame, names: Sequence[str], rows: slice, dtype: np.dtype[Any]) -> Array:
    """Some rows of all columns, a few columns at a time: polars holds on to much more than it is asked for."""
    kind = pl.Float64 if dtype == np.float64 else pl.Float32
    values: Array = np.empty((rows.stop - rows.start, len(names)), dtype)
    for first in range(0, len(names), COLUMNS_AT_ONCE):
        some = names[first : first + COLUMNS_AT_ONCE]
        part = table.select(pl.col(some).cast(kind)).slice(rows.start, len(values)).collect(engine="streaming")
        values[:, first : first + len(some)] = part.to_numpy()
    return values


def _check(values: Array, start: int, names: Sequence[str], source: str) -> None:
    """Name the first gap, NaN or infinity; polars makes NaN of a gap."""
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = (int(axis) for axis in np.argwhere(bad)[0])
        where = f"{source}: column {names[column]!r}, {numbered_row(source, start + row)}"
        expected = "a finite number, or a `fill` step"
        raise DataError(where=where, expected=expected, received=str(values[row, column]))
