"""The columns of a validation or test file beside those of the source: matched by name, as the trainer does it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from models.errors import DataError
from models.sources.columns import feature_columns, target_column, unused_columns
from models.sources.known_sources import CSV_ENDINGS, ending_of
from models.spec.parts import DataSpec
from service.jobs.data_preview.table_preview import csv_columns, json_columns

__all__ = ["check_part_columns", "small_table"]

MOST_BYTES = 8 * 2**20
JSON_LINES = (".jsonl", ".ndjson")


def small_table(path: Path, data: DataSpec) -> tuple[list[str], list[list[object]]] | None:
    """The names and rows of a small table; None where a file is none, or large.

    Raises:
        DataError: When it cannot be read.
    """
    ending = ending_of(path.name)
    if path.is_dir() or path.stat().st_size > MOST_BYTES:
        return None
    if ending in CSV_ENDINGS:
        return csv_columns(path, data)
    return json_columns(path, data.source) if ending in JSON_LINES else None


def check_part_columns(first: Sequence[str], path: Path, source: str, data: DataSpec) -> None:
    """Check that another file has the columns that the first has.

    Args:
        first: The names of the columns of `data.source`.
        path: The other file.
        source: Its name.
        data: The spec's `data`.

    Raises:
        DataError: Names the column that is missing, or there besides.
    """
    table = small_table(path, replace(data, source=source))
    if table is None:
        return
    names, _ = table
    target = target_column(first, data)
    features = feature_columns(first, data, target=target)
    missing = next((name for name in (*features, target) if name not in names), None)
    if missing is not None:
        raise DataError(where=source, expected=f"the columns of {data.source}", received=f"no column {missing!r}")
    extra = [name for name in unused_columns(names, features, target) if name != data.groups]
    if extra and data.features is None:
        expected = f"the columns of {data.source}, or `data.features`, which lists those to be used"
        raise DataError(where=source, expected=expected, received=f"the column {extra[0]!r} besides")
