"""The meaning of a cell that is read as text: one for training, data previews, HTTP and the command line."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["BOOLEANS", "GAPS", "PADDED", "holds_nothing", "is_gap", "number_of", "spellings_of", "value_of"]

GAPS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?")
"""Cells that hold nothing, without the blanks around them."""
BOOLEANS: Mapping[str, bool] = {"true": True, "false": False}
"""In small letters."""
PADDED = r"^[+-]?0\d"
"""How a cell begins that is no number but text: 007."""
# Python's float() reads more than a number: `1_000`, `nan`, `infinity`, digits of any script.
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_gap(cell: str) -> bool:
    """Whether a cell holds nothing."""
    return cell.strip() in GAPS


def holds_nothing(row: Sequence[str]) -> bool:
    """Whether all cells of a row are gaps: in a table that is trained on it is no row."""
    return all(map(is_gap, row))


def number_of(cell: Any) -> float | None:
    """A cell as a number, also one that is written as text; None when it is none, or not finite."""
    if isinstance(cell, str):
        cell = cell.strip()
        if NUMBER.fullmatch(cell) is None:
            return None
    try:
        number = float(cell)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def value_of(cell: str) -> float | int | str | None:
    """The value of a cell by itself, as JSON has it: a number, true or false, null for a gap, else text."""
    text = cell.strip()
    if text in GAPS:
        return None
    if text.lower() in BOOLEANS:
        return BOOLEANS[text.lower()]
    number = None if re.match(PADDED, text) else number_of(text)
    if number is None:
        return text
    return int(text) if text.lstrip("+-").isdigit() else number


def spellings_of(cell: Any) -> tuple[str, ...]:
    """How else a category may have been written: True in a table is true in JSON, and 1.0 is 1."""
    value = value_of(cell) if isinstance(cell, str) else None
    if isinstance(value, bool):
        text = str(value)
        return text.lower(), text, text.upper()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return () if value is None else (str(value),)
