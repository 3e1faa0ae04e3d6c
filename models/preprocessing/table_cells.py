"""What the cells of a table mean that is read as text, alike for the trainer, the service and the command line."""

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["BOOLEANS", "GAPS", "PADDED", "number_of"]

GAPS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?")
"""Cells that hold nothing."""
BOOLEANS: Mapping[str, bool] = {"true": True, "false": False}
"""In small letters."""
PADDED = r"^\s*[+-]?0\d"
"""How a cell begins that is no number but text: 007."""


def number_of(cell: Any) -> float | None:
    """A cell as a number, also one that is written as text; None when it is none, or not finite."""
    try:
        number = float(cell)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
