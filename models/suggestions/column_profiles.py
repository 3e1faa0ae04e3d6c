"""The columns of a table, one by one: numbers, categories, dates, or a reason why nothing is learned from one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from models.errors import shown
from models.preprocessing.cell_forms import date_form, in_form, number_form
from models.preprocessing.instances import Array
from models.preprocessing.table_cells import date_of, meaning_of, number_of
from models.sources.row_numbers import RowName

__all__ = ["CATEGORY", "DATE", "FEWEST_ROWS", "MOST_CATEGORIES", "NUMBER", "TableColumn", "describe_column"]

NUMBER, CATEGORY, DATE = "number", "category", "date"
MOST_CATEGORIES = 50
"""A column of text with more of them tells rows apart, and teaches nothing."""
FEWEST_ROWS = 5
"""A category, or a column, that fewer rows have may be missing in the training rows altogether."""
FEWEST_IDS = 10
"""Of fewer values, each another, most are quantities."""
MOST_DIRTY = 0.05
ID_NAMES = frozenset({"id", "uuid", "guid", "index", "rownames", "rowid", "key"})
ID_ENDINGS = ("_id", " id", "-id", "Id", "ID", "_uuid", "_key")


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a table.

    Args:
        name: Its name.
        kind: `number`, `category` or `date`.
        reason: Why it is left out; empty when something can be learned from it.
        has_gaps: Whether some of its cells hold nothing.
        rare: Category → rows, of those in fewer than FEWEST_ROWS.
        different: How many values it has.
        form: Another spelling in which all of its cells are written.
    """

    name: str
    kind: str
    reason: str = ""
    has_gaps: bool = False
    rare: Mapping[str, int] = field(default_factory=dict)
    different: int = 0
    form: str | None = None


def describe_column(name: str, cells: Array, row_name: RowName) -> TableColumn:
    """Look at all cells of a column.

    Args:
        name: Its name.
        cells: `(rows,)` float, bool or object; None and NaN are gaps.
        row_name: A row in words.
    """
    listed = cells.tolist()
    present = [cell for cell in listed if cell is not None and cell == cell]  # noqa: PLR0124 -- NaN differs from itself
    counts = Counter(present)
    kind, form = _kind(present)
    if kind == CATEGORY:
        reason = _useless_text(listed, present, counts, row_name)
    else:
        reason = _useless_numbers(name, present, counts, form) if kind == NUMBER else ""
    if len(present) < min(FEWEST_ROWS, len(listed)):
        reason = f"it has a value in {len(present)} of {len(listed)} rows" if present else "there is nothing in it"
    elif len(counts) == 1 and len(present) == len(listed):
        reason = f"it is {shown(present[0])} in every row"
    rare = {str(one): rows for one, rows in counts.items() if rows < FEWEST_ROWS} if kind == CATEGORY else {}
    return TableColumn(name, kind, reason, len(present) < len(listed), rare, len(counts), form)


def _kind(present: Sequence[Any]) -> tuple[str, str | None]:
    """The kind of a column, and another spelling of all of its cells."""
    if not any(isinstance(cell, str) and number_of(cell) is None for cell in present):
        return NUMBER, None
    if (form := number_form(present)) is not None:
        return NUMBER, form
    if all(isinstance(cell, str) and date_of(cell) is not None for cell in present):
        return DATE, None
    form = date_form(present)
    return CATEGORY if form is None else DATE, form


def _useless_text(listed: Sequence[Any], present: Sequence[Any], counts: Mapping[Any, int], row_name: RowName) -> str:
    """Why a column with text in it is left out, the most telling reason first."""
    texts = [cell for cell in present if number_of(cell) is None]
    if len(counts) > MOST_CATEGORIES and len(texts) <= MOST_DIRTY * len(present):
        first = row_name(listed.index(texts[0]))
        count = f"{len(texts)} of {len(listed)} rows {'has' if len(texts) == 1 else 'have'} text"
        return f"it holds numbers, but {count}: {shown(texts[0])} in {first}; mend it there, then take the column in"
    meanings = Counter(meaning_of(cell) for cell in texts)
    meaning, rows = meanings.most_common(1)[0]
    if meaning and rows > len(texts) / 2:
        example = next(cell for cell in texts if meaning_of(cell) == meaning)
        return f"it holds {meaning.plural}, as {shown(example)}: {meaning.advice}"
    if len(counts) > MOST_CATEGORIES:
        return f"it has {len(counts)} different texts"
    return "every row has another text" if len(counts) == len(present) >= FEWEST_IDS else ""


def _useless_numbers(name: str, present: Sequence[Any], counts: Mapping[Any, int], form: str | None) -> str:
    """Why a column of numbers is left out: it numbers the rows, in order or not."""
    meant = map(number_of, present) if form is None else (in_form(cell, form) for cell in present)
    numbers = [number for number in meant if number is not None]
    if len(numbers) > 2 and all(one + 1 == following for one, following in pairwise(numbers)):
        return "it numbers the rows"
    if len(counts) < len(numbers) or len(numbers) < FEWEST_IDS or any(number % 1 for number in numbers):
        return ""
    # So many quantities of so narrow a range would hardly all differ: the odds of it are below one in ten thousand.
    is_dense = len(numbers) ** 2 > 20 * (max(numbers) - min(numbers) + 1)
    return "it is an id: every row has another whole number" if is_dense or _is_id_name(name) else ""


def _is_id_name(name: str) -> bool:
    return name.strip().lower() in ID_NAMES or name.strip().endswith(ID_ENDINGS)
