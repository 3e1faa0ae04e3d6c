"""Cells of a table as text (a CSV body, a BYTES tensor) made into a batch."""

import csv
import io
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np

from models.errors import InputError, shown
from models.preprocessing.instances import Array, Feature, InstanceSpec, batch_of_numbers, parse_instances
from models.preprocessing.table_cells import BOOLEANS, is_gap, number_of
from models.sources.csv_text import COMMAS, cells_of_line, column_names, is_header

__all__ = ["batch_from_cells", "parse_csv"]

# What Python's float() reads of these characters is a number as everybody writes it.
PLAIN = re.compile(r"[0-9eE+\-. \t]*", re.ASCII)
LONGEST_LINE = 2**20
LONGEST_NUMBER = 64


def parse_csv(
    body: bytes, spec: InstanceSpec, *, has_header: bool | None = None, most_rows: int | None = None
) -> Array:
    """Make a batch of CSV (UTF-8, comma, quotes as in RFC 4180 but no line break within a cell).

    Args:
        body: The table.
        spec: What an instance looks like; without named columns each line is one instance, flat.
        has_header: As the media type's parameter `header` says; `None` looks at the first line. The names of a header
            may stand in any order.
        most_rows: After so many lines and one more the rest is not read: there are too many then.

    Raises:
        InputError: Names the first instance and column that do not fit.
    """
    rows = _rows(body, LONGEST_LINE + LONGEST_NUMBER * spec.size)
    first = next(rows, [])
    if has_header is None:
        has_header = is_header(first, _names(spec))
    if not has_header:
        rows = chain([first] if first else [], rows)
    elif spec.features:
        rows = _in_feature_order(column_names(first), rows, spec)
    first_instance = next(rows, None)
    if first_instance is None:
        raise InputError(where="instances", expected="at least one line of values", received="none")
    return _batch(islice(chain([first_instance], rows), None if most_rows is None else most_rows + 1), spec)


def _rows(body: bytes, longest_line: int) -> Iterator[list[str]]:
    """The cells of each line that is not empty; each line by itself, so that no quote can swallow the rest."""
    lines = io.TextIOWrapper(io.BytesIO(body), encoding=COMMAS.encoding, newline="")
    try:
        for number, line in enumerate(lines, start=1):
            if len(line) > longest_line:
                raise InputError(where=f"line {number}", expected=f"at most {longest_line} characters",
                                 received=f"{len(line)}")  # fmt: skip
            if text := line.rstrip("\r\n"):
                yield cells_of_line(text)
    except UnicodeDecodeError as error:
        received = shown(error.object[error.start : error.end])
        raise InputError(where="body", expected="UTF-8", received=received) from error
    except csv.Error as error:
        raise InputError(where=f"line {number}", expected="CSV", received=str(error)) from error


def _in_feature_order(header: Sequence[str], rows: Iterable[list[str]], spec: InstanceSpec) -> Iterator[list[str]]:
    """Each line's cells in the order of the features; an optional column that is not there is a gap."""
    positions = _positions(header, spec)
    for index, row in enumerate(rows):
        if len(row) != len(header):
            raise InputError(where=f"instances[{index}]", expected=f"{len(header)} cells, as the header has",
                             received=f"{len(row)} cells")  # fmt: skip
        yield ["" if position is None else row[position] for position in positions]


def _names(spec: InstanceSpec) -> list[str]:
    """What a header calls the features."""
    return column_names([feature.name for feature in spec.features or ()])


def _positions(header: Sequence[str], spec: InstanceSpec) -> list[int | None]:
    features = dict(zip(_names(spec), spec.features or (), strict=True))
    odd = next((name for name in header if name not in features), None)
    if odd is not None:
        raise InputError(where="header", expected=f"names among {shown(', '.join(features))}", received=shown(odd))
    positions = {name: position for position, name in enumerate(header)}
    if len(positions) != len(header):
        raise InputError(where="header", expected="each name once", received=shown(", ".join(header)))
    for name, feature in features.items():
        if name not in positions and not feature.optional:
            raise InputError(where="header", expected=f"a column {name!r}", received=shown(", ".join(header)))
    return [positions.get(name) for name in features]


def _batch(rows: Iterable[list[str]], spec: InstanceSpec) -> Array:
    if not spec.is_numeric or spec.has_booleans:
        return batch_from_cells(list(rows), spec)
    # Eight bytes a number from the first line on: the cells of a large table as text would take ten times as much.
    values = array("d")
    for index, row in enumerate(rows):
        values.extend(_numbers(row, spec, f"instances[{index}]"))
    return batch_of_numbers(np.frombuffer(values, np.float64), spec, "instances")


def _numbers(row: list[str], spec: InstanceSpec, place: str) -> list[float]:
    if len(row) != spec.size:
        raise InputError(where=place, expected=f"{spec.size} cells", received=f"{len(row)} cells")
    try:
        if PLAIN.fullmatch("".join(row)):
            return [float(cell) for cell in row]
    except ValueError:
        pass
    names = [f".{feature.name}" for feature in spec.features or ()] or [f"[{column}]" for column in range(spec.size)]
    return [_number(cell, place + name) for cell, name in zip(row, names, strict=True)]


def _number(cell: str, where: str) -> float:
    number = number_of(cell)
    if number is None:
        raise InputError(where=where, expected="a number", received=shown(cell))
    return number


def batch_from_cells(rows: Sequence[Sequence[str]], spec: InstanceSpec, *, where: str = "instances") -> Array:
    """Make a batch of rows of a table with named columns, each cell as text; gaps are written as in training.

    Args:
        rows: In the order of `spec.features`.
        spec: What an instance looks like.
        where: What the rows are called in errors.

    Returns:
        As `models.preprocessing.instances.parse_instances`.

    Raises:
        InputError: Names the row and the column of the first cell that does not fit.
    """
    features = spec.features or ()
    return parse_instances(
        [_row(row, features, f"{where}[{index}]") for index, row in enumerate(rows)], spec, where=where
    )


def _row(row: Sequence[str], features: Sequence[Feature], place: str) -> list[Any]:
    if len(row) != len(features):
        raise InputError(where=place, expected=f"{len(features)} cells", received=f"{len(row)} cells")
    return [_value(cell, feature, place) for cell, feature in zip(row, features, strict=True)]


def _value(cell: str, feature: Feature, place: str) -> Any:
    if feature.optional and is_gap(cell):
        return None
    if feature.is_text:
        return cell
    if feature.kind == "boolean" and (word := cell.strip().lower()) in BOOLEANS:
        return BOOLEANS[word]
    return _number(cell, f"{place}.{feature.name}")
