"""The meaning of a cell that is read as text: one for training, data previews, HTTP and the command line."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from models.errors import shown

__all__ = [
    "BOOLEANS", "GAPS", "PADDED", "Meaning", "date_of", "explained", "holds_nothing", "is_gap", "meaning_of",
    "number_of", "spellings_of", "value_of",
]  # fmt: skip

GAPS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "?")
"""Cells that hold nothing, without the blanks around them."""
BOOLEANS: Mapping[str, bool] = {"true": True, "false": False}
"""In small letters."""
PADDED = r"^[+-]?0\d"
"""How a cell begins that is no number but text: 007."""
# Python's float() reads more than a number: `1_000`, `nan`, `infinity`, digits of any script.
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)

DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)


class Meaning(NamedTuple):
    """A form of text that people read as a number or a date, and that is neither to a model.

    Args:
        singular: One such cell, in words.
        plural: Several.
        advice: How to write them instead.
        form: The pattern of such a cell.
    """

    singular: str
    plural: str
    advice: str
    form: re.Pattern[str]


MEANINGS = (
    Meaning("a number with commas between its digits", "numbers with commas between their digits",
            'write 3750 for 3,750, or say `data.csv: {decimal: "."}`',
            re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d+,\d+", re.ASCII)),
    Meaning("a percentage", "percentages", "write 0.12 or 12 for 12%", re.compile(r"[+-]?\d+([.,]\d+)? ?%", re.ASCII)),
    Meaning("an amount of money", "amounts of money", "write the number only, without its currency",
            re.compile(r"[$€£¥] ?[+-]?\d[\d.,]*|[+-]?\d[\d.,]* ?([$€£¥]|EUR|USD|GBP)", re.ASCII)),
    Meaning("a date that is not written as 2024-05-31", "dates that are not written as 2024-05-31",
            "write them so, and name the column in a `date` step",
            re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}([ T]\d{1,2}:\d{2}.*)?", re.ASCII)),
    Meaning("a time of day", "times of day", "write hours as a number: 8.5 for 8:30",
            re.compile(r"\d{1,2}:\d{2}(:\d{2})?", re.ASCII)),
)  # fmt: skip


def meaning_of(cell: Any) -> Meaning | None:
    """The form of a text that is nearly a number or a date; None for numbers, dates and other text."""
    text = str(cell).strip()
    if date_of(text) is not None:
        return None
    return next((meaning for meaning in MEANINGS if meaning.form.fullmatch(text)), None)


def explained(cell: Any) -> str:
    """A cell that is no number, for an error: with what it looks like, and how to write that."""
    meaning = meaning_of(cell) if isinstance(cell, str) else None
    return shown(cell) if meaning is None else f"{shown(cell)}, {meaning.singular}: {meaning.advice}"


def date_of(cell: Any) -> date | None:
    """A cell as a date: 2024-05-31, also with a time behind it, as ISO 8601 writes both; None when it is none."""
    text = cell.strip() if isinstance(cell, str) else ""
    if DATE.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


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
