"""What every source gives: raw features and raw targets, row by row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from models.errors import DataError
from models.preprocessing.cell_forms import FORMS, PERCENT, form_of, in_form
from models.preprocessing.instances import Array, Feature
from models.preprocessing.pipeline import PADDING, STEP_KINDS, TABLE_STEPS, StepSpec
from models.preprocessing.sequences import are_ragged
from models.preprocessing.table_cells import date_of, explained, is_gap, number_of
from models.sources.row_numbers import numbered_row
from trainer.data.rows import Rows, join_rows, take_rows

__all__ = ["Dataset"]


@dataclass(frozen=True, slots=True)
class Dataset:
    """Raw data, before labels are encoded and features preprocessed.

    Args:
        source: Where it comes from, as the spec names it.
        features: `(rows, *instance shape)` in its natural type; an object array when a table holds text or gaps;
            `(rows,)` arrays of `(steps, *values)` where sequences have different lengths; rows in a file when they are
            many.
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
        has_header: Whether a file of text has a line of names on top.
        decimal: The decimal sign of a file of text, where the spec says it.
        is_text: Whether it is a file of text, whose cells have no types.
        groups: The number of the group that each row belongs to, `(rows,) int64`, where the spec names one.
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
    has_header: bool = True
    decimal: str | None = None
    is_text: bool = False
    groups: Array | None = None

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
            numbers=self.source_rows(rows), groups=None if self.groups is None else self.groups[rows],
        )  # fmt: skip

    def joined(self, other: "Dataset") -> "Dataset":
        """These rows, and behind them other rows of the same data."""
        groups = None if self.groups is None or other.groups is None else np.concatenate([self.groups, other.groups])
        numbers = [one.source_rows(np.arange(one.rows)) for one in (self, other)]
        return replace(
            self, features=join_rows(self.features, other.features), own_test_rows=0,
            targets=np.concatenate([self.targets, other.targets]), numbers=np.concatenate(numbers), groups=groups,
        )  # fmt: skip

    def source_rows(self, rows: Array) -> Array:
        """Where these rows are in the source, or in the source's own test part: `(rows,) int64`."""
        if self.numbers is not None:
            return self.numbers[rows]
        before_own_test = self.rows - self.own_test_rows
        return np.where(rows < before_own_test, rows, rows - before_own_test)

    def row_name(self, row: int) -> str:
        """A row in words, as an editor counts it in the source."""
        (place,) = self.source_rows(np.array([row])).tolist()
        return numbered_row(self.source, place, has_header=self.has_header)

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
        if self.groups is not None and len(self.groups) != self.rows:
            where, expected = f"{self.source}: data.groups", f"one for each of the {self.rows} rows of features"
            raise DataError(where=where, expected=expected, received=f"{len(self.groups)}")
        if self.features.ndim < 2 and not are_ragged(self.features):
            expected = "features with a samples axis and at least one more"
            raise DataError(where=self.source, expected=expected, received=f"shape {list(self.features.shape)}")
        return self

    def prepared_for(self, steps: tuple[StepSpec, ...], *, forms: Mapping[str, str] | None = None) -> "Dataset":
        """Name, type and check the features as the preprocessing steps need them.

        Args:
            steps: Of the spec.
            forms: Column → the form of its cells, where another source has told it; else told from the cells.

        Raises:
            DataError: Names column and row of a text or a gap that no step takes care of.
        """
        kinds = {name: STEP_KINDS[step.name] for step in steps if step.name in STEP_KINDS
                 for name in step.arguments["columns"]}  # fmt: skip
        if are_ragged(self.features):
            return self._checked_sequences(steps)
        dataset = _in_plain_cells(self, kinds, forms)
        names = tuple(column.name for column in dataset.columns or ())
        if not any(step.name in TABLE_STEPS for step in steps):
            features = dataset.features
            if isinstance(features, np.ndarray):  # rows in a file were checked on their way there
                features = _numbers(dataset, features, names)
            return replace(dataset, features=features)
        return _as_table(dataset, kinds, optional=any(step.name == "fill" for step in steps))

    def _checked_sequences(self, steps: tuple[StepSpec, ...]) -> "Dataset":
        """This dataset, when a step pads its sequences, and every one has finite steps.

        Raises:
            DataError: When no step does; or names the first row that has none.
        """
        where = f"{self.source}: {self.features_name}"
        if not any(step.name == PADDING for step in steps):
            lengths = [len(row) for row in self.features[:]]
            received = f"ragged rows of {min(lengths)} to {max(lengths)} values"
            raise DataError(
                where=where, expected="lists of numbers, all of one shape, or a `pad_sequences` step", received=received
            )
        for index, row in enumerate(self.features[:]):
            if not len(row) or not np.isfinite(row).all():
                expected, received = "a sequence of finite numbers", "an empty one" if not len(row) else "NaN or gaps"
                raise DataError(where=f"{where}, {self.row_name(index)}", expected=expected, received=received)
        return self


def _in_plain_cells(dataset: Dataset, kinds: Mapping[str, str], forms: Mapping[str, str] | None) -> Dataset:
    """The same with numbers, and dates as 2024-05-31, in columns that spell them otherwise; their form is kept."""
    if dataset.columns is None or not isinstance(dataset.features, np.ndarray):
        return dataset
    known = _forms_of(dataset.columns, dataset, kinds) if forms is None else forms
    if not known:
        return dataset
    cells, columns = dataset.features.astype(object), list(dataset.columns)
    for index, column in enumerate(columns):
        if column.name in known:
            columns[index] = replace(column, form=known[column.name])
            cells[:, index] = _meant(dataset, columns[index], cells[:, index].tolist())
    return replace(dataset, features=cells, columns=tuple(columns))


def _forms_of(columns: Sequence[Feature], dataset: Dataset, kinds: Mapping[str, str]) -> dict[str, str]:
    """Column → the form of its cells, of those that have one."""
    if dataset.features.dtype != object:
        return {}
    table = dataset.features[:]
    found = {column.name: form_of(table[:, index].tolist(), kinds.get(column.name, column.kind),
                                  decimal=dataset.decimal) for index, column in enumerate(columns)}  # fmt: skip
    return {name: form for name, form in found.items() if form is not None}


def _meant(dataset: Dataset, column: Feature, cells: list[Any]) -> list[Any]:
    """The cells of a column with a form as what they mean, gaps as they are.

    Raises:
        DataError: Names the first that is not in the form: another source may spell it otherwise.
    """
    form = str(column.form)
    needs_sign = form == PERCENT and dataset.is_text  # a plain 12 there may mean 0.12
    meant: list[Any] = []
    for row, cell in enumerate(cells):
        is_gap_here = _is_missing(cell, column)
        found = None if is_gap_here or (needs_sign and not isinstance(cell, str)) else in_form(cell, form)
        if found is None and not is_gap_here:
            where = f"{dataset.source}: column {column.name!r}, {dataset.row_name(row)}"
            raise DataError(where=where, expected=FORMS[form], received=explained(cell))
        meant.append(cell if is_gap_here else found)
    return meant


def _as_table(dataset: Dataset, kinds: Mapping[str, str], *, optional: bool) -> Dataset:
    if dataset.features.ndim != 2:
        expected = "rows of a table, which `fill`, `date` and `one_hot` work on"
        received = f"instances of shape {list(dataset.instance_shape)}"
        raise DataError(where=dataset.source, expected=expected, received=received)
    given = dataset.columns or tuple(Feature(f"x{index}") for index in range(dataset.features.shape[1]))
    columns = tuple(replace(column, kind=kinds.get(column.name, column.kind), optional=optional) for column in given)
    table = dataset.features[:]
    cells = np.empty(table.shape, dtype=object)
    for index, column in enumerate(columns):
        listed = table[:, index].tolist()
        try:
            cells[:, index] = [_cell(cell, column) for cell in listed]
        except DataError as error:
            raise _odd_column(dataset, column, listed) from error
    return replace(dataset, features=cells, columns=columns)


def _odd_column(dataset: Dataset, column: Feature, cells: list[Any]) -> DataError:
    """The error of the first cell that is not what its column is one of, with the number of such cells."""
    found = [(row, error) for row, cell in enumerate(cells) if (error := _error_of(cell, column)) is not None]
    row, error = found[0]
    where = f"{dataset.source}: column {column.name!r}, {dataset.row_name(row)}"
    received = f"{error.received} ({len(found)} of {len(cells)} rows)"
    return DataError(where=where, expected=error.expected, received=received)


def _error_of(cell: Any, column: Feature) -> DataError | None:
    try:
        _cell(cell, column)
    except DataError as error:
        return error
    return None


def _cell(cell: Any, column: Feature) -> Any:
    if _is_missing(cell, column):
        if column.optional:
            return None
        raise DataError(where=column.name, expected="a value, or a `fill` step", received="nothing")
    if column.kind == "category":
        return _category(cell)
    if column.kind == "date":
        if date_of(cell) is None:
            raise DataError(where=column.name, expected="a date as 2024-05-31", received=explained(cell))
        return cell
    number = number_of(cell)
    if number is None:
        expected = "a number, or a `one_hot` step for this column"
        raise DataError(where=column.name, expected=expected, received=explained(cell))
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


def _numbers(dataset: Dataset, features: Array, names: tuple[str, ...]) -> Array:
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
        raise DataError(where=dataset.source, expected="numbers", received=f"dtype {features.dtype}")
    if bad.any():
        raise _no_number(features, tuple(int(axis) for axis in np.argwhere(bad)[0]), dataset, names)
    return features if features.dtype.kind == "f" else cells.astype(np.float64)


def _no_number(features: Array, place: tuple[int, ...], dataset: Dataset, names: tuple[str, ...]) -> DataError:
    row, *rest = place
    cell = features[place]
    line = dataset.row_name(row)
    column = f"column {names[rest[0]]!r}, {line}" if names else f"{line}, value {rest}"
    gap = cell is None or isinstance(cell, float | np.floating)
    expected = "a finite number, or a `fill` step" if gap else "a number, or a `one_hot` step"
    received = explained(cell.item() if isinstance(cell, np.generic) else cell)
    return DataError(where=f"{dataset.source}: {column}", expected=expected, received=received)
