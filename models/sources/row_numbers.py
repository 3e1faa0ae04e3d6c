"""How a row of a source is counted for people: as their editor does."""

from collections.abc import Callable
from functools import partial
from pathlib import PurePosixPath

__all__ = ["NUMBERED", "RowName", "numbered_row", "row_names"]

WITH_LINES = (".csv", ".tsv")

RowName = Callable[[int], str]
"""Makes words of a row's place from 0."""


def numbered_row(source: str, row: int, *, has_header: bool = True) -> str:
    """A row in words: the line of a text file, else its number from 1.

    Args:
        source: As a spec names it.
        row: Its place from 0, the header not counted.
        has_header: Whether a line of names stands on top of a text file.
    """
    suffixes = PurePosixPath(source.lower()).suffixes[-2:]
    if not any(suffix in WITH_LINES for suffix in suffixes):
        return f"row {row + 1}"
    return f"line {row + 1 + has_header}"


def row_names(source: str, *, has_header: bool = True) -> RowName:
    """The words for every row of a source."""
    return partial(numbered_row, source, has_header=has_header)


NUMBERED: RowName = row_names("")
"""Of arrays, whose rows have numbers only."""
