"""A table read for a suggestion: all of it where it is small, else every so many rows and all of rare targets."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import DataError, shown
from models.preprocessing.instances import Array, Feature
from models.preprocessing.table_cells import BOOLEANS, PADDED, is_gap, number_of
from models.sources.columns import feature_columns, target_column
from models.sources.csv_dialect import find_decimal, with_point
from models.sources.csv_text import open_table
from models.sources.damaged_files import bounded_lines, reading
from models.sources.known_sources import CSV_ENDINGS, ending_of
from models.sources.row_numbers import row_names
from models.spec.parts import CsvSpec, DataSpec
from models.suggestions.raw_data import SampledData
from service.decoding.parquet_table import as_json_lines

__all__ = ["SeenTable", "see_table"]

SEEN_BYTES = 8 * 2**20
"""Of a larger file some rows stand for all."""
PARQUET_BYTES = 64 * 2**20
"""What a Parquet file may become as JSON."""
RARE_ROWS = 20
MOST_CLASSES = 200


@dataclass(slots=True)
class SeenTable:
    """Some rows of a table, or all of them.

    Args:
        source: What it is called in errors.
        names: Of its columns.
        target: The one that is predicted.
        every: Of so many rows one is kept, and the first of each target.
        cells: The kept rows.
        numbers: Where they are in the file, from 0.
        rows: How many rows the file has.
        targets: Target → rows, as long as there are few.
        csv: How a file of text is written: as it was said, else as it was told from the file.
    """

    source: str
    names: list[str]
    target: str
    every: int = 1
    cells: list[Sequence[Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    rows: int = 0
    targets: Counter[str] = field(default_factory=Counter)
    csv: CsvSpec | None = None

    def see(self, rows: Iterator[Sequence[Any]]) -> None:
        """Go through all rows.

        Raises:
            DataError: Names the first that has not a cell for each column.
        """
        place = self.names.index(self.target)
        for row in rows:
            if len(row) != len(self.names):
                where = f"{self.source}: {row_names(self.source)(self.rows)}"
                raise DataError(where=where, expected=f"{len(self.names)} cells", received=f"{len(row)}")
            if self._is_wanted(str(row[place])):
                self.cells.append(row)
                self.numbers.append(self.rows)
            self.rows += 1

    def _is_wanted(self, target: str) -> bool:
        if self.rows % self.every == 0:
            return True
        if target not in self.targets and len(self.targets) == MOST_CLASSES:
            return False
        self.targets[target] += 1
        return len(self.targets) < MOST_CLASSES and self.targets[target] <= RARE_ROWS

    def row_name(self, row: int) -> str:
        """One of the kept rows in words."""
        return row_names(self.source)(self.numbers[row])

    def column(self, name: str) -> Array:
        """The kept cells of a column, typed as trainers type them: `(rows,)` float64 or object."""
        place = self.names.index(name)
        return _typed([row[place] for row in self.cells], f"{self.source}: column {name!r}")

    @property
    def missing_targets(self) -> int:
        """How many of the kept rows have no target."""
        place = self.names.index(self.target)
        return sum(row[place] is None for row in self.cells)

    def with_targets(self) -> "SeenTable":
        """The same without the rows that have no target.

        Raises:
            DataError: When no row has one.
        """
        place = self.names.index(self.target)
        kept = [index for index, row in enumerate(self.cells) if row[place] is not None]
        if not kept:
            where = f"{self.source}: column {self.target!r}"
            raise DataError(where=where, expected="at least one row with a target", received="none")
        cells, numbers = [self.cells[index] for index in kept], [self.numbers[index] for index in kept]
        return replace(self, cells=cells, numbers=numbers)

    def as_data(self, data: DataSpec) -> SampledData:
        """Features and target.

        Args:
            data: The spec's `data`, with the source as specs name it.

        Raises:
            DataError: When there is no column but the target, or not the one that is named.
        """
        features = feature_columns(self.names, data, target=self.target)
        columns = [self.column(name) for name in features]
        kind = object if any(column.dtype == object for column in columns) else np.float64
        rows = np.stack([column.astype(kind) for column in columns], axis=1)
        return SampledData(
            data.source, rows, self._whole_targets(), self.rows, columns=tuple(map(Feature, features)),
            target=self.target, row_name=self.row_name,
        )  # fmt: skip

    def _whole_targets(self) -> Array:
        """Whole numbers and booleans as such: what is a class is told from that."""
        cells = self.column(self.target)
        listed = cells.tolist()
        if cells.dtype == object and all(isinstance(cell, bool) for cell in listed):
            return np.array(listed)
        is_whole = cells.dtype != object and bool(np.isfinite(cells).all() and (cells % 1 == 0).all())
        is_written_whole = is_whole and not any("." in str(row[self.names.index(self.target)]) for row in self.cells)
        return cells.astype(np.int64) if is_written_whole and bool((np.abs(cells) < 2**53).all()) else cells


def see_table(path: Path, data: DataSpec) -> SeenTable:
    """Read a file of text, or of JSON objects.

    Raises:
        DataError: When it cannot be read, or it is not certain how; or has no such target.
    """
    every = -(-path.stat().st_size // SEEN_BYTES)
    read = _see_csv if ending_of(path.name) in CSV_ENDINGS else _see_json
    with reading(data.source, expected=f"a readable {ending_of(path.name)} file"):
        table = read(path, data, max(every, 1))
    if not table.rows:
        raise DataError(where=data.source, expected="at least one row", received="none")
    return table


def _see_csv(path: Path, data: DataSpec, every: int) -> SeenTable:
    with open_table(path, data) as table:
        seen = SeenTable(data.source, table.names, target_column(table.names, data), every)
        seen.see([cell.strip() for cell in row] for row in table.rows)
    decimal = find_decimal(data.dialect, table.dialect.separator, _any_cell(seen.cells), source=data.source)
    seen.cells = [[None if is_gap(cell) else with_point(cell, decimal) for cell in row] for row in seen.cells]
    separator, encoding = table.dialect.separator, table.dialect.encoding.removesuffix("-sig")
    seen.csv = CsvSpec(separator=separator, decimal=decimal, encoding=encoding, header=table.has_header)
    return seen


def _any_cell(rows: Sequence[Sequence[str]]) -> Callable[[str], bool]:
    return lambda pattern: any(re.match(pattern, cell) for row in rows for cell in row)


def _see_json(path: Path, data: DataSpec, every: int) -> SeenTable:
    documents = list(_documents(path, data.source))
    names = list(dict.fromkeys(name for document in documents for name in document))
    seen = SeenTable(data.source, names, target_column(names, data), every)
    seen.see([document.get(name) for name in names] for document in documents)
    return seen


def _documents(path: Path, source: str) -> Iterator[dict[str, Any]]:
    for number, document in enumerate(_rows(path), start=1):
        if not isinstance(document, dict):
            raise DataError(where=f"{source}: {number}", expected="a JSON object", received=shown(document))
        yield document


def _rows(path: Path) -> Iterator[Any]:
    if ending_of(path.name) == ".parquet":
        yield from _lines(BytesIO(as_json_lines(path.read_bytes(), most_bytes=PARQUET_BYTES)))
        return
    with path.open(encoding="utf-8-sig") as file:
        yield from json.load(file) if ending_of(path.name) == ".json" else _lines(file)


def _lines(file: Any) -> Iterator[Any]:
    return (json.loads(line) for line in bounded_lines(file) if line.strip())


def _typed(cells: list[Any], where: str) -> Array:
    """Numbers with NaN for gaps where all are numbers, true and false where all are that, else text."""
    if any(isinstance(cell, list | dict) for cell in cells):
        raise DataError(where=where, expected="single values", received="lists or objects")
    present = [cell for cell in cells if cell is not None]
    if present and all(_is_plain_number(cell) for cell in present):
        return np.array([np.nan if cell is None else number_of(cell) for cell in cells], np.float64)
    words = [cell if isinstance(cell, bool) else BOOLEANS.get(str(cell).lower()) for cell in present]
    column = np.empty(len(cells), object)
    if present and None not in words:
        known = iter(words)
        column[:] = [None if cell is None else next(known) for cell in cells]
    else:
        column[:] = [cell if cell is None or isinstance(cell, bool) else str(cell) for cell in cells]
    return column


def _is_plain_number(cell: Any) -> bool:
    """Whether it is one, and no text such as 007."""
    is_padded = isinstance(cell, str) and re.match(PADDED, cell) is not None
    return not isinstance(cell, bool) and not is_padded and number_of(cell) is not None
