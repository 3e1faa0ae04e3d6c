"""The columns of a table to learn from, the steps that they need, and what to know about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.errors import DataError
from models.preprocessing.cell_forms import FORMS
from models.preprocessing.instances import Array
from models.suggestions.column_profiles import CATEGORY, DATE, FEWEST_ROWS, TableColumn, describe_column
from models.suggestions.raw_data import RawData
from models.suggestions.target_leaks import predicts_alone

__all__ = ["SuggestedTable", "suggest_table"]

SHOWN_CATEGORIES = 5
SHOWN_NOTES = 5


@dataclass(frozen=True, slots=True)
class SuggestedTable:
    """What to make of a table.

    Args:
        chosen: The columns to be used.
        steps: The preprocessing.
        meaning: One row, in words.
        notes: Why columns are left out, and what to look at.
    """

    chosen: tuple[str, ...]
    steps: tuple[Any, ...]
    meaning: str
    notes: tuple[str, ...] = ()


def suggest_table(dataset: RawData) -> SuggestedTable:
    """Choose columns and steps by the cells of a table.

    Raises:
        DataError: When nothing can be learned from any column.
    """
    names = tuple(column.name for column in dataset.columns or ())
    if not isinstance(dataset.features, np.ndarray):  # rows in a file: numbers, without gaps
        return SuggestedTable(names, ("standardize",), f"a row of {len(names)} numbers")
    cells: dict[str, Array] = dict(zip(names, dataset.features.T, strict=True))
    columns = [describe_column(name, column, dataset.row_name) for name, column in cells.items()]
    used = [column for column in columns if not column.reason]
    if not used:
        received = "; ".join(f"{column.name!r}: {column.reason}" for column in columns)
        raise DataError(where=dataset.source, expected="a column that something can be learned from", received=received)
    chosen = tuple(column.name for column in used)
    return SuggestedTable(chosen, _steps(used), _meaning(used), (*_notes(columns), *_leaks(dataset, cells, chosen)))


def _steps(used: Sequence[TableColumn]) -> tuple[Any, ...]:
    dates = [column.name for column in used if column.kind == DATE]
    steps: list[Any] = [{"fill": {"strategy": "median"}}] if any(column.has_gaps for column in used) else []
    steps += [{"date": {"columns": dates}}] if dates else []
    categories = [column for column in used if column.kind == CATEGORY]
    common = [column.name for column in categories if not column.rare]
    rare = [column.name for column in categories if column.rare]
    steps += [{"one_hot": {"columns": common}}] if common else []
    steps += [{"one_hot": {"columns": rare, "unknown": "other"}}] if rare else []
    return (*steps, "standardize")


def _meaning(used: Sequence[TableColumn]) -> str:
    counts = {kind: sum(column.kind == kind for column in used) for kind in (CATEGORY, DATE)}
    words = [f"{counts[CATEGORY]} categories"] if counts[CATEGORY] else []
    words += [f"{counts[DATE]} dates"] if counts[DATE] else []
    return " and ".join([f"a row of {len(used) - sum(counts.values())} numbers", *words])


def _notes(columns: Sequence[TableColumn]) -> list[str]:
    left_out = [f"{column.name!r} is left out: {column.reason}." for column in columns if column.reason]
    spelled = [f"{column.name!r} is read in its own spelling: each cell is {FORMS[column.form]}."
               for column in columns if column.form is not None and not column.reason]  # fmt: skip
    rare = [_rare_note(column) for column in columns if column.rare and not column.reason]
    more = len(rare) - SHOWN_NOTES
    return [*left_out, *spelled, *rare[:SHOWN_NOTES], *([f"{more} more columns have such values."] if more > 0 else [])]


def _rare_note(column: TableColumn) -> str:
    some = ", ".join(f"{name!r} ({rows})" for name, rows in list(column.rare.items())[:SHOWN_CATEGORIES])
    more = ", …" if len(column.rare) > SHOWN_CATEGORIES else ""
    return (
        f"{column.name!r} has values in fewer than {FEWEST_ROWS} rows: {some}{more}. "
        "`unknown: other` takes those that the training rows lack."
    )


def _leaks(dataset: RawData, cells: Mapping[str, Array], chosen: Sequence[str]) -> list[str]:
    return [
        f"{name!r} alone predicts the target: is it known before the target is, or a copy of it? "
        "If it is one, take it out of `features`."
        for name in chosen if predicts_alone(cells[name], dataset.targets)
    ]  # fmt: skip
