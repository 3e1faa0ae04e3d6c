"""A column of a table in a few words: its kind, its gaps, its range or its most frequent values."""

from collections import Counter
from itertools import islice
from typing import Any

import numpy as np

from models.preprocessing.instances import Array
from models.preprocessing.table_cells import number_of
from models.sources.row_numbers import RowName
from models.suggestions.column_profiles import NUMBER, describe_column

__all__ = ["summarized"]

EXAMPLES = 3
FREQUENT = 8
BINS = 12
LONGEST_TEXT = 60


def summarized(name: str, cells: Array, row_name: RowName) -> dict[str, Any]:
    """The summary of a column, as JSON.

    Args:
        name: Its name.
        cells: `(rows,)` float, bool or object; None and NaN are gaps.
        row_name: A row in words.
    """
    profile = describe_column(name, cells, row_name)
    present = [cell for cell in cells.tolist() if cell is not None and cell == cell]  # noqa: PLR0124 -- NaN
    numbers = [number_of(cell) for cell in present] if profile.kind == NUMBER else []
    known = np.array([number for number in numbers if number is not None])
    return {
        "name": name, "kind": profile.kind, "gaps": len(cells) - len(present), "different": profile.different,
        "examples": [_text(one) for one in islice(dict.fromkeys(present), EXAMPLES)],
        "left_out": profile.reason or None,
        "range": _range(known) if len(known) else None,
        "frequent": [] if profile.kind == NUMBER else _frequent(present),
    }  # fmt: skip


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _range(numbers: Array) -> dict[str, Any]:
    """Least, mean, greatest, and how many are in each twelfth between."""
    least, greatest = float(numbers.min()), float(numbers.max())
    counts = np.histogram(numbers, BINS, (least, greatest))[0] if np.isfinite(greatest - least) else np.zeros(BINS, int)
    return {"minimum": least, "mean": float(numbers.mean()), "maximum": greatest, "counts": counts.tolist()}


def _frequent(present: list[Any]) -> list[dict[str, Any]]:
    return [{"value": _text(value), "rows": rows} for value, rows in Counter(present).most_common(FREQUENT)]
