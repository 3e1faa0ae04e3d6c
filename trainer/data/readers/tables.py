"""Tables of named columns in memory: `.csv`, `.jsonl`, `.json`, and Parquet where it is not streamed."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.errors import DataError
from models.preprocessing.instances import Array, Feature
from models.preprocessing.table_cells import BOOLEANS, GAPS, PADDED
from models.sources.columns import feature_columns, target_column
from models.sources.csv_text import COMMAS, open_table
from models.sources.damaged_files import UNREADABLE, reading
from models.spec import DataSpec
from trainer.data.dataset import Dataset

__all__ = ["UNREADABLE_TABLE", "feature_of", "read_csv", "read_dataset", "read_json", "read_targets"]

UNREADABLE_TABLE = (*UNREADABLE, pl.exceptions.PolarsError)


def read_csv(path: Path, data: DataSpec) -> Dataset:
    """Read a CSV file with a header; the cells mean what `models.preprocessing.table_cells` says."""
    with _reading(path, data), open_table(path) as (names, _):
        frame = pl.read_csv(path, infer_schema=False, separator=COMMAS.separator)
    if len(names) == len(frame.columns) == len(set(names)):  # polars leaves doubled quotes in names as they are
        frame.columns = names
    frame = frame.with_columns(_typed(column) for column in frame.iter_columns())
    return read_dataset(frame.filter(~pl.all_horizontal(pl.all().is_null())), data)


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
        frame = read(path, infer_schema_length=None)
    return read_dataset(frame, data)


def _reading(path: Path, data: DataSpec) -> AbstractContextManager[None]:
    return reading(data.source, expected=f"a readable {path.suffix} file", errors=UNREADABLE_TABLE)


def read_dataset(frame: pl.DataFrame, data: DataSpec) -> Dataset:
    """Features and targets of a table.

    Raises:
        DataError: Names the column that cannot be used.
    """
    target = target_column(frame.columns, data)
    names = feature_columns(frame.columns, data, target=target)
    columns = [_cells(frame.get_column(name), name, data.source) for name in names]
    targets = read_targets(frame.get_column(target), target, data.source)
    if len(names) == 1 and columns[0].ndim > 1:
        return Dataset(data.source, columns[0], targets, "", target_name=target, features_name=names[0])
    for name, column in zip(names, columns, strict=True):
        if column.ndim > 1:
            expected = "single values beside other columns, or this column alone in `data.features`"
            raise DataError(where=f"{data.source}: column {name!r}", expected=expected, received="lists")
    kind = object if any(column.dtype == object for column in columns) else np.float64
    features = np.stack([column.astype(kind) for column in columns], axis=1)
    known = tuple(feature_of(frame, name) for name in names)
    return Dataset(data.source, features, targets, "", columns=known, target_name=target)


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


def _nested(series: pl.Series, name: str, source: str) -> Array:
    try:
        return np.array(series.to_list(), dtype=np.float64)
    except (TypeError, ValueError) as error:
        expected = "lists of numbers, all of one shape"
        raise DataError(
            where=f"{source}: column {name!r}", expected=expected, received="ragged or other values"
        ) from error


def read_targets(series: pl.Series, name: str, source: str) -> Array:
    """The targets, none of them missing.

    Raises:
        DataError: Names the first row without one.
    """
    gaps = series.is_null() | (series.is_nan() if series.dtype.is_float() else series.is_null())
    if gaps.any():
        row = int(gaps.arg_max() or 0)
        raise DataError(
            where=f"{source}: column {name!r}, row {row}", expected="a target in every row", received="nothing"
        )
    if series.dtype.is_nested():
        return _nested(series, name, source)
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    return series.to_numpy()
