"""Cells of a table as text (a CSV row, a BYTES tensor) made into a batch."""

import re
from collections.abc import Sequence
from typing import Any

from models.errors import InputError, shown
from models.preprocessing.instances import Array, Feature, InstanceSpec, parse_instances
from models.preprocessing.table_cells import BOOLEANS, GAPS

__all__ = ["batch_from_cells", "number_or_none"]

# Python's float() reads more than a number: `1_000`, `nan`, `infinity`, digits of any script.
NUMBER = re.compile(r"[ \t]*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?[ \t]*", re.ASCII)


def number_or_none(cell: str) -> float | None:
    """The number that a cell spells, if it does."""
    return float(cell) if NUMBER.fullmatch(cell) else None


def batch_from_cells(rows: Sequence[Sequence[str]], spec: InstanceSpec, *, where: str = "instances") -> Array:
    """Make a batch of rows of a table with named columns, each cell as text; gaps are written as in training.

    Args:
        rows: In the order of `spec.features`.
        spec: What an instance looks like.
        where: What the rows are called in errors.

    Raises:
        InputError: Names the row and the column of the first cell that does not fit.
    """
    features = spec.features or ()
    values = [_row(row, features, f"{where}[{index}]") for index, row in enumerate(rows)]
    return parse_instances(values, spec, where=where)


def _row(row: Sequence[str], features: Sequence[Feature], place: str) -> list[Any]:
    if len(row) != len(features):
        raise InputError(where=place, expected=f"{len(features)} cells", received=f"{len(row)} cells")
    return [_value(cell, feature, place) for cell, feature in zip(row, features, strict=True)]


def _value(cell: str, feature: Feature, place: str) -> Any:
    text = cell.strip()
    if feature.optional and text in GAPS:
        return None
    if feature.kind == "category":
        return cell
    if feature.kind == "boolean" and text.lower() in BOOLEANS:
        return BOOLEANS[text.lower()]
    number = number_or_none(cell)
    if number is None:
        raise InputError(where=f"{place}.{feature.name}", expected="a number", received=shown(cell))
    return number
