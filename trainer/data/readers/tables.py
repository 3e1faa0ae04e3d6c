"""Tables of named columns in memory: `.csv`, `.jsonl`, `.json`, and Parquet where it is not streamed."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.errors import DataError
from models.preprocessing.instances import Array, Feature
from models.preprocessing.table_cells import BOOLEANS, GAPS, PADDED
from models.sources.columns import feature_columns, missing_targets, target_column, unused_columns
from models.sources.csv_dialect import COMMA_NUMBER, find_decimal
from models.sources.csv_text import open_table, table_text
from models.sources.damaged_files import UNREADABLE, reading
from models.sources.row_numbers import numbered_row
from models.spec import DataSpec
from trainer.data.dataset import Dataset
from trainer.data.groups import group_numbers

__all__ = [
    "UNREADABLE_TABLE",
    "feature_of",
    "read_csv",
    "read_dataset",
    "read_groups",
    "read_json",
    "read_targets",
    "rows_with_target",
]

UNREADABLE_TABLE = (*UNREADABLE, pl.exceptions.PolarsError)


def read_csv(path: Path, data: DataSpec) -> Dataset:
    """Read a file of text; the cells mean what `models.preprocessing.table_cells` says."""
    with _reading(path, data), open_table(path, data) as table:
        text = table_text(path, table.dialect, source=data.source)
        frame = pl.read_csv(text.content, has_header=False, infer_schema=False, separator=table.dialect.separator)
        if len(table.names) != frame.width:
            raise ValueError(f"{frame.width} columns below {len(table.names)} names")
    frame = frame.slice(int(table.has_header))
    frame.columns = table.names
    frame = _with_points(frame, data, table.dialect.separator)
    frame = frame.with_columns(_typed(column) for column in frame.iter_columns())
    holds_something = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()
    numbers = holds_something.arg_true().to_numpy().astype(np.int64) + text.blank_lines
    is_whole = len(numbers) == len(frame) and not text.blank_lines
    return read_dataset(frame.filter(holds_something), data, numbers=None if is_whole else numbers)


def _with_points(frame: pl.DataFrame, data: DataSpec, separator: str) -> pl.DataFrame:
    """The same table with points for decimal commas."""

    def has_cell(pattern: str) -> bool:
        matches = pl.all().str.strip_chars().str.contains(pattern)
        return bool(frame.select(pl.any_horizontal(matches).any()).item())

    if find_decimal(data.dialect, separator, has_cell, source=data.source) == ".":
        return frame
    cell = pl.all().str.strip_chars()
    return frame.with_columns(
        pl.when(cell.str.contains(COMMA_NUMBER)).then(cell.str.replace(",", ".", literal=True)).otherwise(pl.all())
    )


def _typed(texts: pl.Series) -> pl.Series:
    """A column of text as whole numbers, numbers or booleans where all of it is."""
    texts = texts.str.strip_chars()
    texts = texts.set(texts.is_in(GAPS), None)
    gaps = texts.null_count()
    if gaps == len(texts) or texts.str.contains(PADDED).any():
        return texts
    for dtype in (pl.Int64, pl.Float64):
        numbers = texts.cast(dtype, strict=False)
        if numbers.null_count() == gaps and numbers.is_finite().all():
            return numbers
    words = texts.str.to_lowercase()
    return words == "true" if words.is_in(BOOLEANS).all() else texts


def read_json(path: Path, data: DataSpec) -> Dataset:
    """Read a JSON list of objects, or one JSON object a line."""
    with _reading(path, data):
        read = pl.read_json if path.suffix.lower() == ".json" else pl.read_ndjson
        with path.open("rb") as file:  # a path would be taken for a pattern
            frame = read(file, infer_schema_length=None)
    return read_dataset(frame, data)


def _reading(path: Path, data: DataSpec) -> AbstractContextManager[None]:
    return reading(data.source, expected=f"a readable {path.suffix} file", errors=UNREADABLE_TABLE)


def read_dataset(frame: pl.DataFrame, data: DataSpec, *, numbers: Array | None = None) -> Dataset:
    """Features and targets of a table.

    Args:
        frame: Its rows.
        data: The spec's `data`.
        numbers: Where each row is in the source, from 0, `(rows,) int64`; None where all are there.

    Raises:
        DataError: Names the column that cannot be used.
    """
    target = target_column(frame.columns, data)
    names = feature_columns(frame.columns, data, target=target)
    kept = rows_with_target(frame.get_column(target), data)
    if kept is not None:
        frame, numbers = frame[kept], kept if numbers is None else numbers[kept]
    columns = [_cells(frame.get_column(name), name, data.source) for name in names]
    targets = read_targets(frame.get_column(target), data, numbers=numbers)
    nested = [name for name in names if frame.schema[name].is_nested()]
    if len(names) == 1 and nested:
        return Dataset(
            data.source, columns[0], targets, "", numbers=numbers, target=target, features_name=names[0],
            groups=read_groups(frame, data, numbers=numbers),
        )  # fmt: skip
    if nested:
        expected = "single values beside other columns, or this column alone in `data.features`"
        raise DataError(where=f"{data.source}: column {nested[0]!r}", expected=expected, received="lists")
    kind = object if any(column.dtype == object for column in columns) else np.float64
    features = np.stack([column.astype(kind) for column in columns], axis=1)
    named = tuple(feature_of(frame, name) for name in names)
    groups = read_groups(frame, data, numbers=numbers)
    return Dataset(
        data.source, features, targets, "", columns=named, numbers=numbers, target=target,
        unused=unused_columns(frame.columns, names, target), has_header=data.dialect.header is not False,
        decimal=data.dialect.decimal, groups=groups,
    )  # fmt: skip


def read_groups(frame: pl.DataFrame, data: DataSpec, *, numbers: Array | None = None) -> Array | None:
    """The group of each row as a number, `(rows,) int64`; None where the spec names none.

    Args:
        frame: Its rows, with the column of the groups.
        data: The spec's `data`.
        numbers: Where each row is in the source, from 0; None where all are there.

    Raises:
        DataError: Names the first row without a group.
    """
    if data.groups is None:
        return None

    def row_name(row: int) -> str:
        place = row if numbers is None else int(numbers[row])
        return numbered_row(data.source, place, has_header=data.dialect.header is not False)

    cells = frame.get_column(data.groups).to_list()
    return group_numbers(cells, where=f"{data.source}: column {data.groups!r}", row_name=row_name)


def feature_of(frame: pl.DataFrame, name: str) -> Feature:
    """What a column is, as far as its type says."""
    return Feature(name, "boolean" if frame.schema[name] == pl.Boolean else "number")


def _cells(series: pl.Series, name: str, source: str) -> Array:
    """One column: numbers as they are, with NaN for gaps; objects where there is text, or true and false."""
    if series.dtype.is_nested():
        return _nested(series, name, source)
    if series.dtype.is_numeric():
        return series.cast(pl.Float64).to_numpy()
    if isinstance(series.dtype, pl.String | pl.Categorical | pl.Enum | pl.Null | pl.Boolean):
        return _objects(series.to_list())
    if isinstance(series.dtype, pl.Date | pl.Datetime):
        return _objects(series.dt.to_string("iso:strict").to_list())
    raise DataError(where=f"{source}: column {name!r}", expected="numbers or text", received=str(series.dtype))


def _objects(cells: list[Any]) -> Array:
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


def _nested(series: pl.Series, name: str, source: str, *, may_be_ragged: bool = True) -> Array:
    """Lists of numbers as one array; of different lengths as `(rows,)` arrays of `(steps, *values)`."""
    rows = series.to_list()
    try:
        return np.array(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        if may_be_ragged and (ragged := _ragged(rows)) is not None:
            return ragged
        expected = "lists of numbers, all of one shape"
        raise DataError(
            where=f"{source}: column {name!r}", expected=expected, received="ragged or other values"
        ) from error


def _ragged(rows: list[Any]) -> Array | None:
    """Each row as an array of its own; None where one is none, or has steps of other values."""
    try:
        arrays = [np.array(row, dtype=np.float64) for row in rows]
    except (TypeError, ValueError):
        return None
    if any(one.ndim == 0 for one in arrays) or len({one.shape[1:] for one in arrays if len(one)}) > 1:
        return None
    ragged = np.empty(len(arrays), dtype=object)
    for index, one in enumerate(arrays):  # all at once, arrays of two axes would not fit
        ragged[index] = one
    return ragged


def rows_with_target(series: pl.Series, data: DataSpec) -> Array | None:
    """The numbers of the rows that are kept, `(rows,) int64`, where those without a target are dropped; else None."""
    gaps = _gaps(series)
    if not data.drop_missing_target or not gaps.any():
        return None
    return (~gaps).arg_true().to_numpy().astype(np.int64)


def _gaps(series: pl.Series) -> pl.Series:
    missing = series.is_null()
    if series.dtype.is_float():
        return missing | series.is_nan().fill_null(value=True)
    return (
        missing | series.str.strip_chars().is_in(GAPS).fill_null(value=True) if series.dtype == pl.String else missing
    )


def read_targets(series: pl.Series, data: DataSpec, *, numbers: Array | None = None) -> Array:
    """The targets, `(rows,)` numbers or object, none of them missing.

    Args:
        series: The column.
        data: The spec's `data`.
        numbers: Where each row is in the source, from 0; None where all are there.

    Raises:
        DataError: Counts the rows without one, and names the first.
    """
    gaps = _gaps(series)
    if gaps.any():
        row = int(gaps.arg_max() or 0)
        row = row if numbers is None else int(numbers[row])
        row_name = numbered_row(data.source, row, has_header=data.dialect.header is not False)
        where = f"{data.source}: column {series.name!r}, {row_name}"
        raise missing_targets(where, int(gaps.sum()), len(series))
    if series.dtype.is_nested():
        return _nested(series, series.name, data.source, may_be_ragged=False)
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    return series.to_numpy()
