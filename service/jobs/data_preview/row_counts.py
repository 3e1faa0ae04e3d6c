"""How many rows a data file has, told from its header where there is one, without a library of tables."""

import gzip
import zipfile
from math import prod
from pathlib import Path
from typing import IO

from models.errors import DataError, reason_of
from models.sources.csv_text import open_table
from models.sources.damaged_files import UNREADABLE, bounded_lines
from models.sources.images.image_archives import class_counts
from models.sources.known_sources import (
    CSV_ENDINGS,
    IMAGE_ARCHIVE,
    TARGET_ARRAYS,
    UPLOADED_ENDINGS,
    ending_of,
    known_files,
)
from models.sources.npz_arrays import read_plain_header
from models.sources.parquet_footer import parquet_rows
from service.jobs.data_preview.json_rows import json_rows

__all__ = ["count_rows"]

REFUSED: tuple[type[Exception], ...] = (MemoryError, *UNREADABLE)
MOST_ROWS = 2**53
ANY_BYTES = "latin-1"
BLOCK_BYTES = 2**16


def count_rows(path: Path) -> int:
    """The rows of a file of one of the known kinds.

    Raises:
        DataError: When it is none, or cannot be read as what its ending says.
    """
    counters = {".npz": _archive_rows, ".npy": _array_rows, ".parquet": parquet_rows,
                ".jsonl": _line_rows, ".ndjson": _line_rows, ".json": json_rows,
                IMAGE_ARCHIVE: _images, **dict.fromkeys(CSV_ENDINGS, _csv_rows)}  # fmt: skip
    ending = ending_of(path.name)
    if ending not in UPLOADED_ENDINGS:
        raise DataError(where="name", expected=f"one of {known_files()} as {IMAGE_ARCHIVE}", received=repr(ending))
    try:
        return _checked(counters[ending](path))
    except DataError as error:  # not in an encoding, or parted by a separator, that is certain
        raise DataError(where="body", expected=error.expected, received=error.received) from error
    except REFUSED as error:
        raise DataError(where="body", expected=f"a readable {ending} file", received=reason_of(error)) from error


def _checked(rows: int) -> int:
    """A number that a file states is not yet one of rows."""
    if not 0 <= rows <= MOST_ROWS:
        raise ValueError(f"{rows} rows")
    return rows


def _archive_rows(path: Path) -> int:
    """The length of the targets, else of the first array; from its header, however much the archive would expand to."""
    with zipfile.ZipFile(path) as archive:
        members = {name.removesuffix(".npy").lower(): name for name in archive.namelist()}
        usual = [members[name] for name in TARGET_ARRAYS if name in members]
        chosen = next(iter(usual or members.values()), None)
        if chosen is None:
            raise ValueError("no arrays")
        with archive.open(chosen) as file:
            return _header_rows(file, archive.getinfo(chosen).file_size)


def _array_rows(path: Path) -> int:
    with path.open("rb") as file:
        return _header_rows(file, path.stat().st_size)


def _header_rows(file: IO[bytes], size: int) -> int:
    """The length of an array in numpy's format, of a file of so many bytes."""
    shape, _, dtype = read_plain_header(file)
    if not shape:
        raise ValueError("one value without an axis of rows")
    if min(shape) < 0 or prod(shape) * dtype.itemsize > size - file.tell():
        raise ValueError(f"fewer bytes than the shape {shape} of {dtype} has")
    return shape[0]


def _images(path: Path) -> int:
    return sum(class_counts(path, "body").values())


def _csv_rows(path: Path) -> int:
    """In whatever encoding of one byte a letter: a spec says later which, and rows end alike in all."""
    try:
        return _rows_of(path, None)
    except DataError:
        if _holds_zeros(path):
            raise
        return _rows_of(path, ANY_BYTES)


def _rows_of(path: Path, encoding: str | None) -> int:
    with open_table(path, encoding=encoding) as table:
        return sum(1 for _ in table.rows)


def _holds_zeros(path: Path) -> bool:
    """Whether it is no text."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return any(b"\0" in block for block in iter(lambda: file.read(BLOCK_BYTES), b""))


def _line_rows(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in bounded_lines(file) if line.strip())
