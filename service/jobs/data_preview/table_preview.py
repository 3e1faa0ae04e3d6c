"""The preview of a small table: its columns, cells and labels."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import DataError, shown
from models.preprocessing.cell_forms import form_of
from models.preprocessing.instances import Array
from models.preprocessing.pipeline import STEP_KINDS
from models.preprocessing.table_cells import BOOLEANS, date_of, explained, is_gap, number_of, value_of
from models.sources.columns import feature_columns, missing_targets, target_column
from models.sources.csv_dialect import find_decimal, with_point
from models.sources.csv_text import open_table
from models.sources.damaged_files import reading
from models.sources.known_sources import DataShape, Targets, ending_of
from models.sources.row_numbers import RowName, row_names
from models.spec.parts import DataSpec, Spec

__all__ = ["csv_columns", "json_columns", "preview_table"]


def csv_columns(path: Path, data: DataSpec) -> tuple[list[str], list[list[Any]]]:
    """Names of the columns and rows of cells; gaps are None, and decimal commas points.

    Raises:
        DataError: When it is not certain how the file is to be read.
    """
    expected = f"a readable {ending_of(path.name)} file"
    with reading(data.source, expected=expected), open_table(path, data) as table:
        rows = [[cell.strip() for cell in row] for row in table.rows]
    decimal = find_decimal(data.dialect, table.dialect.separator, _any_cell(rows), source=data.source)
    return table.names, [[None if is_gap(cell) else with_point(cell, decimal) for cell in row] for row in rows]


def _any_cell(rows: list[list[str]]) -> Callable[[str], bool]:
    return lambda pattern: any(re.match(pattern, cell) for row in rows for cell in row)


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
        where = f"{source}: {_row_names(spec.data)(rows.index(ragged))}"
        raise DataError(where=where, expected=f"{len(names)} cells", received=f"{len(ragged)}")
    target = target_column(names, spec.data)
    features = feature_columns(names, spec.data, target=target)
    rows, row_name = _with_target(rows, names.index(target), spec.data)
    targets = _targets([row[names.index(target)] for row in rows], f"{source}: column {target!r}", row_name)
    if any(isinstance(cell, list | dict) for cell in rows[0]):
        return DataShape(targets=targets)
    for name in features:
        _check_column([row[names.index(name)] for row in rows], name, spec, row_name)
    widened = any(step.name in STEP_KINDS for step in spec.preprocessing)
    return DataShape(None if widened else (len(features),), targets=targets)


def _row_names(data: DataSpec) -> RowName:
    return row_names(data.source, has_header=data.dialect.header is not False)


def _with_target(rows: list[list[Any]], place: int, data: DataSpec) -> tuple[list[list[Any]], RowName]:
    """The rows that are trained on, with their names: those without a target are dropped where the spec says so."""
    row_name = _row_names(data)
    if not data.drop_missing_target:
        return rows, row_name
    kept = [number for number, row in enumerate(rows) if not _is_missing(row[place])]
    if not kept:
        raise DataError(where=data.source, expected="at least one row with a target", received="none")
    return [rows[number] for number in kept], lambda row: row_name(kept[row])


def _is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and is_gap(cell))


def _check_column(cells: Sequence[Any], name: str, spec: Spec, row_name: RowName) -> None:
    filled = any(step.name == "fill" for step in spec.preprocessing)
    kind = next((STEP_KINDS[step.name] for step in spec.preprocessing
                 if step.name in STEP_KINDS and name in step.arguments["columns"]), "number")  # fmt: skip
    has_form = form_of(cells, kind, decimal=spec.data.dialect.decimal) is not None
    for row, cell in enumerate(cells):
        if cell is None or cell == "" or (kind != "category" and _is_missing(cell)):
            expected, received = "" if filled else "a value, or a `fill` step", "nothing"
        else:
            expected, received = "" if has_form else _expected(cell, kind), explained(cell)
        if expected:
            where = f"{spec.data.source}: column {name!r}, {row_name(row)}"
            raise DataError(where=where, expected=expected, received=received)


def _expected(cell: Any, kind: str) -> str:
    """What a column of this kind needs where a cell is another; nothing where it fits."""
    if kind == "number" and not _is_number(cell):
        return "a number, or a `one_hot` step for this column"
    return "a date as 2024-05-31" if kind == "date" and date_of(cell) is None else ""


def _is_number(cell: Any) -> bool:
    return number_of(cell) is not None or (isinstance(cell, str) and cell.strip().lower() in BOOLEANS)


def _targets(cells: Sequence[Any], where: str, row_name: RowName) -> Targets | None:
    """The targets as the trainer's reader gives them; None where cells hold lists, of which it makes rows."""
    gaps = [row for row, cell in enumerate(cells) if _is_missing(cell)]
    if gaps:
        raise missing_targets(f"{where}, {row_name(gaps[0])}", len(gaps), len(cells))
    if any(isinstance(cell, list | dict) for cell in cells):
        return None
    return Targets(_column(cells), where, row_name=row_name)


def _column(cells: Sequence[Any]) -> Array:
    """Cells as the trainer's reader types them: numbers or booleans where all are, else text."""
    values = [value_of(cell) if isinstance(cell, str) else cell for cell in cells]
    if all(isinstance(value, bool) for value in values):
        return np.array(values)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return np.array(values, np.float64)
    return np.array(cells, dtype=object)
