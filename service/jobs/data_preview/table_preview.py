"""The preview of a small table: its columns, cells and labels."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import DataError, shown
from models.preprocessing.instances import Array
from models.preprocessing.table_cells import BOOLEANS, is_gap, number_of, value_of
from models.sources.columns import feature_columns, target_column
from models.sources.csv_text import open_table
from models.sources.damaged_files import reading
from models.sources.known_sources import DataShape, Targets
from models.spec.parts import Spec

__all__ = ["csv_columns", "json_columns", "preview_table"]


def csv_columns(path: Path, source: str) -> tuple[list[str], list[list[Any]]]:
    """Names of the columns and rows of cells; gaps are None."""
    with reading(source, expected="a readable .csv file"), open_table(path) as (names, rows):
        return names, [[None if is_gap(cell) else cell.strip() for cell in row] for row in rows]


def json_columns(path: Path, source: str) -> tuple[list[str], list[list[Any]]]:
    """Names of all keys and rows of values, from one JSON object a line."""
    documents = list(_json_lines(path, source))
    names = list(dict.fromkeys(name for document in documents for name in document))
    return names, [[document.get(name) for name in names] for document in documents]


def _json_lines(path: Path, source: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{source}: line {number}"
        with reading(where, expected="one JSON object a line"):
            document = json.loads(line.decode())
        if not isinstance(document, dict):
            raise DataError(where=where, expected="a JSON object", received=shown(document))
        yield document


def preview_table(names: list[str], rows: list[list[Any]], spec: Spec) -> DataShape:
    """Check columns, cells and labels against what the spec makes of them.

    Raises:
        DataError: Names the first column and row that cannot be trained on.
    """
    source = spec.data.source
    if not rows:
        raise DataError(where=source, expected="at least one row", received="none")
    ragged = next((row for row in rows if len(row) != len(names)), None)
    if ragged is not None:
        where = f"{source}: row {rows.index(ragged)}"
        raise DataError(where=where, expected=f"{len(names)} cells", received=f"{len(ragged)}")
    target = target_column(names, spec.data)
    features = feature_columns(names, spec.data, target=target)
    targets = _targets([row[names.index(target)] for row in rows], target, spec.data.source)
    if any(isinstance(cell, list | dict) for cell in rows[0]):
        return DataShape(targets=targets)
    for name in features:
        _check_column([row[names.index(name)] for row in rows], name, spec)
    one_hot = any(step.name == "one_hot" for step in spec.preprocessing)
    return DataShape(None if one_hot else (len(features),), targets=targets)


def _check_column(cells: Sequence[Any], name: str, spec: Spec) -> None:
    steps = {step.name for step in spec.preprocessing}
    categories = {one for step in spec.preprocessing if step.name == "one_hot" for one in step.arguments["columns"]}
    for row, cell in enumerate(cells):
        where = f"{spec.data.source}: column {name!r}, row {row}"
        if cell is None or cell == "":
            if "fill" not in steps:
                raise DataError(where=where, expected="a value, or a `fill` step", received="nothing")
        elif name not in categories and not _is_number(cell):
            raise DataError(where=where, expected="a number, or a `one_hot` step for this column", received=shown(cell))


def _is_number(cell: Any) -> bool:
    return number_of(cell) is not None or (isinstance(cell, str) and cell.strip().lower() in BOOLEANS)


def _targets(cells: Sequence[Any], target: str, source: str) -> Targets | None:
    """The targets as the trainer's reader gives them; None where cells hold lists, of which it makes rows."""
    where = f"{source}: column {target!r}"
    for row, cell in enumerate(cells):
        if cell is None or cell == "":
            raise DataError(where=f"{where}, row {row}", expected="a target in every row", received="nothing")
    if any(isinstance(cell, list | dict) for cell in cells):
        return None
    return Targets(_column(cells), where)


def _column(cells: Sequence[Any]) -> Array:
    """Cells as the trainer's reader types them: numbers or booleans where all are, else text."""
    values = [value_of(cell) if isinstance(cell, str) else cell for cell in cells]
    if all(isinstance(value, bool) for value in values):
        return np.array(values)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values, np.float64)
    return np.array(cells, dtype=object)
