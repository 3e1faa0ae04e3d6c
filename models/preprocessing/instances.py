"""Instances as clients send them and data files hold them, made into one array: `(batch, *shape)`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite, prod
from typing import Any

import numpy as np

from models.errors import InputError, shown
from models.preprocessing.cell_forms import FORMS, in_form
from models.preprocessing.sequences import PadSequences
from models.preprocessing.table_cells import date_of, is_gap

__all__ = [
    "AS_STORED",
    "KINDS",
    "MOST_AXES",
    "ORIENTATIONS",
    "UPRIGHT",
    "Array",
    "Feature",
    "InstanceSpec",
    "are_finite",
    "batch_of_array",
    "batch_of_numbers",
    "parse_instances",
    "require_finite",
]

Array = np.ndarray[Any, np.dtype[Any]]

NUMBERS = frozenset({int, float})
KINDS = ("number", "boolean", "category", "date")
"""Of the columns of a table."""
TEXT_KINDS = frozenset({"category", "date"})
AS_STORED, UPRIGHT = ORIENTATIONS = ("as_stored", "upright")
"""How a version reads image files: as they are stored, or turned as their EXIF orientation says."""
MOST_AXES = 12
"""Of a batch. Looking deeper for what is wrong would take as long as the client likes."""
FEW_VALUES = 4096
"""One product of an array with itself takes less than a look at each of so many values."""
LONGEST_NAME = 64
"""Of a client's invention, in an error."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One named column of a table.

    Args:
        name: The column's name.
        kind: `number`, `boolean`, `category` or `date`.
        optional: Whether it may be missing (null), because a `fill` step fills it.
        form: Another spelling in which training found all of its cells, one of `cell_forms.FORMS`.
    """

    name: str
    kind: str = "number"
    optional: bool = False
    form: str | None = None

    @property
    def is_text(self) -> bool:
        """Whether its cells are text."""
        return self.kind in TEXT_KINDS


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """What one raw instance looks like, before preprocessing.

    Args:
        shape: Without the samples axis: `(8,)`, `(28, 28)`.
        features: The columns, when the instance is a row of a table; as many as `shape[0]`.
        model_shape: The shape that the network takes; a client may send that as well when the number of values agrees.
        dtype: Of the array; always float32.
        padding: What makes sequences of any length this shape, where the version has that step.
    """

    shape: tuple[int, ...]
    features: tuple[Feature, ...] | None = None
    model_shape: tuple[int, ...] | None = None
    dtype: str = "float32"
    padding: PadSequences | None = None

    @property
    def size(self) -> int:
        """How many values one instance has."""
        return prod(self.shape)

    @property
    def is_numeric(self) -> bool:
        """Whether every value is a number that must be there, in no spelling of its own."""
        return not any(one.is_text or one.optional or one.form is not None for one in self.features or ())

    @property
    def has_booleans(self) -> bool:
        """Whether true and false are numbers in one of its columns."""
        return any(feature.kind == "boolean" for feature in self.features or ())

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Whether a nested value of this shape is one instance: raw, flat, or as the network takes it."""
        if shape in (self.shape, (self.size,)) or self._is_sequence(shape):
            return True
        known = [_without_ones(self.shape)]
        if self.model_shape is not None and prod(self.model_shape) == self.size:
            known.append(_without_ones(self.model_shape))
        return bool(shape) and _without_ones(shape) in known

    def _is_sequence(self, shape: tuple[int, ...]) -> bool:
        """Whether it is a sequence of another length, which the version pads or cuts."""
        same_values = len(shape) == len(self.shape) and shape[1:] == self.shape[1:]
        return self.padding is not None and same_values and shape[0] >= 1

    @property
    def expected(self) -> str:
        """The accepted forms in words."""
        if self.padding is not None:
            values = f" of shape {list(self.shape[1:])} each" if self.shape[1:] else ""
            return f"a sequence of one or more steps{values}"
        flat = f" or {self.size} flat values" if len(self.shape) > 1 else ""
        named = " or an object keyed by feature name" if self.features else ""
        return f"shape {list(self.shape)}{flat}{named}"


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def parse_instances(values: Any, spec: InstanceSpec, *, where: str = "instances") -> Array:
    """Make one array of instances that came as JSON.

    Args:
        values: A list of instances, each nested in its raw shape, flat, or an object keyed by feature name.
        spec: What an instance looks like.
        where: What the list is called in errors.

    Returns:
        float32 `(batch, *spec.shape)`; for tables with categories or gaps an object array `(batch, columns)`.

    Raises:
        InputError: Names the first instance that does not fit, what was expected and what came.
    """
    if not isinstance(values, list) or not values:
        raise InputError(where=where, expected="a list of at least one instance", received=shown(values))
    if not spec.is_numeric:
        return _parse_table(values, spec, where)
    rows = _in_column_order(values, spec, where) if spec.features and dict in set(map(type, values)) else values
    if spec.has_booleans:
        rows = [_without_booleans(row, spec) for row in rows]
    shape, flat = _flatten(rows)
    if spec.padding is not None and (flat is None or shape[1:] != spec.shape):
        return _padded(rows, spec, spec.padding, where)
    if flat is None or not spec.accepts(shape[1:]):
        flat = _one_by_one(rows, spec, where)
    return batch_of_numbers(flat, spec, where)


def _padded(rows: list[Any], spec: InstanceSpec, padding: PadSequences, where: str) -> Array:
    """Sequences of any length as one array, `(batch, *spec.shape) float32`."""
    sequences = []
    for index, row in enumerate(rows):
        place = f"{where}[{index}]"
        (_, *shape), flat = _flatten([row])
        if flat is None or not spec.accepts(tuple(shape)):
            received = _what_is_odd(row) if flat is None else f"shape {shape}"
            raise InputError(where=place, expected=spec.expected, received=received)
        whole = tuple(shape) if len(shape) == len(spec.shape) else spec.shape
        sequences.append(_numbers_of(flat, place).reshape(whole))
    batch = padding.padded(sequences)
    require_finite(batch, where)
    return batch


def _numbers_of(flat: list[Any], place: str) -> Array:
    try:
        return np.asarray(flat, dtype=np.float64)
    except OverflowError as error:
        raise InputError(where=place, expected="numbers that fit float32", received="a larger integer") from error


def _flatten(rows: list[Any]) -> tuple[tuple[int, ...], list[Any] | None]:
    """Shape and flat numbers of a nested list; no numbers where it is ragged or holds anything else."""
    shape = [len(rows)]
    level = rows
    while (types := set(map(type, level))) == {list}:
        lengths = set(map(len, level))
        if len(lengths) != 1 or len(shape) >= MOST_AXES:
            return tuple(shape), None
        shape.append(lengths.pop())
        level = list(chain.from_iterable(level))
    return tuple(shape), level if types <= NUMBERS else None


def batch_of_numbers(flat: Sequence[float] | Array, spec: InstanceSpec, where: str) -> Array:
    """Make one array of all numbers of a batch.

    Args:
        flat: The instances one after the other; an array of any numeric type and shape.
        spec: What an instance looks like.
        where: What they are called in errors.

    Returns:
        float32 `(batch, *spec.shape)`.

    Raises:
        InputError: When one is not finite, or float32 does not hold it.
    """
    try:
        with np.errstate(over="ignore"):
            numbers = flat if isinstance(flat, np.ndarray) else np.asarray(flat, dtype=np.float64)
            array = numbers.astype(np.float32).reshape(-1, *spec.shape)
    except OverflowError as error:
        raise InputError(where=where, expected="numbers that fit float32", received="a larger integer") from error
    require_finite(array, where)
    return array


def batch_of_array(array: Array, spec: InstanceSpec, where: str) -> Array:
    """The same of numbers that came as an array: object `(batch, columns)` where the model has optional columns."""
    if spec.padding is not None and array.ndim > 1 and array.shape[1:] != spec.shape:
        whole = array if array.ndim == 1 + len(spec.shape) else array.reshape(len(array), *spec.shape)
        array = spec.padding.padded(whole)
    batch = batch_of_numbers(array, spec, where)
    return batch if spec.is_numeric else batch.astype(object)


def are_finite(array: Array) -> bool:
    """Whether a float array of any shape holds neither NaN nor infinity."""
    if array.size <= FEW_VALUES and isfinite(np.vdot(array, array)):  # a sum with one of them in it is none
        return True
    return bool(np.isfinite(array).all())


def require_finite(array: Array, where: str) -> None:
    """Refuse NaN and infinity in a float array, `(batch, *instance shape)`.

    Raises:
        InputError: Names the first instance with such a value.
    """
    if are_finite(array):
        return
    row = int(np.argmax(~np.isfinite(array.reshape(len(array), -1)).all(axis=1)))
    bad = array[row][~np.isfinite(array[row])].reshape(-1)[0]
    raise InputError(where=f"{where}[{row}]", expected="finite float32 numbers", received=f"{bad}")


def _one_by_one(rows: list[Any], spec: InstanceSpec, where: str) -> list[Any]:
    """The numbers of instances of which each may have another form; says which is the first that does not fit."""
    numbers: list[Any] = []
    for index, row in enumerate(rows):
        place = f"{where}[{index}]"
        if isinstance(row, list) and len(row) > spec.size:  # what else is wrong with it would take long to find
            raise InputError(where=place, expected=spec.expected, received=f"a list of {len(row)}")
        shape, flat = _flatten([row])
        if flat is None:
            received = _what_is_odd(row) + _odd_column(row, spec)
            raise InputError(where=place, expected=f"numbers in {spec.expected}", received=received)
        if not spec.accepts(shape[1:]):
            raise InputError(where=place, expected=spec.expected, received=f"shape {list(shape[1:])}")
        numbers += flat
    return numbers


def _odd_column(row: Any, spec: InstanceSpec) -> str:
    """The first named column that holds no number, in words."""
    features = spec.features or ()
    if not isinstance(row, list) or len(row) != len(features):
        return ""
    odd = (one.name for cell, one in zip(row, features, strict=True) if type(cell) not in NUMBERS)
    return next((f" in column {name!r}" for name in odd), "")


def _what_is_odd(row: Any, depth: int = 2) -> str:
    if depth > MOST_AXES:
        return f"lists in more than {MOST_AXES} levels"
    if isinstance(row, list):
        lengths = {len(item) for item in row if isinstance(item, list)}
        if len(lengths) > 1:
            return f"ragged rows of {', '.join(str(length) for length in sorted(lengths))} values"
        mixed = any(isinstance(item, list) for item in row)
        for item in row:
            if isinstance(item, list) and _flatten([item])[1] is None:
                return _what_is_odd(item, depth + 1)
            if type(item) not in NUMBERS and not isinstance(item, list):
                return shown(item)
        if mixed:
            return "numbers beside lists"
    return shown(row)


def _without_booleans(row: Any, spec: InstanceSpec) -> Any:
    """A row with numbers where booleans may stand."""
    features = spec.features or ()
    if not isinstance(row, list) or len(row) != len(features):
        return row
    return [int(cell) if feature.kind == "boolean" and isinstance(cell, bool) else cell
            for cell, feature in zip(row, features, strict=True)]  # fmt: skip


def _in_column_order(values: list[Any], spec: InstanceSpec, where: str) -> list[Any]:
    return [_ordered(value, spec, f"{where}[{index}]") if isinstance(value, dict) else value
            for index, value in enumerate(values)]  # fmt: skip


def _ordered(row: Mapping[str, Any], spec: InstanceSpec, place: str) -> list[Any]:
    features = spec.features or ()
    names = {feature.name for feature in features}
    unknown = [name for name in row if name not in names]
    if unknown:
        raise InputError(
            where=f"{place}.{unknown[0][:LONGEST_NAME]}",
            expected=f"one of {_listed(sorted(names))}",
            received="an unknown feature",
        )
    for feature in features:
        if feature.name not in row and not feature.optional:
            raise InputError(where=f"{place}.{feature.name}", expected=_kind(feature), received="nothing")
    return [row.get(feature.name) for feature in features]


def _listed(names: Sequence[str], most: int = 12) -> str:
    more = f", … ({len(names)} in all)" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _kind(feature: Feature) -> str:
    if feature.form is not None:
        return FORMS[feature.form]
    return {"number": "a number", "boolean": "true, false or a number", "date": "a date as 2024-05-31"}.get(
        feature.kind, "text"
    )


def _parse_table(values: list[Any], spec: InstanceSpec, where: str) -> Array:
    features = spec.features or ()
    table = np.empty((len(values), len(features)), dtype=object)
    for index, value in enumerate(values):
        place = f"{where}[{index}]"
        row = _ordered(value, spec, place) if isinstance(value, dict) else value
        if not isinstance(row, list) or len(row) != len(features):
            received = f"shape [{len(row)}]" if isinstance(row, list) else shown(row)
            raise InputError(where=place, expected=spec.expected, received=received)
        table[index] = [_cell(cell, feature, place) for cell, feature in zip(row, features, strict=True)]
    return table


def _cell(cell: Any, feature: Feature, place: str) -> Any:
    if feature.optional and (cell is None or _is_written_gap(cell, feature)):
        return None
    if feature.form is not None and isinstance(cell, str) and (meant := in_form(cell, feature.form)) is not None:
        return meant
    if feature.kind == "boolean" and isinstance(cell, bool):
        return float(cell)
    if not feature.is_text and type(cell) in NUMBERS and abs(cell) < float(np.finfo(np.float32).max):
        return float(cell)
    if feature.kind == "category" and type(cell) in (str, int, float, bool):
        return cell if isinstance(cell, str) else str(cell).lower() if isinstance(cell, bool) else str(cell)
    if feature.kind == "date" and feature.form is None and date_of(cell) is not None:
        return cell
    raise InputError(where=f"{place}.{feature.name}", expected=_kind(feature), received=shown(cell))


def _is_written_gap(cell: Any, feature: Feature) -> bool:
    """Whether text says that a number is missing, as in a file of text."""
    return isinstance(cell, str) and feature.kind != "category" and is_gap(cell)
