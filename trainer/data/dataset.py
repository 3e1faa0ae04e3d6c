"""What every source gives: raw features and raw targets, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from models.errors import DataError
from models.preprocessing.instances import Array, Feature
from models.preprocessing.pipeline import STEP_KINDS, TABLE_STEPS, StepSpec
from models.preprocessing.table_cells import date_of, explained, is_gap, number_of
from trainer.data.rows import Rows, take_rows

__all__ = ["Dataset"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Raw data, before labels are encoded and features preprocessed.

    Args:
        source: Where it comes from, as the spec names it.
        features: `(rows, *instance shape)` in its natural type; an object array when a table holds text or gaps;
            rows in a file when they are many.
        targets: `(rows,)` or `(rows, columns)`.
        columns: The names of the features, when an instance is a row of a table.
        class_names: The names that the source itself has for its classes.
        sha256: Digest of the data.
        own_test_rows: How many of the last rows are the source's own test part, held out whatever else is.
        features_name: The array that the features are, where it has a name.
        numbers: Where each row is in its source, or in the source's own test part, from 0; None where all are there.
        target: The column or array that the targets are, where it has a name.
        unused: The names of the columns that are neither features nor target.
        passed_over: What a folder of images holds beside them, and how many of each.
    """

    source: str
    features: Rows
    targets: Array
    sha256: str
    columns: tuple[Feature, ...] | None = None
    class_names: tuple[str, ...] | None = None
    own_test_rows: int = 0
    numbers: Array | None = None
    target: str | None = None
    features_name: str | None = None
    unused: tuple[str, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many instances there are."""
        return len(self.features)

    @property
    def instance_shape(self) -> tuple[int, ...]:
        """The raw shape of one instance."""
        return tuple(self.features.shape[1:])

    def take(self, rows: Array) -> "Dataset":
        """The same data with these rows only: `(rows,) int` indices."""
        return replace(
            self, features=take_rows(self.features, rows), targets=self.targets[rows], own_test_rows=0,
            numbers=self.source_rows(rows),
        )  # fmt: skip

    def source_rows(self, rows: Array) -> Array:
        """Where these rows are in the source, or in the source's own test part: `(rows,) int64`."""
        if self.numbers is not None:
            return self.numbers[rows]
        before_own_test = self.rows - self.own_test_rows
        return np.where(rows < before_own_test, rows, rows - before_own_test)

    def checked(self) -> "Dataset":
        """This dataset, when features and targets belong together.

        Raises:
            DataError: When it is empty, or lengths or dimensions differ.
        """
        if not self.rows:
            raise DataError(where=self.source, expected="at least one row", received="none")
        if len(self.targets) != self.rows:
            expected = f"one target for each of the {self.rows} rows of features"
            raise DataError(where=self.source, expected=expected, received=f"{len(self.targets)} targets")
        if self.features.ndim < 2:
            expected = "features with a samples axis and at least one more"
            raise DataError(where=self.source, expected=expected, received=f"shape {list(self.features.shape)}")
        return self

    def prepared_for(self, steps: tuple[StepSpec, ...]) -> "Dataset":
        """Name, type and check the features as the preprocessing steps need them.

        Raises:
            DataError: Names column and row of a text or a gap that no step takes care of.
        """
        names = tuple(column.name for column in self.columns or ())
        if not any(step.name in TABLE_STEPS for step in steps):
            features = self.features
            if isinstance(features, np.ndarray):  # rows in a file were checked on their way there
                features = _numbers(features, self.source, names)
            return replace(self, features=features)
        kinds = {name: STEP_KINDS[step.name] for step in steps if step.name in STEP_KINDS
                 for name in step.arguments["columns"]}  # fmt: skip
        return _as_table(self, kinds, optional=any(step.name == "fill" for step in steps))


def _as_table(dataset: Dataset, kinds: Mapping[str, str], *, optional: bool) -> Dataset:
    if dataset.features.ndim != 2:
        expected = "rows of a table, which `fill`, `date` and `one_hot` work on"
        received = f"instances of shape {list(dataset.instance_shape)}"
        raise DataError(where=dataset.source, expected=expected, received=received)
    given = dataset.columns or tuple(Feature(f"x{index}") for index in range(dataset.features.shape[1]))
    columns = tuple(Feature(column.name, kinds.get(column.name, column.kind), optional) for column in given)
    table = dataset.features[:]
    cells = np.empty(table.shape, dtype=object)
    for index, column in enumerate(columns):
        where = f"{dataset.source}: column {column.name!r}"
        listed = table[:, index].tolist()
        try:
            cells[:, index] = [_cell(cell, column, where, row) for row, cell in enumerate(listed)]
        except DataError as error:
            received = f"{error.received} ({_odd_cells(listed, column)} of {len(listed)} rows)"
            raise DataError(where=error.where, expected=error.expected, received=received) from error
    return replace(dataset, features=cells, columns=columns)


def _odd_cells(cells: list[Any], column: Feature) -> int:
    """How many cells of a column are not what it is a column of."""
    return sum(_is_odd(cell, column) for cell in cells)


def _is_odd(cell: Any, column: Feature) -> bool:
    try:
        _cell(cell, column, "", 0)
    except DataError:
        return True
    return False


def _cell(cell: Any, column: Feature, where: str, row: int) -> Any:
    if _is_missing(cell, column):
        if column.optional:
            return None
        raise DataError(where=f"{where}, row {row}", expected="a value, or a `fill` step", received="nothing")
    if column.kind == "category":
        return _category(cell)
    if column.kind == "date":
        if date_of(cell) is None:
            raise DataError(where=f"{where}, row {row}", expected="a date as 2024-05-31", received=explained(cell))
        return cell
    number = number_of(cell)
    if number is None:
        expected = "a number, or a `one_hot` step for this column"
        raise DataError(where=f"{where}, row {row}", expected=expected, received=explained(cell))
    return number


def _is_missing(cell: Any, column: Feature) -> bool:
    """Whether a cell holds nothing; in a category text is text, as only a file of text has gaps that are spelled."""
    if isinstance(cell, str):
        return column.kind != "category" and is_gap(cell)
    return cell is None or cell != cell  # noqa: PLR0124 -- NaN is the one value that differs from itself


def _category(cell: Any) -> str:
    """A category as text, spelled as a client's JSON value is: 1 and not 1.0, true and not True."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _numbers(features: Array, source: str, names: tuple[str, ...]) -> Array:
    """The features as an array of finite numbers.

    Raises:
        DataError: Names the first place with text, a gap, NaN or infinity.
    """
    if features.dtype.kind in "biu":
        return features
    if features.dtype.kind == "f":
        bad = ~np.isfinite(features)
    elif features.dtype.kind in "OUS":
        cells = np.frompyfunc(number_of, 1, 1)(features)
        bad = np.frompyfunc(lambda number: number is None, 1, 1)(cells).astype(bool)
    else:
        raise DataError(where=source, expected="numbers", received=f"dtype {features.dtype}")
    if bad.any():
        raise _no_number(features, tuple(int(axis) for axis in np.argwhere(bad)[0]), source, names)
    return features if features.dtype.kind == "f" else cells.astype(np.float64)


def _no_number(features: Array, place: tuple[int, ...], source: str, names: tuple[str, ...]) -> DataError:
    row, *rest = place
    cell = features[place]
    where = f"{source}: column {names[rest[0]]!r}, row {row}" if names else f"{source}: row {row}, value {rest}"
    gap = cell is None or isinstance(cell, float | np.floating)
    expected = "a finite number, or a `fill` step" if gap else "a number, or a `one_hot` step"
    return DataError(
        where=where, expected=expected, received=explained(cell.item() if isinstance(cell, np.generic) else cell)
    )
