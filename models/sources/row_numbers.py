"""How a row of a source is counted for people: as their editor does."""

from pathlib import PurePosixPath

__all__ = ["numbered_row"]

WITH_HEADER = (".csv", ".tsv")


def numbered_row(source: str, row: int) -> str:
    """A row in words: the line of a text file with a header on top, else its number from 1.

    Args:
        source: As a spec names it.
        row: Its place from 0, the header not counted.
    """
    suffixes = PurePosixPath(source.lower()).suffixes[-2:]
    return f"line {row + 2}" if any(suffix in WITH_HEADER for suffix in suffixes) else f"row {row + 1}"
