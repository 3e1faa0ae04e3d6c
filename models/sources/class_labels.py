"""Targets as files hold them → what a network is trained on: classes as indices, or numbers.

`keras.utils.to_categorical` is not used: it wraps -1 to the last class and makes float64.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.errors import DataError, shown
from models.preprocessing.cell_forms import in_form, number_form
from models.preprocessing.instances import Array
from models.preprocessing.table_cells import number_of
from models.sources.row_numbers import NUMBERED, RowName
from models.spec.head import MULTILABEL, REGRESSION

__all__ = ["Labels", "read_classes", "read_labels", "read_more", "read_multi_hot", "read_values", "to_one_hot"]

MOST_CLASSES = 100_000
SHOWN_CLASSES = 10


@dataclass(frozen=True, slots=True)
class Labels:
    """Encoded targets.

    Args:
        values: Class indices `(rows,) int64`, or `(rows, outputs) float32` for multi-hot rows and regression.
        class_names: One for each class, in the order of the network's outputs; empty for regression.
        spellings: How the data itself spells each class, when labels are not one-hot rows.
    """

    values: Array
    class_names: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()

    @property
    def are_classes(self) -> bool:
        """Whether each row belongs to exactly one class."""
        return self.values.dtype.kind == "i"

    def counts(self) -> dict[str, int]:
        """Class → how many rows have it."""
        if not self.class_names:
            return {}
        if self.are_classes:
            numbers = np.bincount(self.values, minlength=len(self.class_names))
        else:
            numbers = self.values.sum(axis=0).astype(np.int64)
        return dict(zip(self.class_names, numbers.tolist(), strict=True))

    def take(self, rows: Array) -> "Labels":
        """The labels of these rows only, `(chosen,) int64`."""
        return replace(self, values=self.values[rows])


def read_labels(
    raw: Array, task: str, class_names: tuple[str, ...] | None, *, where: str, row_name: RowName = NUMBERED
) -> Labels:
    """Encode targets as a task needs them.

    Args:
        raw: `(rows,)` or `(rows, columns)` of any dtype.
        task: What the last layers describe.
        class_names: Names from the spec or the source.
        where: The name of the targets in errors.
        row_name: The name of a row there.

    Raises:
        DataError: When they are no such targets.
    """
    if task == REGRESSION:
        return read_values(raw, where=where, row_name=row_name)
    if task == MULTILABEL and raw.ndim == 2 and (raw.sum(axis=1) != 1).any():
        return read_multi_hot(raw, class_names, where=where, row_name=row_name)
    return read_classes(raw, class_names, where=where, row_name=row_name)


def read_classes(
    raw: Array, class_names: tuple[str, ...] | None, *, where: str, row_name: RowName = NUMBERED
) -> Labels:
    """Encode labels that are integers, strings, booleans or one-hot rows.

    Args:
        raw: `(rows,)`, or one-hot `(rows, classes)`, of any dtype.
        class_names: Names from the spec or the source, in the order of the sorted labels; labels that are themselves
            these names keep the order of this list.
        where: The name of the targets in errors.
        row_name: The name of a row there.

    Raises:
        DataError: When the labels are none, or do not agree with `class_names`.
    """
    if raw.ndim == 2 and raw.shape[1] > 1:
        return Labels(
            _hot_indices(raw, where, row_name), _names_for([str(n) for n in range(raw.shape[1])], class_names, where)
        )
    column = raw.reshape(-1) if raw.ndim == 2 else raw
    if column.ndim != 1:
        expected = "one label a row, or one-hot rows"
        raise DataError(where=where, expected=expected, received=f"shape {list(raw.shape)}")
    labels = _as_labels(column, where, row_name)
    found, indices = np.unique(labels, return_inverse=True)
    if len(found) < 2:
        raise DataError(where=where, expected="at least two classes", received=f"only {shown(found.tolist()[0])}")
    if len(found) > min(MOST_CLASSES, max(2, len(labels) - 1)):
        raise DataError(
            where=where, expected="rows that share classes", received=f"{len(found)} classes in {len(labels)} rows"
        )
    return _ordered([_label_text(one) for one in found.tolist()], indices.astype(np.int64), class_names, where)


def read_more(raw: Array, known: Labels, *, where: str, row_name: RowName = NUMBERED) -> Labels:
    """Encode targets of another source, `(rows,)` or `(rows, classes)` of any dtype, exactly as those of the first.

    Raises:
        DataError: When a label is none of the known classes, or rows have another form.
    """
    if not known.are_classes:
        if known.class_names:
            return read_multi_hot(raw, known.class_names, where=where, row_name=row_name)
        return read_values(raw, where=where, row_name=row_name)
    if not known.spellings:
        _require_columns(raw, len(known.class_names), where)
        return replace(known, values=_hot_indices(raw, where, row_name))
    if raw.ndim == 2 and raw.shape[1] > 1:
        received = f"one-hot rows of {raw.shape[1]} values"
        raise DataError(where=where, expected="one label a row, as the first source has", received=received)
    position = {spelling: index for index, spelling in enumerate(known.spellings)}
    texts = [_label_text(one) for one in _as_labels(raw.reshape(-1), where, row_name).tolist()]
    for row, text in enumerate(texts):
        if text not in position:
            expected = f"one of the classes {', '.join(known.spellings[:SHOWN_CLASSES])}"
            raise DataError(where=f"{where}, {row_name(row)}", expected=expected, received=shown(text))
    return replace(known, values=np.array([position[text] for text in texts], dtype=np.int64))


def _require_columns(raw: Array, columns: int, where: str) -> None:
    if raw.ndim != 2 or raw.shape[1] != columns:
        raise DataError(where=where, expected=f"one-hot rows of {columns} values", received=f"shape {list(raw.shape)}")


def _as_labels(column: Array, where: str, row_name: RowName) -> Array:
    if column.dtype.kind == "f":
        whole = np.isfinite(column) & (column == np.floor(column))
        if not whole.all():
            row = int(np.argmin(whole))
            expected = "whole numbers, text or booleans as class labels"
            raise DataError(where=f"{where}, {row_name(row)}", expected=expected, received=shown(column[row].item()))
        return column.astype(np.int64)
    if column.dtype.kind not in "OUS":
        return column
    cells = column.tolist()
    for row, cell in enumerate(cells):
        if cell is None or cell == "":
            raise DataError(where=f"{where}, {row_name(row)}", expected="a label in every row", received="nothing")
    return np.array([_label_text(cell) for cell in cells])


def _label_text(label: Any) -> str:
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    return str(label).lower() if isinstance(label, bool) else str(label)


def _ordered(found: list[str], indices: Array, class_names: tuple[str, ...] | None, where: str) -> Labels:
    names = _names_for(found, class_names, where)
    if set(names) != set(found):
        return Labels(indices, names, tuple(found))
    position = np.array([names.index(name) for name in found])
    return Labels(position[indices], names, names)


def _names_for(found: list[str], class_names: tuple[str, ...] | None, where: str) -> tuple[str, ...]:
    if class_names is None:
        return tuple(found)
    if len(class_names) != len(found):
        more = ", …" if len(found) > SHOWN_CLASSES else ""
        expected = (
            f"{len(found)} class names, one for each class in the data ({', '.join(found[:SHOWN_CLASSES])}{more})"
        )
        raise DataError(where=f"{where}: data.class_names", expected=expected, received=f"{len(class_names)} names")
    foreign = [name for name in found if name not in class_names]
    if foreign and not all(name.lstrip("-").isdecimal() or name in ("true", "false") for name in found):
        expected = f"the labels of the data ({', '.join(found[:SHOWN_CLASSES])})"
        raise DataError(where=f"{where}: data.class_names", expected=expected, received=f"names without {foreign[0]!r}")
    return class_names


def _hot_indices(rows: Array, where: str, row_name: RowName) -> Array:
    hot = _zeros_and_ones(rows, where, row_name)
    odd = hot.sum(axis=1) != 1
    if odd.any():
        row = int(np.argmax(odd))
        expected = "exactly one 1 in a one-hot row; rows with several need sigmoid units"
        raise DataError(where=f"{where}, {row_name(row)}", expected=expected, received=shown(rows[row].tolist()))
    indices = hot.argmax(axis=1)
    if len(set(indices.tolist())) < 2:
        raise DataError(where=where, expected="at least two classes", received="the same class in every row")
    encoded: Array = indices.astype(np.int64)
    return encoded


def _zeros_and_ones(rows: Array, where: str, row_name: RowName) -> Array:
    fits = np.isin(rows, (0, 1)) if rows.dtype.kind in "biuf" else np.zeros(rows.shape, dtype=bool)
    if not fits.all():
        row = int(np.argmin(fits.all(axis=1)))
        expected = f"rows of {rows.shape[1]} values, each 0 or 1"
        raise DataError(where=f"{where}, {row_name(row)}", expected=expected, received=shown(rows[row].tolist()))
    return rows.astype(np.float32)


def read_multi_hot(
    raw: Array, class_names: tuple[str, ...] | None, *, where: str, row_name: RowName = NUMBERED
) -> Labels:
    """Check rows of 0 and 1, `(rows, classes)` of any dtype, of which several may be 1.

    Raises:
        DataError: When they hold anything else.
    """
    names = _names_for([str(n) for n in range(raw.shape[1])], class_names, where)
    return Labels(_zeros_and_ones(raw, where, row_name), names)


def read_values(raw: Array, *, where: str, row_name: RowName = NUMBERED) -> Labels:
    """Check numbers to be predicted, `(rows,)` or `(rows, units)` of any dtype.

    Raises:
        DataError: When one is not a finite number.
    """
    raw = _as_numbers(raw, where, row_name)
    if raw.dtype.kind not in "biuf" or raw.ndim > 2:
        raise DataError(
            where=where, expected="numbers to predict", received=f"dtype {raw.dtype}, shape {list(raw.shape)}"
        )
    values = raw.astype(np.float32).reshape(len(raw), -1)
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise DataError(
            where=f"{where}, {row_name(row)}", expected="a finite number", received=shown(values[row].tolist())
        )
    return Labels(values)


def _as_numbers(raw: Array, where: str, row_name: RowName) -> Array:
    """Text as numbers where all of it is: a CSV file may pad them with zeros, or group their digits."""
    if raw.dtype.kind not in "OU":
        return raw
    form = number_form(raw.reshape(-1).tolist())
    if form is not None:
        raw = np.array([in_form(cell, form) for cell in raw.reshape(-1).tolist()], dtype=object).reshape(raw.shape)
    try:
        return raw.astype(np.float64)
    except (TypeError, ValueError):
        for row, cell in enumerate(raw.reshape(-1).tolist() if raw.ndim == 1 else ()):
            if number_of(cell) is None:
                expected = "a number to predict, or a last layer with softmax or sigmoid for classes"
                raise DataError(where=f"{where}, {row_name(row)}", expected=expected, received=shown(cell)) from None
        return raw


def to_one_hot(indices: Array, classes: int) -> Array:
    """Class indices `(rows,)` as one-hot rows `(rows, classes) float32`.

    Raises:
        ValueError: When an index is none of the classes.
    """
    if len(indices) and not 0 <= int(indices.min()) <= int(indices.max()) < classes:
        raise ValueError(f"expected class indices from 0 to {classes - 1}; received {indices.min()} to {indices.max()}")
    hot: Array = np.zeros((len(indices), classes), dtype=np.float32)
    hot[np.arange(len(indices)), indices] = 1.0
    return hot
