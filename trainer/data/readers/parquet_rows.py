"""`python -m trainer.data.readers.parquet_rows FILE`: the rows of a Parquet file to stdout, a JSON object each."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl

__all__ = ["main", "rows_as_json"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the rows; the exit status."""
    place = (sys.argv[1:] if arguments is None else list(arguments))[-1]
    try:
        for line in rows_as_json(Path(place)):
            sys.stdout.write(f"{line}\n")
    except (pl.exceptions.PolarsError, OSError) as error:
        sys.stderr.write(f"expected a readable .parquet file; received {str(error).splitlines()[0]}\n")
        return 1
    return 0


def rows_as_json(path: Path) -> Iterator[str]:
    """Each row as a JSON object; NaN and infinity are null, as JSON has none."""
    for row in pl.read_parquet(path, glob=False).iter_rows(named=True):
        yield json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, int | float | str | bool | None) else str(value)


if __name__ == "__main__":
    sys.exit(main())
