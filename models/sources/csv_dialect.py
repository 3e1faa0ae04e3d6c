"""The dialect of a table as text: given in a spec, else told from the text where it is certain.

What is not certain is refused by the word that decides it: separator, encoding, decimal, header.
"""

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from models.errors import DataError, shown
from models.preprocessing.table_cells import number_of
from models.spec.parts import CsvSpec

__all__ = [
    "COMMAS", "COMMA_NUMBER", "HEAD_BYTES", "Dialect", "encoding_of", "find_decimal",
    "find_dialect", "looks_like_data", "require_header", "separators_of", "whole_lines", "with_point",
]  # fmt: skip

HEAD_BYTES = 2**16
SEPARATORS = (",", ";", "\t", "|")
COMMA_NUMBER = r"^[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?$"
"""A number with a decimal comma, or one that groups its digits by commas."""
DECIMAL_COMMA = r"^[+-]?(0+,\d*|,\d+|\d{4,},\d*|\d+,(\d{0,2}|\d{4,}))([eE][+-]?\d+)?$"
"""Only the former: 3,75 but not 3,750."""
POINT_NUMBER = r"^[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?$"
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


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
"""UTF-8 with or without a byte order mark, commas."""


def find_dialect(head: bytes, given: CsvSpec, *, source: str) -> Dialect:
    """The dialect of a file.

    Args:
        head: Its first `HEAD_BYTES`.
        given: What the spec says about it.
        source: The file's name in errors.

    Raises:
        DataError: When several separators part the lines alike.
    """
    encoding = given.encoding or encoding_of(head)
    if given.separator is not None:
        return Dialect(given.separator, encoding)
    lines = whole_lines(head, encoding)
    found = separators_of(lines)
    if len(found) > 1:
        expected = f"`data.csv: {{separator: …}}` with one of {' '.join(map(repr, found))}"
        received = f"lines that each of them parts: {shown(lines[0])}"
        raise DataError(where=f"{source}: data.csv.separator", expected=expected, received=received)
    return Dialect(found[0] if found else COMMAS.separator, encoding)


def encoding_of(head: bytes) -> str:
    """The encoding that a byte order mark says, else UTF-8."""
    return next((encoding for mark, encoding in MARKS if head.startswith(mark)), COMMAS.encoding)


def whole_lines(head: bytes, encoding: str) -> list[str]:
    """The lines of a head that are not blank, without the last where it may go on."""
    lines = head.decode(encoding, "replace").splitlines()
    whole = lines[:-1] if len(head) >= HEAD_BYTES else lines
    return [line for line in whole or lines if line.strip(" \t,;|")]


def separators_of(lines: Sequence[str]) -> list[str]:
    """The separators that part the first line; where there are several, those that part all lines alike."""
    parting = [one for one in SEPARATORS if len(_cells(lines[:1], one)) and len(_cells(lines[:1], one)[0]) > 1]
    if len(parting) < 2:
        return parting
    alike = [one for one in parting if len({len(row) for row in _cells(lines, one)}) == 1]
    return alike or parting


def _cells(lines: Iterable[str], separator: str) -> list[list[str]]:
    try:
        return list(filter(None, csv.reader(lines, delimiter=separator)))
    except csv.Error:
        return []


def find_decimal(given: CsvSpec, separator: str, has_cell: Callable[[str], bool], *, source: str) -> str:
    """The decimal sign of a table; a comma only where cells are separated by something else, and no number has a point.

    Args:
        given: What the spec says about it.
        separator: Between the cells.
        has_cell: Whether a cell matches a pattern.
        source: The file's name in errors.

    Raises:
        DataError: When numbers with a comma may mean two things.
    """
    if given.decimal is not None or separator == "," or not has_cell(COMMA_NUMBER):
        return given.decimal or "."
    sure = has_cell(DECIMAL_COMMA)
    if sure and not has_cell(POINT_NUMBER):
        return ","
    received = "numbers with a comma beside numbers with a point" if sure else "numbers like 3,750"
    expected = '`data.csv: {decimal: ","}` or `{decimal: "."}`'
    raise DataError(where=f"{source}: data.csv.decimal", expected=expected, received=received)


def with_point(cell: str, decimal: str) -> str:
    """A cell with a point where it is a number with a decimal comma."""
    return cell.replace(",", ".") if decimal == "," and re.match(COMMA_NUMBER, cell) else cell


def looks_like_data(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table's first line holds values rather than names.

    Args:
        first: Its cells.
        rows: Some of those below.
    """
    cells = [cell.strip() for cell in first]
    numbers = [number_of(cell) for cell in cells]
    present = [number for number in numbers if number is not None]
    if not present:
        return bool(rows) and all(_recurs(cell, place, rows) for place, cell in enumerate(cells))
    if any(number != int(number) for number in present) or len(set(present)) < len(present):
        return True
    texts = [place for place, number in enumerate(numbers) if number is None]
    if any(_recurs(cells[place], place, rows) for place in texts):
        return True
    return not texts and any(after - before != 1 for before, after in pairwise(present))  # pandas counts the nameless


def _recurs(cell: str, place: int, rows: Sequence[Sequence[str]]) -> bool:
    return any(place < len(row) and row[place].strip() == cell for row in rows)


def require_header(first: Sequence[str], rows: Sequence[Sequence[str]], *, source: str) -> None:
    """Refuse a table whose first line is one of values.

    Raises:
        DataError: Says how such a table is read.
    """
    if looks_like_data(first, rows):
        expected = "a line of names on top, or `data.csv: {header: false}` where there is none"
        received = f"the first line looks like data: {shown(','.join(first))}"
        raise DataError(where=f"{source}: data.csv.header", expected=expected, received=received)
