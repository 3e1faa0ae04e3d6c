"""A CSV body made into a batch: one instance a line, with or without a first line of column names."""

import csv
import io
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import numpy as np

from models.errors import InputError, shown
from models.preprocessing.instances import Array, InstanceSpec, require_finite
from service.decoding.table_cells import batch_from_cells, number_or_none

__all__ = ["parse_csv"]

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
        has_header = _is_header(first, spec)
    if not has_header:
        rows = chain([first] if first else [], rows)
    elif spec.features:
        rows = _in_feature_order(first, rows, spec)
    first_instance = next(rows, None)
    if first_instance is None:
        raise InputError(where="instances", expected="at least one line of values", received="none")
    return _batch(islice(chain([first_instance], rows), None if most_rows is None else most_rows + 1), spec)


def _rows(body: bytes, longest_line: int) -> Iterator[list[str]]:
    """The cells of each line that is not empty; each line by itself, so that no quote can swallow the rest."""
    lines = io.TextIOWrapper(io.BytesIO(body), encoding="utf-8-sig", newline="")
    try:
        for number, line in enumerate(lines, start=1):
            if len(line) > longest_line:
                raise InputError(where=f"line {number}", expected=f"at most {longest_line} characters",
                                 received=f"{len(line)}")  # fmt: skip
            if text := line.rstrip("\r\n"):
                yield _cells(text, number)
    except UnicodeDecodeError as error:
        received = shown(error.object[error.start : error.end])
        raise InputError(where="body", expected="UTF-8", received=received) from error


def _cells(line: str, number: int) -> list[str]:
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise InputError(where=f"line {number}", expected="CSV", received=str(error)) from error


def _is_header(first: Sequence[str], spec: InstanceSpec) -> bool:
    """A line with a feature's name and no number in it; a number may be a name, and a category one of the names."""
    if spec.features:
        names = {feature.name for feature in spec.features}
        cells = [cell.strip() for cell in first]
        return any(cell in names for cell in cells) and all(cell in names or not _is_numeric(cell) for cell in cells)
    return bool(first) and not any(_is_numeric(cell) for cell in first)


def _is_numeric(cell: str) -> bool:
    """Whether Python reads a number, NaN and infinity included: such a line is data, to be refused by its place."""
    try:
        float(cell)
    except ValueError:
        return not cell.strip()
    return True


def _in_feature_order(header: Sequence[str], rows: Iterable[list[str]], spec: InstanceSpec) -> Iterator[list[str]]:
    """Each line's cells in the order of the features; an optional column that is not there is a gap."""
    positions = _positions([cell.strip() for cell in header], spec)
    for index, row in enumerate(rows):
        if len(row) != len(header):
            raise InputError(where=f"instances[{index}]", expected=f"{len(header)} cells, as the header has",
                             received=f"{len(row)} cells")  # fmt: skip
        yield ["" if position is None else row[position] for position in positions]


def _positions(header: Sequence[str], spec: InstanceSpec) -> list[int | None]:
    features = {feature.name: feature for feature in spec.features or ()}
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
    with np.errstate(over="ignore"):
        batch = np.frombuffer(values, np.float64).astype(np.float32).reshape(-1, *spec.shape)
    require_finite(batch, "instances")
    return batch


def _numbers(row: list[str], spec: InstanceSpec, place: str) -> list[float]:
    if len(row) != spec.size:
        raise InputError(where=place, expected=f"{spec.size} cells", received=f"{len(row)} cells")
    try:
        if PLAIN.fullmatch("".join(row)):
            return [float(cell) for cell in row]
    except ValueError:
        pass
    for column, cell in enumerate(row):
        if number_or_none(cell) is None:
            name = f".{spec.features[column].name}" if spec.features else f"[{column}]"
            raise InputError(where=f"{place}{name}", expected="a number", received=shown(cell))
    return [float(cell) for cell in row]
