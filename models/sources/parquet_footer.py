"""Rows, columns and bytes from the footer of a Parquet file: the little of Thrift's compact protocol that it takes.

Source:
    https://github.com/apache/parquet-format: `FileMetaData`, `SchemaElement`, `RowGroup`.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["ParquetFooter", "parquet_columns", "parquet_rows", "read_footer"]

MAGIC = b"PAR1"
TAIL_BYTES = 8
LONGEST_FOOTER = 2**32
LONGEST_GROUPS = 2**20
"""Bytes of a footer in which the groups of rows are gone through: their number grows with the file."""
SCHEMA, NUM_ROWS, ROW_GROUPS = 2, 3, 4
NAME, NUM_CHILDREN = 4, 5
TOTAL_BYTES = 2
STOP, BYTE, DOUBLE, BINARY, STRUCT = 0, 3, 7, 8, 12
BOOLEANS, VARINTS, LISTS = (1, 2), (4, 5, 6), (9, 10)
DEEPEST = 16
LONGEST_SHIFT = 63


class ParquetFooter(NamedTuple):
    """What a file says of itself: rows, columns of values, and bytes of all values before they were compressed."""

    rows: int
    columns: int
    data_bytes: int


def parquet_rows(path: Path) -> int:
    """How many rows a Parquet file says it has.

    Raises:
        ValueError: When it is none.
    """
    rows: int = _value(path, NUM_ROWS, _zigzag)
    return rows


def parquet_columns(path: Path) -> list[str]:
    """The names of a Parquet file's columns; of one with columns inside it, its own.

    Raises:
        ValueError: When it is none.
    """
    columns: list[str] = _value(path, SCHEMA, _columns)
    return columns


def _value(path: Path, wanted: int, read: Callable[[BytesIO], Any]) -> Any:
    """One field of the outermost struct."""
    footer = _footer(path)
    try:
        for field, kind in _fields(footer):
            if field == wanted:
                return read(footer)
            _skip(footer, kind, DEEPEST)
    except IndexError as error:
        raise ValueError("a footer that ends too early") from error
    raise ValueError("a footer without a number of rows or a schema")


def read_footer(path: Path) -> ParquetFooter:
    """Rows, columns and bytes of a Parquet file, as it says them; no bytes where its footer is very long.

    Raises:
        ValueError: When it is none.
    """
    footer = _footer(path)
    found = {SCHEMA: 0, NUM_ROWS: 0, ROW_GROUPS: 0}
    has_groups = len(footer.getbuffer()) <= LONGEST_GROUPS
    try:
        for field, kind in _fields(footer):
            if field == NUM_ROWS:
                found[field] = _zigzag(footer)
            elif field == SCHEMA:
                found[field] = sum(not children for _, children in _elements(footer))
            elif field == ROW_GROUPS and has_groups:
                found[field] = sum(_group_bytes(footer) for _ in range(_list_head(footer)[0]))
            elif field == ROW_GROUPS:
                break
            else:
                _skip(footer, kind, DEEPEST)
    except IndexError as error:
        raise ValueError("a footer that ends too early") from error
    return ParquetFooter(found[NUM_ROWS], found[SCHEMA], found[ROW_GROUPS])


def _group_bytes(footer: BytesIO) -> int:
    """Of all values of a group of rows, before they were compressed."""
    data_bytes = 0
    for field, kind in _fields(footer):
        if field == TOTAL_BYTES:
            data_bytes = _zigzag(footer)
        else:
            _skip(footer, kind, DEEPEST)
    return data_bytes


def _footer(path: Path) -> BytesIO:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size < 2 * TAIL_BYTES:
            raise ValueError("a file that is too short for Parquet")
        file.seek(-TAIL_BYTES, 2)
        tail = file.read(TAIL_BYTES)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC or length > size - TAIL_BYTES:
            raise ValueError("a file that does not end as Parquet does")
        file.seek(-TAIL_BYTES - length, 2)
        return BytesIO(file.read(length))


def _columns(footer: BytesIO) -> list[str]:
    """The elements below the root: each stands before what is below it."""
    elements = _elements(footer)
    place, names = 1, []
    while place < len(elements):
        names.append(elements[place][0])
        place = _behind(elements, place)
    return names


def _elements(footer: BytesIO) -> list[tuple[str, int]]:
    return [_element(footer) for _ in range(_list_head(footer)[0])]


def _behind(elements: list[tuple[str, int]], place: int) -> int:
    """Where the element is that follows one and all that is below it."""
    open_elements = 1
    while open_elements and place < len(elements):
        open_elements += elements[place][1] - 1
        place += 1
    return place


def _element(footer: BytesIO) -> tuple[str, int]:
    """Name and number of children of a column, or of a group of them."""
    name, children = "", 0
    for field, kind in _fields(footer):
        if field == NAME:
            name = footer.read(_varint(footer)).decode()
        elif field == NUM_CHILDREN:
            children = _zigzag(footer)
        else:
            _skip(footer, kind, DEEPEST)
    return name, children


def _fields(footer: BytesIO) -> Iterator[tuple[int, int]]:
    """Number and kind of each field of a struct, whose value is read before the next is asked for."""
    field = 0
    while (head := _byte(footer)) != STOP:
        field = field + (head >> 4) if head >> 4 else _zigzag(footer)
        yield field, head & 15


def _byte(footer: BytesIO) -> int:
    return footer.read(1)[0]


def _varint(footer: BytesIO) -> int:
    value = shift = 0
    while (byte := _byte(footer)) & 128:
        value |= (byte & 127) << shift
        shift += 7
        if shift > LONGEST_SHIFT:
            raise ValueError("a footer with a number of more than 64 bits")
    return value | byte << shift


def _zigzag(footer: BytesIO) -> int:
    value = _varint(footer)
    return (value >> 1) ^ -(value & 1)


def _skip(footer: BytesIO, kind: int, depth: int) -> None:
    """Read past a value."""
    if depth == 0:
        raise ValueError("a footer that is nested too deeply")
    if kind in VARINTS:
        _varint(footer)
    elif kind == BINARY:
        footer.read(min(_varint(footer), LONGEST_FOOTER))
    elif kind in LISTS:
        _skip_list(footer, depth - 1)
    elif kind == STRUCT:
        for _, inner in _fields(footer):
            _skip(footer, inner, depth - 1)
    elif kind in (BYTE, DOUBLE):
        footer.read(1 if kind == BYTE else 8)[0]
    elif kind not in BOOLEANS:
        raise ValueError(f"a footer with a field of the unknown kind {kind}")


def _skip_list(footer: BytesIO, depth: int) -> None:
    count, kind = _list_head(footer)
    for _ in range(count):
        _skip(footer, kind, depth)


def _list_head(footer: BytesIO) -> tuple[int, int]:
    """How many elements a list has, and of which kind."""
    head = _byte(footer)
    count = head >> 4 if head >> 4 != 15 else _varint(footer)
    return count, BYTE if head & 15 in BOOLEANS else head & 15  # which have a byte each here, and none in a struct
