"""`python -m service.decoding.parquet_lines MOST_ROWS MOST_BYTES MEMORY_BYTES`: a Parquet file as JSON lines.

From stdin to stdout. A small file can say that it becomes anything, so it is read in a process of its own, which may
take so much memory and no more; only the request that brought it waits for it.
"""

import datetime as dt
import json
import resource
import sys
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from math import isfinite
from typing import Any

from arro3.io import read_parquet

__all__ = ["lines_of", "main"]

UNREADABLE, TOO_LARGE = 1, 3
"""Exit statuses; the one of a process that the kernel ends is another."""


def main() -> int:
    """Print the rows, each as a JSON object; the exit status."""
    most_rows, most_bytes, memory_bytes = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    try:
        return _print(islice(lines_of(sys.stdin.buffer.read()), most_rows), most_bytes)
    except MemoryError:
        return TOO_LARGE
    except BaseException as error:  # noqa: BLE001 -- the library's panics are no Exception
        sys.stderr.write(f"\n{' '.join(str(error).split())}\n")
        return UNREADABLE


def _print(lines: Iterator[str], most_bytes: int) -> int:
    written = 0
    for line in lines:
        content = line.encode() + b"\n"
        written += len(content)
        if written > most_bytes:
            return TOO_LARGE
        sys.stdout.buffer.write(content)
    return 0


def lines_of(content: bytes) -> Iterator[str]:
    """Each row of a Parquet file as a JSON object; NaN and infinity are null, as JSON has none."""
    for batch in read_parquet(BytesIO(content)):
        names = batch.schema.names
        columns = [batch.column(name).to_pylist() for name in names]
        for values in zip(*columns, strict=True):
            row = dict(zip(names, map(_plain, values), strict=True))
            yield json.dumps(row, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, int | float | str | bool | None) else str(value)


if __name__ == "__main__":
    sys.exit(main())
