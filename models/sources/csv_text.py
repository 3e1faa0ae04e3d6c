"""CSV as text: header, quotes and empty lines, decided here for the trainer, the service and the command line.

The meaning of a cell is in `models.preprocessing.table_cells`, the dialect in `models.sources.csv_dialect`.
"""

import csv
import gzip
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import chain, dropwhile, filterfalse, islice
from pathlib import Path
from typing import IO, NamedTuple, cast

from models.errors import DataError, shown
from models.preprocessing.table_cells import holds_nothing
from models.sources.columns import check_names, unnamed_columns
from models.sources.csv_dialect import COMMAS, HEAD_BYTES, Dialect, encoding_of, find_dialect, require_header
from models.sources.damaged_files import bounded_lines
from models.spec.parts import CsvSpec, DataSpec

__all__ = [
    "CsvTable", "TableText", "cells_of_line", "column_names", "csv_rows", "is_header", "open_table", "table_text",
]  # fmt: skip

SAMPLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A file of text as a table.

    Args:
        names: Of its columns.
        rows: Those that hold something, as text.
        dialect: How it is written.
        has_header: Whether the names come from its first line.
    """

    names: list[str]
    rows: Iterator[list[str]]
    dialect: Dialect
    has_header: bool = True


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
        known: The columns' names, where they are known: one of them has to be there, and may look like a number. A
            row with all of them is a header, whatever else it holds.
    """
    names = column_names(row)
    if known and all(name in names for name in known):
        return True
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
def open_table(path: Path, data: DataSpec | None = None, *, encoding: str | None = None) -> Iterator[CsvTable]:
    """A file of text as a table that is trained on: rows of gaps only are none.

    Args:
        path: The file.
        data: What is known about it; without that, its first line has its names.
        encoding: What is known about it where nothing else is.

    Raises:
        DataError: Where it is not certain how the file is to be read.
        ValueError: For a line that is too long.
        csv.Error: For a cell that is too long.
    """
    said = data or DataSpec(path.name)
    dialect = _dialect(path, data, encoding)
    with _decoding(said.source, dialect), _open_text(path, dialect) as file:
        rows = dropwhile(_is_blank, csv_rows(bounded_lines(file), dialect))
        yield _table(rows, dialect, said, checked=data is not None)


def _dialect(path: Path, data: DataSpec | None, encoding: str | None) -> Dialect:
    head = _head(path)
    if data is not None:
        return find_dialect(head, data.dialect, source=data.source)
    with suppress(DataError):
        return find_dialect(head, CsvSpec(encoding=encoding), source=path.name)
    return Dialect(encoding=encoding or encoding_of(head))


def _table(rows: Iterator[list[str]], dialect: Dialect, data: DataSpec, *, checked: bool) -> CsvTable:
    first = next(rows, [])
    sample = list(islice(rows, SAMPLE_ROWS))
    rest = filterfalse(holds_nothing, chain(sample, rows))
    if data.dialect.header is False:
        all_rows = chain([first] if first else [], rest)
        return CsvTable(unnamed_columns(len(first), data), all_rows, dialect, has_header=False)
    names = column_names(first)
    if checked:
        if data.dialect.header is None:
            require_header(first, sample, source=data.source)
        check_names(names, data.source)
    return CsvTable(names, rest, dialect)


def _is_blank(row: Sequence[str]) -> bool:
    return not any(map(str.strip, row))


def _head(path: Path) -> bytes:
    with _open_bytes(path) as file:
        return file.read(HEAD_BYTES)


def _open_bytes(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _open_text(path: Path, dialect: Dialect) -> IO[str]:
    """The text of a file, its line ends as they are."""
    return TextIOWrapper(_open_bytes(path), encoding=dialect.encoding, newline="")


@contextmanager
def _decoding(source: str, dialect: Dialect) -> Iterator[None]:
    """Turn what is not in an encoding into an error by that word."""
    try:
        yield
    except UnicodeDecodeError as error:
        expected = f"text in {dialect.encoding.removesuffix('-sig')}, or `data.csv: {{encoding: windows-1252}}`"
        received = shown(error.object[error.start : error.end])
        raise DataError(where=f"{source}: data.csv.encoding", expected=expected, received=received) from error


class TableText(NamedTuple):
    """A file's text without the blank lines on top, and how many they were."""

    content: bytes
    blank_lines: int


BLANK_LINES = re.compile(r"(?:[ \t,;|]*(?:\r\n|\r|\n))*")


def table_text(path: Path, dialect: Dialect, *, source: str) -> TableText:
    """A file as a library of tables takes it: UTF-8, lines that end in a line feed, nothing blank on top.

    Raises:
        DataError: When it is not in the dialect's encoding.
    """
    with _decoding(source, dialect), _open_text(path, dialect) as file:
        text = file.read()
    blank = BLANK_LINES.match(text)
    end = blank.end() if blank else 0
    blank_lines, text = len(text[:end].splitlines()), text[end:]
    if "\r" in text and "\n" not in text:
        text = text.replace("\r", "\n")
    return TableText(text.encode(), blank_lines)
