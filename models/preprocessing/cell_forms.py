"""Columns whose text is certainly numbers or dates in another spelling: 12%, 1,234,567, 31.05.2024.

A column has a form where all of its cells agree on one and cannot mean anything else; the version keeps it, so that
a cell means the same in training and in requests.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from models.preprocessing.table_cells import date_of, is_gap, number_of

__all__ = ["FORMS", "PERCENT", "date_form", "form_of", "in_form", "number_form"]

PERCENT, THOUSANDS = "percent", "thousands"
DAY_FIRST, MONTH_FIRST, YEAR_FIRST = ORDERS = ("day first", "month first", "year first")
FORMS: Mapping[str, str] = {
    PERCENT: "a percentage as 12%, or 0.12 as a number",
    THOUSANDS: "a number as 3,750",
    DAY_FIRST: "a date as 31.05.2024 or 31/05/2024",
    MONTH_FIRST: "a date as 05/31/2024",
    YEAR_FIRST: "a date as 2024/05/31",
}
"""Form → one such cell, in words."""

PERCENTAGE = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)) ?%", re.ASCII)
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
PARTS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII)
PLACES: Mapping[str, tuple[int, int, int]] = {DAY_FIRST: (3, 2, 1), MONTH_FIRST: (3, 1, 2), YEAR_FIRST: (1, 2, 3)}
"""Order → where year, month and day stand."""


def form_of(cells: Sequence[Any], kind: str, *, decimal: str | None = None) -> str | None:
    """The form of a column; None where its cells are what they are, or more than one thing.

    Args:
        cells: All of them; gaps are None, NaN or text.
        kind: Of the column: only those of numbers and dates have one.
        decimal: The decimal sign, where it was said.
    """
    if kind == "number":
        return number_form(cells, decimal=decimal)
    return date_form(cells) if kind == "date" else None


def number_form(cells: Iterable[Any], *, decimal: str | None = None) -> str | None:
    """Percentages where every cell is one; grouped digits where none of them can be a decimal comma.

    Args:
        cells: All of a column; gaps are None, NaN or text.
        decimal: The decimal sign, where it was said.
    """
    odd: list[str] = []
    plain: list[Any] = []
    for cell in cells:
        if isinstance(cell, str) and not is_gap(cell) and number_of(cell) is None:
            odd.append(cell.strip())
            if not (PERCENTAGE.fullmatch(odd[-1]) or GROUPED.fullmatch(odd[-1])):
                return None
        elif not (cell is None or cell != cell or (isinstance(cell, str) and is_gap(cell))):  # noqa: PLR0124 -- NaN
            plain.append(cell)
    if not odd:
        return None
    if all(map(PERCENTAGE.fullmatch, odd)):
        return None if plain else PERCENT
    return THOUSANDS if all(map(GROUPED.fullmatch, odd)) and _are_groups(odd, plain, decimal) else None


def _are_groups(odd: Sequence[str], plain: Iterable[Any], decimal: str | None) -> bool:
    """Whether commas group digits: said so, several in a number, a point behind, or 950 beside 1,250."""
    if decimal is not None:
        return decimal == "."
    if any(cell.count(",") > 1 or "." in cell for cell in odd):
        return True
    sizes = [abs(number) for cell in plain if (number := number_of(cell)) is not None]
    return any(size % 1 for size in sizes) or (any(size >= 100 for size in sizes) and max(sizes) < 1000)


def date_form(cells: Iterable[Any]) -> str | None:
    """The order of day, month and year, where exactly one makes dates of all cells; None of those as 2024-05-31."""
    orders: tuple[str, ...] = ORDERS
    is_other = False
    for cell in cells:
        if cell is None or cell != cell or (isinstance(cell, str) and is_gap(cell)):  # noqa: PLR0124 -- NaN
            continue
        orders = tuple(order for order in orders if _date_in(cell, order) is not None)
        is_other = is_other or date_of(cell) is None
        if not orders:
            return None
    return orders[0] if is_other and len(orders) == 1 else None


def _date_in(cell: Any, order: str) -> date | None:
    found = PARTS.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if found is None or (order == MONTH_FIRST and found[2] == "."):  # a point stands behind the number of a day
        return None
    numbers = (found[1], found[3], found[4])
    year, month, day = (numbers[place - 1] for place in PLACES[order])
    if len(year) != 4:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def in_form(cell: Any, form: str) -> Any:
    """The number, or the date as 2024-05-31, that a cell of a column with a form means; None when it is none.

    Args:
        cell: A number, or text in the form; grouped digits may be plain, dates as 2024-05-31.
        form: Of the column.
    """
    if not isinstance(cell, str):
        return number_of(cell) if form in (PERCENT, THOUSANDS) else None
    text = cell.strip()
    if form == PERCENT:
        found = PERCENTAGE.fullmatch(text)
        return None if found is None else float(found[1]) / 100
    if form == THOUSANDS:
        return number_of(text.replace(",", "") if GROUPED.fullmatch(text) else text)
    if date_of(text) is not None:
        return text
    day = _date_in(text, form)
    return None if day is None else day.isoformat()
