"""The fitted steps of a preprocessing: a few numpy lines each, and what a manifest keeps of them."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from models.errors import DataError, InputError, UnknownCategory, shown
from models.preprocessing.instances import Array
from models.preprocessing.sequences import PadSequences
from models.preprocessing.table_cells import date_of, spellings_of

__all__ = [
    "OTHER", "Astype", "DateParts", "Fill", "OneHot", "Rescale", "Reshape", "Resize", "Standardize", "Step",
    "missing_cells", "read_step",
]  # fmt: skip


class Step(Protocol):
    """A fitted step."""

    def apply(self, batch: Array) -> Array:
        """Transform a batch, `(batch, *shape)`: float32, or object while columns hold text."""

    @property
    def document(self) -> dict[str, Any]:
        """The step with its fitted values, for the manifest."""


@dataclass(frozen=True, slots=True)
class Astype:
    """Everything becomes float32."""

    def apply(self, batch: Array) -> Array:
        """Convert `(batch, *shape)` to float32; an object array must hold numbers only by now."""
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
        """Multiply, then add, in float32; the shape stays."""
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
        """Subtract, then divide, in float32; the shape stays."""
        return (batch - np.asarray(self.mean, np.float32)) / np.asarray(self.deviation, np.float32)

    @classmethod
    def fit(cls, batches: Iterable[Array]) -> Self:
        """Mean and population deviation of a training split in batches of `(batch, *shape)`, summed in float64."""
        count, mean, squares = 0, np.zeros(1), np.zeros(1)
        for batch in batches:
            rows = batch.reshape(-1, batch.shape[-1]).astype(np.float64)
            own_mean, total = rows.mean(axis=0), count + len(rows)
            # Chan's update: no batch is kept, and no digits are lost as with a sum of squares.
            squares = squares + rows.var(axis=0) * len(rows) + (own_mean - mean) ** 2 * (count * len(rows) / total)
            mean, count = mean + (own_mean - mean) * (len(rows) / total), total
        deviation = np.sqrt(squares / max(count, 1))
        # What is left of a constant column after rounding is noise, not a deviation.
        constant = deviation <= 1e-12 * np.maximum(1.0, np.abs(mean))
        return cls(tuple(mean.tolist()), tuple(np.where(constant, 1.0, deviation).tolist()))

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
        """Replace column by column, on a copy: `(batch, columns)` float or object."""
        filled = batch.copy()
        for column, value in enumerate(self.values):
            missing = missing_cells(filled[:, column])
            if missing.any():
                filled[missing, column] = value
        return filled

    @classmethod
    def fit(cls, batch: Array, strategy: str, value: Any) -> Self:
        """The value of each column, from a training split `(rows, columns)` of float or object."""
        return cls(strategy, tuple(_fill_value(batch[:, column], strategy, value) for column in range(batch.shape[1])))

    @property
    def document(self) -> dict[str, Any]:
        """The strategy and the value of each column."""
        return {"fill": {"strategy": self.strategy, "values": list(self.values)}}


def missing_cells(column: Array) -> Array:
    """Which cells of a column `(rows,)` hold nothing, null or NaN: `(rows,) bool`."""
    if column.dtype == object:
        return np.array([cell is None or (isinstance(cell, float) and math.isnan(cell)) for cell in column], dtype=bool)
    return np.isnan(column)


def _fill_value(column: Array, strategy: str, value: Any) -> Any:
    present = column[~missing_cells(column)]
    if strategy == "constant":
        return str(value) if len(present) and isinstance(present[0], str) else value
    if not len(present):
        raise DataError(where="preprocessing.fill", expected="a value in every column", received="a column without any")
    if strategy == "most_frequent" or isinstance(present[0], str):
        values, counts = np.unique(present.astype(str) if isinstance(present[0], str) else present, return_counts=True)
        return values.tolist()[int(np.argmax(counts))]
    numbers = present.astype(np.float64)
    return float(np.mean(numbers) if strategy == "mean" else np.median(numbers))


SHOWN_CATEGORIES = 20
OTHER = "other"
"""What `one_hot: {unknown: …}` makes of a category that training did not see: a column of its own, or an error."""


def _widened(batch: Array, positions: Sequence[int], encoded: Callable[[Array, int], Array]) -> Array:
    """The batch with the columns at `positions` as several each, `encoded(column, which)`; the order stays."""
    parts = [
        encoded(batch[:, position], positions.index(position)) if position in positions else batch[:, [position]]
        for position in range(batch.shape[1])
    ]
    return np.concatenate(parts, axis=1)


@dataclass(frozen=True, slots=True)
class OneHot:
    """Columns of categories become one column for each category seen in training.

    Args:
        columns: Their names.
        positions: Where they stand.
        categories: Of each of them.
        unknown: `error`, or `other`: then one more column stands for every category that training did not see.
    """

    columns: tuple[str, ...]
    positions: tuple[int, ...]
    categories: tuple[tuple[Any, ...], ...]
    unknown: str = "error"

    def apply(self, batch: Array) -> Array:
        """Widen the table, `(batch, columns)` object; the order of the columns stays."""
        return _widened(batch, self.positions, self._encoded)

    def _encoded(self, column: Array, which: int) -> Array:
        numbers = {category: number for number, category in enumerate(self.categories[which])}
        codes = [self._code(cell, which, row, numbers) for row, cell in enumerate(column.tolist())]
        hot: Array = np.eye(len(numbers) + (self.unknown == OTHER), dtype=np.float32)[codes]
        return hot.astype(column.dtype) if column.dtype == object else hot

    def _code(self, cell: Any, which: int, row: int, numbers: Mapping[Any, int]) -> int:
        if cell in numbers:
            return numbers[cell]
        for spelled in spellings_of(cell):
            if spelled in numbers:
                return numbers[spelled]
        if self.unknown == OTHER:
            return len(numbers)
        known = self.categories[which][:SHOWN_CATEGORIES]
        raise UnknownCategory(row=row, column=self.columns[which], known=known, category=cell)

    @classmethod
    def fit(cls, batch: Array, columns: Sequence[str], names: Sequence[str], *, unknown: str = "error") -> Self:
        """The categories of a training split `(rows, columns)` of object, sorted."""
        positions = tuple(names.index(column) for column in columns)
        categories = tuple(tuple(sorted(set(batch[:, position].tolist()))) for position in positions)
        return cls(tuple(columns), positions, categories, unknown)

    @property
    def document(self) -> dict[str, Any]:
        """Columns, where they stand, and their categories; `unknown` where it is no error."""
        values = {"columns": list(self.columns), "positions": list(self.positions),
                  "categories": [list(categories) for categories in self.categories]}  # fmt: skip
        return {"one_hot": values | ({"unknown": OTHER} if self.unknown == OTHER else {})}

    def widened(self, names: Sequence[str]) -> list[str]:
        """The names of the columns after this step."""
        out: list[str] = []
        for position, name in enumerate(names):
            if position in self.positions:
                categories = self.categories[self.positions.index(position)]
                out += [f"{name}={category}" for category in categories]
                out += [f"{name} {OTHER}"] if self.unknown == OTHER else []
            else:
                out.append(name)
        return out


@dataclass(frozen=True, slots=True)
class DateParts:
    """Columns of dates become four columns of numbers each: year, month, weekday (Monday is 1), day of the year."""

    PARTS: ClassVar[tuple[str, ...]] = ("year", "month", "weekday", "day of year")
    columns: tuple[str, ...]
    positions: tuple[int, ...]

    def apply(self, batch: Array) -> Array:
        """Widen the table, `(batch, columns)` object; the order of the columns stays.

        Raises:
            InputError: Names the first cell that is no date.
        """
        return _widened(batch, self.positions, self._encoded)

    def _encoded(self, column: Array, which: int) -> Array:
        name = self.columns[which]
        return np.array([_date_parts(cell, name, row) for row, cell in enumerate(column.tolist())], dtype=object)

    @classmethod
    def fit(cls, columns: Sequence[str], names: Sequence[str]) -> Self:
        """Nothing is fitted but the places of the columns."""
        return cls(tuple(columns), tuple(names.index(column) for column in columns))

    @property
    def document(self) -> dict[str, Any]:
        """Columns, and where they stand."""
        return {"date": {"columns": list(self.columns), "positions": list(self.positions)}}

    def widened(self, names: Sequence[str]) -> list[str]:
        """The names of the columns after this step."""
        parts = [[f"{name} {part}" for part in self.PARTS] if position in self.positions else [name]
                 for position, name in enumerate(names)]  # fmt: skip
        return [name for some in parts for name in some]


def _date_parts(cell: Any, column: str, row: int) -> tuple[float, ...]:
    day = date_of(cell)
    if day is None:
        raise InputError(where=f"instances[{row}].{column}", expected="a date as 2024-05-31", received=shown(cell))
    return float(day.year), float(day.month), float(day.isoweekday()), float(day.timetuple().tm_yday)


@dataclass(frozen=True, slots=True)
class Reshape:
    """Every instance gets this shape, row-major."""

    shape: tuple[int, ...]

    def apply(self, batch: Array) -> Array:
        """Keep the samples axis, reshape the rest: `(batch, *shape)` of any dtype."""
        return batch.reshape(len(batch), *self.shape)

    @property
    def document(self) -> dict[str, Any]:
        """The shape without the samples axis."""
        return {"reshape": list(self.shape)}


@dataclass(frozen=True, slots=True)
class Resize:
    """Images get one height and width when they are decoded; their pixels arrive here in that size."""

    height: int
    width: int

    def apply(self, batch: Array) -> Array:
        """Let pixels of that size through: `(batch, height, width, channels)` of any dtype.

        Raises:
            InputError: When they have another size: numbers are not resized, images are.
        """
        if batch.shape[1:3] != (self.height, self.width):
            expected = f"images, or pixels of shape {[self.height, self.width]}"
            raise InputError(where="instances", expected=expected, received=f"shape {list(batch.shape[1:])}")
        return batch

    @property
    def document(self) -> dict[str, Any]:
        """Height and width."""
        return {"resize": [self.height, self.width]}


READERS: Mapping[str, Callable[[Any], Step]] = {
    "astype": lambda _: Astype(),
    "rescale": lambda values: Rescale(float(values["scale"]), float(values["offset"])),
    "standardize": lambda values: Standardize(tuple(values["mean"]), tuple(values["deviation"])),
    "fill": lambda values: Fill(values["strategy"], tuple(values["values"])),
    "one_hot": lambda values: OneHot(
        tuple(values["columns"]),
        tuple(values["positions"]),
        tuple(tuple(one) for one in values["categories"]),
        values.get("unknown", "error"),
    ),
    "date": lambda values: DateParts(tuple(values["columns"]), tuple(values["positions"])),
    "resize": lambda values: Resize(int(values[0]), int(values[1])),
    "reshape": lambda values: Reshape(tuple(int(size) for size in values)),
    "pad_sequences": lambda values: PadSequences(**values),
}


def read_step(entry: Mapping[str, Any]) -> Step:
    """Read one step back from a manifest.

    Raises:
        ValueError: When it is none that we know.
    """
    ((name, values),) = entry.items()
    if name not in READERS:
        raise ValueError(f"expected a known preprocessing step; received {name!r}")
    return READERS[name](values)
