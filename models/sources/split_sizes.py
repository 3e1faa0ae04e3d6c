"""Whether data has rows enough for its split, alike for the data preview and the trainer."""

from collections.abc import Mapping

from models.errors import DataError
from models.sources.class_labels import Labels

__all__ = ["check_class_sizes", "check_split", "part_size"]

FEWEST_ROWS = 3


def check_split(labels: Labels, *, validation: float, test: float) -> None:
    """Check that every part of a split gets rows, and that rows of every class are left to train on.

    Args:
        labels: The encoded targets.
        validation: Share of all rows; 0 for none.
        test: Share of all rows; 0 for none.

    Raises:
        DataError: When there are too few rows, of all or of a class.
    """
    rows = left = len(labels.values)
    if rows < FEWEST_ROWS:
        raise DataError(where="data", expected=f"at least {FEWEST_ROWS} rows to split", received=f"{rows}")
    classes = 1
    if labels.are_classes:
        classes = len(labels.class_names)
        check_class_sizes(labels.counts(), parts=1 + (validation > 0) + (test > 0))
    for share in (test, validation):
        left -= part_size(share, rows)
        if share and left < classes:
            received = f"{share:g} of {rows} rows, which leaves too few"
            expected = "splits that leave rows of every class to train on"
            raise DataError(where="data", expected=expected, received=received)


def check_class_sizes(counts: Mapping[str, int], *, parts: int) -> None:
    """Check that every class has a row for each part of a split.

    Args:
        counts: Class → how many rows have it.
        parts: How many parts there are.

    Raises:
        DataError: Names the first class that has fewer.
    """
    for name, count in counts.items():
        if count < parts:
            expected = f"at least {parts} rows of each class, one for each part of the split"
            raise DataError(where=f"data: class {name!r}", expected=expected, received=f"{count}")


def part_size(share: float, rows: int) -> int:
    """How many of so many rows a part of the split has."""
    return max(round(share * rows), 1) if share else 0
