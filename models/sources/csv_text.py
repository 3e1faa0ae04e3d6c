"""CSV as text: dialect, header, quotes and empty lines, decided here for the trainer, the service and the command line.

The meaning of a cell is in `models.preprocessing.table_cells`.
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import filterfalse
from pathlib import Path

from models.preprocessing.table_cells import holds_nothing
from models.sources.damaged_files import bounded_lines

__all__ = ["COMMAS", "Dialect", "cells_of_line", "column_names", "csv_rows", "is_header", "open_table"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written as text; quotes are those of RFC 4180.

    Args:
        separator: Between the cells of a row.
        encoding: As Python names it.
    """

    separator: str = ","
    encoding: str = "utf-8-sig"


COMMAS = Dialect()
"""The dialect of every table so far: UTF-8 with or without a byte order mark, commas."""


def csv_rows(lines: Iterable[str], dialect: Dialect = COMMAS) -> Iterator[list[str]]:
    """The cells of every row; an empty line is none, and a quoted cell may go on over several lines.

    Raises:
        csv.Error: For a cell that is too long.
    """
    return filter(None, csv.reader(lines, delimiter=dialect.separator))


def cells_of_line(line: str, dialect: Dialect = COMMAS) -> list[str]:
    """The cells of one line by itself, so that no quote can swallow the lines behind it.

    Raises:
        csv.Error: When its quotes are wrong.
    """
    if '"' not in line:
        return line.split(dialect.separator)
    return next(csv.reader([line], delimiter=dialect.separator, strict=True))


def column_names(header: Sequence[str]) -> list[str]:
    """The names in a header, without the blanks around them."""
    return [name.strip() for name in header]


def is_header(row: Sequence[str], known: Collection[str] = ()) -> bool:
    """Whether a first row holds names.

    Args:
        row: Its cells.
        known: The columns' names, where they are known: one of them has to be there, and may look like a number.
    """
    names = column_names(row)
    if known and not any(name in known for name in names):
        return False
    return bool(names) and all(name in known or _is_name(name) for name in names)


def _is_name(cell: str) -> bool:
    """Whether a cell is neither empty nor a number, NaN and infinity included: a row with one of them is data."""
    try:
        float(cell)
    except ValueError:
        return bool(cell)
    return False


@contextmanager
def open_table(path: Path, dialect: Dialect = COMMAS) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    """The names of a file's columns, and the rows of a table that is trained on: those of gaps only are none.

    Raises:
        ValueError: For a line that is too long, or another encoding.
        csv.Error: For a cell that is too long.
    """
    with path.open(newline="", encoding=dialect.encoding) as file:
        rows = csv_rows(bounded_lines(file), dialect)
        yield column_names(next(rows, [])), filterfalse(holds_nothing, rows)
