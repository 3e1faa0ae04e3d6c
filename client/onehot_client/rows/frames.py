"""Frames of pandas and polars as rows, without importing either."""

from collections.abc import Mapping, Sequence
from typing import Any

from onehot_client.lazy_numpy import Array, np

__all__ = ["is_frame", "matrix_of", "records_of"]

GAPS = frozenset({"NAType", "NaTType"})
"""Types of pandas' values for nothing."""


def is_frame(rows: object) -> bool:
    """Whether it is a table with named columns: a frame of pandas or polars, or a table of pyarrow."""
    return hasattr(rows, "columns") and any(hasattr(rows, name) for name in ("to_dicts", "to_dict", "to_pylist"))


def matrix_of(frame: Any, names: Sequence[str]) -> Array | None:
    """Columns of a frame by name.

    Args:
        frame: Of pandas or polars.
        names: Of the columns, in the order that the model takes them.

    Returns:
        `(rows, columns)` of a numeric dtype; None where one is missing, holds anything but numbers, or has gaps.
    """
    if not set(names) <= set(map(str, frame.columns)) or not hasattr(frame, "to_numpy"):
        return None
    matrix = frame[list(names)].to_numpy()
    if matrix.dtype.kind not in "iuf" or (matrix.dtype.kind == "f" and not np.isfinite(matrix).all()):
        return None
    return np.asarray(matrix)


def records_of(frame: Any) -> list[dict[str, Any]]:
    """The rows of a frame by column name; gaps are None."""
    if hasattr(frame, "to_dicts"):
        rows = frame.to_dicts()
    else:
        rows = frame.to_pylist() if hasattr(frame, "to_pylist") else frame.to_dict("records")
    return [{str(name): _without_gap(value) for name, value in row.items()} for row in rows]


def records_of_columns(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table that came as columns."""
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _without_gap(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value else None  # noqa: PLR0124 -- NaN alone differs from itself
    return None if type(value).__name__ in GAPS else value
