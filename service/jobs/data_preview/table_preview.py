"""The preview of a small table: its columns, cells and labels."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from models.errors import DataError, shown
from models.preprocessing.pipeline import STEP_KINDS
from models.preprocessing.table_cells import BOOLEANS, date_of, explained, is_gap, number_of
from models.sources.columns import feature_columns, target_column
from models.sources.csv_text import open_table
from models.sources.damaged_files import reading
from models.sources.known_sources import DataShape
from models.spec.head import find_head
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
    classes = _classes([row[names.index(target)] for row in rows], target, spec)
    if any(isinstance(cell, list | dict) for cell in rows[0]):
        return DataShape(None, classes)
    for name in features:
        _check_column([row[names.index(name)] for row in rows], name, spec)
    widened = any(step.name in STEP_KINDS for step in spec.preprocessing)
    return DataShape(None if widened else (len(features),), classes)


def _check_column(cells: Sequence[Any], name: str, spec: Spec) -> None:
    filled = any(step.name == "fill" for step in spec.preprocessing)
    kind = next((STEP_KINDS[step.name] for step in spec.preprocessing
                 if step.name in STEP_KINDS and name in step.arguments["columns"]), "number")  # fmt: skip
    for row, cell in enumerate(cells):
        where = f"{spec.data.source}: column {name!r}, row {row}"
        if cell is None or cell == "":
            if not filled:
                raise DataError(where=where, expected="a value, or a `fill` step", received="nothing")
        elif kind == "number" and not _is_number(cell):
            expected = "a number, or a `one_hot` step for this column"
            raise DataError(where=where, expected=expected, received=explained(cell))
        elif kind == "date" and date_of(cell) is None:
            raise DataError(where=where, expected="a date as 2024-05-31", received=explained(cell))


def _is_number(cell: Any) -> bool:
    return number_of(cell) is not None or (isinstance(cell, str) and cell.strip().lower() in BOOLEANS)


def _classes(cells: Sequence[Any], target: str, spec: Spec) -> int | None:
    where = f"{spec.data.source}: column {target!r}"
    for row, cell in enumerate(cells):
        if cell is None or cell == "":
            raise DataError(where=f"{where}, row {row}", expected="a target in every row", received="nothing")
    head = find_head(spec.layers)
    if head is None or head.task == "regression" or isinstance(cells[0], list):
        return None
    found = {str(cell) for cell in cells}
    if len(found) < 2:
        raise DataError(where=where, expected="at least two classes", received=f"only {shown(next(iter(found)))}")
    names = spec.data.class_names
    if names is not None and len(names) != len(found):
        expected = f"{len(found)} class names, one for each class in the data"
        raise DataError(where="data.class_names", expected=expected, received=f"{len(names)} names")
    numbers = {number_of(cell) for cell in cells}
    if None not in numbers and len(numbers) != len(found):
        return None  # one number is written in several ways: the trainer will see how many there are
    return len(found)
