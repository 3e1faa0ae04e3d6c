"""Tables of named columns in memory: `.csv`, `.jsonl`, `.json`, and Parquet where it is not streamed."""

import csv
import mmap
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.errors import DataError, reason_of
from models.preprocessing.instances import Array, Feature
from models.preprocessing.table_cells import GAPS, PADDED
from models.sources.known_sources import TARGET_NAMES
from models.spec import DataSpec
from trainer.data.dataset import Dataset

__all__ = [
    "feature_columns", "feature_of", "read_csv", "read_dataset", "read_json", "read_jsonl", "read_targets",
    "target_column",
]  # fmt: skip

SHOWN_COLUMNS = 20
PADDED_CELL = re.compile(rb'[\n,;"\t ][+-]?0\d')


def read_csv(path: Path, data: DataSpec) -> Dataset:
    """Read a CSV file with a header; empty cells, NA, NaN, null and ? are gaps, and 007 is no number but text."""
    options = {"infer_schema_length": None, "null_values": list(GAPS)}
    frame = _read(pl.read_csv, path, data, **options)
    names = _header(path)
    if len(names) == len(frame.columns) == len(set(names)):  # polars leaves doubled quotes in names as they are
        frame.columns = names
    kept = frame.select(~pl.all_horizontal(pl.all().is_null())).to_series()  # an empty line is no row
    frame = frame.filter(kept)
    whole = [name for name, kind in frame.schema.items() if kind.is_integer()]
    if whole and _may_pad(path):
        columns = [frame.columns.index(name) for name in whole]
        texts = _read(pl.read_csv, path, data, columns=columns, infer_schema=False, null_values=list(GAPS))
        texts.columns = whole
        texts = texts.filter(kept)
        padded = [name for name in whole if texts.get_column(name).str.contains(PADDED).any()]
        frame = frame.with_columns(texts.select(padded))
    return read_dataset(frame, data)


def _header(path: Path) -> list[str]:
    """The names in the first line that is not empty."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        return next((row for row in csv.reader(file) if row), [])


def _may_pad(path: Path) -> bool:
    """Whether a cell may begin with a zero that another digit follows; most files are settled in one look."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return PADDED_CELL.search(content) is not None


def read_jsonl(path: Path, data: DataSpec) -> Dataset:
    """Read one JSON object a line."""
    return read_dataset(_read(pl.read_ndjson, path, data, infer_schema_length=None), data)


def read_json(path: Path, data: DataSpec) -> Dataset:
    """Read a JSON list of objects."""
    return read_dataset(_read(pl.read_json, path, data, infer_schema_length=None), data)


def _read(read: Callable[..., pl.DataFrame], path: Path, data: DataSpec, **options: Any) -> pl.DataFrame:
    try:
        return read(path, **options)
    except (pl.exceptions.PolarsError, OSError, RuntimeError) as error:
        received = reason_of(error)
        raise DataError(where=data.source, expected=f"a readable {path.suffix} file", received=received) from error


def read_dataset(frame: pl.DataFrame, data: DataSpec) -> Dataset:
    """Features and targets of a table.

    Raises:
        DataError: Names the column that cannot be used.
    """
    target = target_column(frame, data)
    names = feature_columns(frame, target, data)
    columns = [_cells(frame.get_column(name), name, data.source) for name in names]
    targets = read_targets(frame.get_column(target), target, data.source)
    if len(names) == 1 and columns[0].ndim > 1:
        return Dataset(data.source, columns[0], targets, "")
    for name, column in zip(names, columns, strict=True):
        if column.ndim > 1:
            expected = "single values beside other columns, or this column alone in `data.features`"
            raise DataError(where=f"{data.source}: column {name!r}", expected=expected, received="lists")
    kind = object if any(column.dtype == object for column in columns) else np.float64
    features = np.stack([column.astype(kind) for column in columns], axis=1)
    return Dataset(data.source, features, targets, "", columns=tuple(feature_of(frame, name) for name in names))


def feature_of(frame: pl.DataFrame, name: str) -> Feature:
    """What a column is, as far as its type says."""
    return Feature(name, "boolean" if frame.schema[name] == pl.Boolean else "number")


def target_column(frame: pl.DataFrame, data: DataSpec) -> str:
    """The column that the spec names, else one with a usual name, else the last.

    Raises:
        DataError: When there is no such column, or none at all.
    """
    if not frame.columns:
        raise DataError(where=data.source, expected="rows of named values", received="none")
    if data.target is not None:
        return _known(data.target, frame, data.source, key="target")
    folded = {name.lower(): name for name in frame.columns}
    return next((folded[name] for name in TARGET_NAMES if name in folded), frame.columns[-1])


def feature_columns(frame: pl.DataFrame, target: str, data: DataSpec) -> list[str]:
    """The columns that the spec names, else all but the target.

    Raises:
        DataError: When there is no such column, or none but the target.
    """
    if data.features is None:
        names = [name for name in frame.columns if name != target]
    else:
        wanted = (data.features,) if isinstance(data.features, str) else data.features
        names = [_known(name, frame, data.source, key="features") for name in wanted]
    if not names:
        raise DataError(where=data.source, expected="a column beside the target", received=f"only {target!r}")
    if target in names:
        expected = "columns without the target"
        raise DataError(where=f"{data.source}: data.features", expected=expected, received=repr(target))
    return names


def _known(name: str, frame: pl.DataFrame, source: str, *, key: str) -> str:
    if name not in frame.columns:
        more = ", …" if len(frame.columns) > SHOWN_COLUMNS else ""
        expected = f"one of the columns {', '.join(frame.columns[:SHOWN_COLUMNS])}{more}"
        raise DataError(where=f"{source}: data.{key}", expected=expected, received=repr(name))
    return name


def _cells(series: pl.Series, name: str, source: str) -> Array:
    """One column: numbers as they are, with NaN for gaps; objects where there is text, or true and false."""
    if series.dtype.is_nested():
        return _nested(series, name, source)
    if series.dtype.is_numeric():
        return series.cast(pl.Float64).to_numpy()
    if isinstance(series.dtype, pl.String | pl.Categorical | pl.Enum | pl.Null | pl.Boolean):
        return _objects(series.to_list())
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
