"""Cells of a table as text (a CSV body, a BYTES tensor) made into a batch."""

import codecs
import csv
import io
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import Any

import numpy as np

from models.errors import DataError, InputError, shown
from models.preprocessing.instances import Array, Feature, InstanceSpec, batch_of_numbers, parse_instances
from models.preprocessing.table_cells import BOOLEANS, is_gap, number_of
from models.sources.csv_dialect import (
    COMMAS,
    HEAD_BYTES,
    Dialect,
    encoding_of,
    find_decimal,
    separators_of,
    whole_lines,
    with_point,
)
from models.sources.csv_text import cells_of_line, column_names, is_header
from models.sources.matched_columns import match_columns, numbered_columns
from models.spec.parts import CsvSpec
from models.spec.value_kinds import text_encoding

__all__ = ["OnIgnored", "batch_from_cells", "parse_csv"]

# What Python's float() reads of these characters is a number as everybody writes it.
PLAIN = re.compile(r"[0-9eE+\-. \t]*", re.ASCII)
OTHER_SEPARATORS = re.compile(rb"[;\t|]")
LONGEST_LINE = 2**20
LONGEST_NUMBER = 64

OnIgnored = Callable[[Sequence[str]], None]
"""Takes the names of columns that are passed over."""


def parse_csv(
    body: bytes,
    spec: InstanceSpec,
    *,
    has_header: bool | None = None,
    charset: str | None = None,
    most_rows: int | None = None,
    on_ignored: OnIgnored = lambda _: None,
) -> Array:
    """Make a batch of CSV (quotes as in RFC 4180 but no line break within a cell).

    Args:
        body: The table.
        spec: What an instance looks like; without named columns each line is one instance, flat.
        has_header: As the media type's parameter `header` says; `None` looks at the first line. The names of a header
            may stand in any order.
        charset: As the media type says; UTF-8 where it does not.
        most_rows: After so many lines and one more the rest is not read: there are too many then.
        on_ignored: Called with the names of the columns that the model does not know.

    Returns:
        `(batch, *instance shape)` float32, or object where columns hold text.

    Raises:
        InputError: Names the first instance and column that do not fit.
    """
    dialect = _dialect(body, charset, spec)
    rows = _rows(body, dialect, LONGEST_LINE + LONGEST_NUMBER * spec.size)
    if dialect.separator != COMMAS.separator:
        rows = _with_points(rows, dialect.separator, most_rows)
    blank, first = _until_text(rows)
    if has_header is None:
        has_header = is_header(first, _names(spec))
    names = column_names(first) if has_header else numbered_columns(len(first), spec.features or ())
    if not has_header:
        rows = chain(blank, [first] if first else [], rows)
    if names and spec.features:
        columns = match_columns(names, spec.features)
        on_ignored(columns.ignored)
        rows = _in_feature_order(columns.places, len(names), rows)
    first_instance = next(rows, None)
    if first_instance is None:
        raise InputError(where="instances", expected="at least one line of values", received="none")
    return _batch(islice(chain([first_instance], rows), None if most_rows is None else most_rows + 1), spec)


def _until_text(rows: Iterator[list[str]]) -> tuple[list[list[str]], list[str]]:
    """The rows of nothing on top, and the first with something in it: only above a header are the former none."""
    blank: list[list[str]] = []
    for row in rows:
        if any(map(str.strip, row)):
            return blank, row
        blank.append(row)
    return blank, []


def _dialect(body: bytes, charset: str | None, spec: InstanceSpec) -> Dialect:
    """Commas, unless the first line is parted by something else, and not by commas alike."""
    encoding = _known_encoding(charset) if charset else encoding_of(body[:4])
    end = body.find(b"\n", 0, HEAD_BYTES)
    if encoding == COMMAS.encoding and not OTHER_SEPARATORS.search(body, 0, end if end > 0 else HEAD_BYTES):
        return COMMAS
    lines = whole_lines(body[:HEAD_BYTES], encoding)
    found = [one for one in separators_of(lines) if _fits(lines[0], Dialect(one, encoding), spec)]
    return Dialect(found[0] if found else COMMAS.separator, encoding)


def _known_encoding(charset: str) -> str:
    try:
        return COMMAS.encoding if codecs.lookup(charset).name == "utf-8" else text_encoding(charset)
    except (LookupError, ValueError) as error:
        raise InputError(where="charset", expected="an encoding of text", received=shown(charset)) from error


def _fits(line: str, dialect: Dialect, spec: InstanceSpec) -> bool:
    """Whether a first line has the model's columns: their names, or as many cells."""
    with suppress(csv.Error):
        cells = cells_of_line(line, dialect)
        return len(cells) == spec.size or is_header(cells, _names(spec))
    return False


def _with_points(rows: Iterator[list[str]], separator: str, most_rows: int | None) -> Iterator[list[str]]:
    """Rows with points for decimal commas."""
    read = list(islice(rows, None if most_rows is None else most_rows + 2))

    def has_cell(pattern: str) -> bool:
        return any(re.match(pattern, cell.strip()) for row in read for cell in row)

    try:
        decimal = find_decimal(CsvSpec(), separator, has_cell, source="body")
    except DataError as error:
        raise InputError(where="body", expected="numbers with a decimal point", received=error.received) from error
    return ([with_point(cell.strip(), decimal) for cell in row] for row in read)


def _rows(body: bytes, dialect: Dialect, longest_line: int) -> Iterator[list[str]]:
    """The cells of each line that is not empty; each line by itself, so that no quote can swallow the rest."""
    lines = io.TextIOWrapper(io.BytesIO(body), encoding=dialect.encoding, newline="")
    try:
        for number, line in enumerate(lines, start=1):
            if len(line) > longest_line:
                raise InputError(where=f"line {number}", expected=f"at most {longest_line} characters",
                                 received=f"{len(line)}")  # fmt: skip
            if text := line.rstrip("\r\n"):
                yield cells_of_line(text, dialect)
    except UnicodeDecodeError as error:
        received = shown(error.object[error.start : error.end])
        expected = dialect.encoding.removesuffix("-sig").upper()
        raise InputError(where="body", expected=expected, received=received) from error
    except csv.Error as error:
        raise InputError(where=f"line {number}", expected="CSV", received=str(error)) from error


def _in_feature_order(places: Sequence[int | None], width: int, rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """Each line's cells in the order of the features; an optional column that is not there is a gap."""
    for index, row in enumerate(rows):
        if len(row) != width:
            raise InputError(where=f"instances[{index}]", expected=f"{width} cells, as the header has",
                             received=f"{len(row)} cells")  # fmt: skip
        yield ["" if place is None else row[place] for place in places]


def _names(spec: InstanceSpec) -> list[str]:
    """What a header calls the features."""
    return column_names([feature.name for feature in spec.features or ()])


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
        `(batch, features)` float32, or object where columns hold text.

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
    if feature.is_text or feature.form is not None:
        return cell
    if feature.kind == "boolean" and (word := cell.strip().lower()) in BOOLEANS:
        return BOOLEANS[word]
    return _number(cell, f"{place}.{feature.name}")
