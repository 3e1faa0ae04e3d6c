"""Preprocessing: the same few numpy lines behind training and behind serving.

A step is written in a spec, fitted on the training split, kept with its fitted values in the manifest, and applied
to every batch: `(batch, *instance shape)` in, float32 `(batch, *model shape)` out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

from models.errors import DataError, InputError, shown
from models.instances import Array, Feature

__all__ = ["Preprocessing", "StepSpec", "fit_steps"]


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One preprocessing step as a spec names it, its arguments checked."""

    name: str
    arguments: Mapping[str, Any]


class Step(Protocol):
    """A fitted step."""

    def apply(self, batch: Array) -> Array:
        """Transform a batch, the samples axis first."""

    @property
    def document(self) -> dict[str, Any]:
        """The step with its fitted values, for the manifest."""


@dataclass(frozen=True, slots=True)
class Astype:
    """Everything becomes float32."""

    def apply(self, batch: Array) -> Array:
        """Convert; an object array must hold numbers only by now."""
        if batch.dtype == object and any(cell is None or isinstance(cell, str) for cell in batch.flat):
            raise _not_a_number(batch)
        return batch.astype(np.float32, copy=False)

    @property
    def document(self) -> dict[str, Any]:
        """Always the same."""
        return {"astype": "float32"}


def _not_a_number(batch: Array) -> InputError:
    row, column = next(place for place, cell in np.ndenumerate(batch) if cell is None or isinstance(cell, str))
    return InputError(where=f"instances[{row}][{column}]", expected="a number", received=shown(batch[row, column]))


@dataclass(frozen=True, slots=True)
class Rescale:
    """`x * scale + offset`, as `keras.layers.Rescaling`."""

    scale: float
    offset: float

    def apply(self, batch: Array) -> Array:
        """Multiply, then add, in float32."""
        return batch * np.float32(self.scale) + np.float32(self.offset)

    @property
    def document(self) -> dict[str, Any]:
        """Scale and offset."""
        return {"rescale": {"scale": self.scale, "offset": self.offset}}


@dataclass(frozen=True, slots=True)
class Standardize:
    """`(x - mean) / deviation` along the last axis, as `keras.layers.Normalization`; a constant column becomes zero."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def apply(self, batch: Array) -> Array:
        """Subtract, then divide, in float32."""
        return (batch - np.asarray(self.mean, np.float32)) / np.asarray(self.deviation, np.float32)

    @classmethod
    def fit(cls, batch: Array) -> Self:
        """Mean and population deviation of a training split, summed in float64."""
        rows = batch.reshape(-1, batch.shape[-1]).astype(np.float64)
        deviation = rows.std(axis=0)
        # What is left of a constant column after rounding is noise, not a deviation.
        constant = deviation <= 1e-12 * np.maximum(1.0, np.abs(rows.mean(axis=0)))
        return cls(tuple(rows.mean(axis=0).tolist()), tuple(np.where(constant, 1.0, deviation).tolist()))

    @property
    def document(self) -> dict[str, Any]:
        """Mean and deviation."""
        return {"standardize": {"mean": list(self.mean), "deviation": list(self.deviation)}}


@dataclass(frozen=True, slots=True)
class Fill:
    """Missing values (null, NaN) of each column are replaced by one value."""

    strategy: str
    values: tuple[Any, ...]

    def apply(self, batch: Array) -> Array:
        """Replace column by column, on a copy."""
        filled = batch.copy()
        for column, value in enumerate(self.values):
            missing = _missing(filled[:, column])
            if missing.any():
                filled[missing, column] = value
        return filled

    @classmethod
    def fit(cls, batch: Array, strategy: str, value: Any) -> Self:
        """The value of each column, from a training split."""
        return cls(strategy, tuple(_fill_value(batch[:, column], strategy, value) for column in range(batch.shape[1])))

    @property
    def document(self) -> dict[str, Any]:
        """The strategy and the value of each column."""
        return {"fill": {"strategy": self.strategy, "values": list(self.values)}}


def _missing(column: Array) -> Array:
    if column.dtype == object:
        return np.array([cell is None or (isinstance(cell, float) and math.isnan(cell)) for cell in column], dtype=bool)
    return np.isnan(column)


def _fill_value(column: Array, strategy: str, value: Any) -> Any:
    present = column[~_missing(column)]
    if strategy == "constant":
        return value
    if not len(present):
        raise DataError(where="preprocessing.fill", expected="a value in every column", received="a column without any")
    if strategy == "most_frequent" or isinstance(present[0], str):
        values, counts = np.unique(present.astype(str) if isinstance(present[0], str) else present, return_counts=True)
        return values[np.argmax(counts)].item()
    numbers = present.astype(np.float64)
    return float(np.mean(numbers) if strategy == "mean" else np.median(numbers))


@dataclass(frozen=True, slots=True)
class OneHot:
    """Columns of categories become one column for each category seen in training."""

    columns: tuple[str, ...]
    positions: tuple[int, ...]
    categories: tuple[tuple[Any, ...], ...]

    def apply(self, batch: Array) -> Array:
        """Widen the table; the order of the columns stays."""
        parts = [self._column(batch, position) for position in range(batch.shape[1])]
        return np.concatenate(parts, axis=1)

    def _column(self, batch: Array, position: int) -> Array:
        column = batch[:, position]
        if position not in self.positions:
            return column.reshape(-1, 1)
        which = self.positions.index(position)
        numbers = {category: number for number, category in enumerate(self.categories[which])}
        codes = [self._code(cell, which, row, numbers) for row, cell in enumerate(column.tolist())]
        hot: Array = np.eye(len(numbers), dtype=np.float32)[codes]
        return hot.astype(batch.dtype) if batch.dtype == object else hot

    def _code(self, cell: Any, which: int, row: int, numbers: Mapping[Any, int]) -> int:
        if cell in numbers:
            return numbers[cell]
        known = ", ".join(str(category) for category in self.categories[which][:20])
        raise InputError(
            where=f"instances[{row}].{self.columns[which]}", expected=f"one of {known}", received=shown(cell)
        )

    @classmethod
    def fit(cls, batch: Array, columns: Sequence[str], names: Sequence[str]) -> Self:
        """The categories of a training split, sorted."""
        positions = tuple(names.index(column) for column in columns)
        categories = tuple(tuple(sorted(set(batch[:, position].tolist()))) for position in positions)
        return cls(tuple(columns), positions, categories)

    @property
    def document(self) -> dict[str, Any]:
        """Columns, where they stand, and their categories."""
        return {"one_hot": {"columns": list(self.columns), "positions": list(self.positions),
                            "categories": [list(categories) for categories in self.categories]}}  # fmt: skip

    def widened(self, names: Sequence[str]) -> list[str]:
        """The names of the columns after this step."""
        out: list[str] = []
        for position, name in enumerate(names):
            if position in self.positions:
                out += [f"{name}={category}" for category in self.categories[self.positions.index(position)]]
            else:
                out.append(name)
        return out


@dataclass(frozen=True, slots=True)
class Reshape:
    """Every instance gets this shape, row-major."""

    shape: tuple[int, ...]

    def apply(self, batch: Array) -> Array:
        """Keep the samples axis, reshape the rest."""
        return batch.reshape(len(batch), *self.shape)

    @property
    def document(self) -> dict[str, Any]:
        """The shape without the samples axis."""
        return {"reshape": list(self.shape)}


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Fitted steps in order."""

    steps: tuple[Step, ...]
    output_shape: tuple[int, ...]

    def apply(self, batch: Array) -> Array:
        """Make raw instances into what the network takes.

        Args:
            batch: `(batch, *instance shape)`, float32 or object.

        Returns:
            float32 `(batch, *output_shape)`, contiguous.

        Raises:
            InputError: For a category that was not seen in training.
        """
        for step in self.steps:
            batch = step.apply(batch)
        return np.ascontiguousarray(batch, dtype=np.float32)

    @property
    def document(self) -> list[dict[str, Any]]:
        """The fitted steps, for the manifest."""
        return [step.document for step in self.steps]

    @classmethod
    def from_document(cls, document: Sequence[Mapping[str, Any]], output_shape: Sequence[int]) -> Self:
        """Read back what a manifest holds."""
        return cls(tuple(_read_step(entry) for entry in document), tuple(output_shape))


def _read_step(entry: Mapping[str, Any]) -> Step:
    ((name, values),) = entry.items()
    match name:
        case "astype":
            return Astype()
        case "rescale":
            return Rescale(float(values["scale"]), float(values["offset"]))
        case "standardize":
            return Standardize(tuple(values["mean"]), tuple(values["deviation"]))
        case "fill":
            return Fill(values["strategy"], tuple(values["values"]))
        case "one_hot":
            categories = tuple(tuple(one) for one in values["categories"])
            return OneHot(tuple(values["columns"]), tuple(values["positions"]), categories)
        case "reshape":
            return Reshape(tuple(int(size) for size in values))
    raise ValueError(f"expected a known preprocessing step; received {name!r}")


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Where fitting stands: the steps so far, the batch after them, its columns' names."""

    steps: tuple[Step, ...]
    batch: Array
    names: tuple[str, ...]

    def then(self, step: Step) -> "_Fitting":
        names = step.widened(self.names) if isinstance(step, OneHot) else self.names
        return _Fitting((*self.steps, step), step.apply(self.batch), tuple(names))


def fit_steps(steps: Sequence[StepSpec], batch: Array, *, features: Sequence[Feature] | None = None) -> Preprocessing:
    """Fit the steps of a spec on the training split.

    Args:
        steps: As the spec names them; `astype` is implied.
        batch: `(batch, *instance shape)` raw training instances.
        features: The columns, for `one_hot`.

    Raises:
        DataError: When a step does not fit the data.
    """
    fitting = _Fitting((), batch, tuple(feature.name for feature in features or ()))
    table_steps = [step for step in steps if step.name in ("fill", "one_hot")]
    for step in table_steps:
        fitting = fitting.then(_fit_table_step(step, fitting))
    fitting = fitting.then(_checked_astype(fitting))
    for step in steps:
        if step.name in ("rescale", "standardize", "reshape"):
            fitting = fitting.then(_fit_step(step, fitting.batch))
    return Preprocessing(fitting.steps, fitting.batch.shape[1:])


def _checked_astype(fitting: _Fitting) -> Astype:
    batch = fitting.batch
    if batch.dtype != object:
        return Astype()
    for column in range(batch.shape[1]):
        text = next((cell for cell in batch[:, column] if isinstance(cell, str)), None)
        name = fitting.names[column] if fitting.names else str(column)
        if text is not None:
            raise DataError(
                where=f"column {name!r}", expected="numbers, or a `one_hot` step for it", received=shown(text)
            )
        if _missing(batch[:, column]).any():
            raise DataError(where=f"column {name!r}", expected="no gaps, or a `fill` step", received="missing values")
    return Astype()


def _fit_table_step(step: StepSpec, fitting: _Fitting) -> Step:
    batch, names = fitting.batch, fitting.names
    if batch.ndim != 2:
        raise DataError(
            where=f"preprocessing.{step.name}", expected="rows of a table", received=f"shape {batch.shape[1:]}"
        )
    if step.name == "fill":
        return Fill.fit(batch, step.arguments["strategy"], step.arguments.get("value"))
    columns = tuple(step.arguments["columns"])
    for column in columns:
        if column not in names:
            expected = f"one of the columns {', '.join(names[:20])}" if names else "data with named columns"
            raise DataError(where="preprocessing.one_hot.columns", expected=expected, received=shown(column))
    return OneHot.fit(batch, columns, names)


def _fit_step(step: StepSpec, batch: Array) -> Step:
    if step.name == "rescale":
        return Rescale(step.arguments["scale"], step.arguments["offset"])
    if step.name == "standardize":
        return Standardize.fit(batch)
    shape = tuple(step.arguments["shape"])
    try:
        return Reshape(batch.reshape(len(batch), *shape).shape[1:])
    except ValueError as error:
        size = int(np.prod(batch.shape[1:]))
        raise DataError(
            where="preprocessing.reshape", expected=f"a shape of {size} values, as each instance has",
            received=str(list(shape)),
        ) from error  # fmt: skip
