"""The way in which rows are sent: in binary where they are numbers, by name where they have names."""

from collections.abc import Mapping, Sequence
from typing import Any

from onehot_client.errors import InvalidInput
from onehot_client.lazy_numpy import np
from onehot_client.model_form import ModelForm
from onehot_client.rows.batch import ArrayBatch, Batch, JsonBatch, TableBatch
from onehot_client.rows.frames import is_frame, matrix_of, records_of
from onehot_client.rows.image_files import ImageBatch, is_picture

__all__ = ["batch_of", "ignored_columns"]

NUMERIC = "biuf"
"""Kinds of dtypes that are sent in binary."""
LONG_LIST = 512
"""Numbers of a list above which making an array of it is quicker than writing them as text."""


def batch_of(rows: Any, form: ModelForm) -> Batch:
    """Rows as they are sent.

    Args:
        rows: An array, nested lists, objects by feature name, a frame, or image files.
        form: What the model takes.

    Raises:
        InvalidInput: When there are none, or they are of another kind.
    """
    batch = _batch_of(rows, form)
    if not len(batch):
        raise InvalidInput("rows", expected="at least one", received="none")
    return batch


def _batch_of(rows: Any, form: ModelForm) -> Batch:
    if is_frame(rows):
        return _of_frame(rows, form)
    if is_picture(rows):
        return ImageBatch([rows])
    if isinstance(rows, Mapping):
        return JsonBatch([rows])
    array = rows if isinstance(rows, np.ndarray) else _converted(rows)
    if array is not None:
        return _of_array(array)
    if not isinstance(rows, Sequence):
        expected = "an array, a list, a frame, an object by feature name, or image files"
        raise InvalidInput("rows", expected=expected, received=type(rows).__name__)
    return ImageBatch(rows) if rows and is_picture(rows[0]) else _of_list(rows, form)


def _converted(rows: Any) -> Any:
    """What another library's array says to be, such as a tensor; None where it is none."""
    return np.asarray(rows) if hasattr(rows, "__array__") and not isinstance(rows, (str, bytes)) else None


def _of_array(array: Any) -> Batch:
    if array.ndim == 0:
        raise InvalidInput("rows", expected="instances stacked on the first axis", received="one number")
    return ArrayBatch(array) if array.dtype.kind in NUMERIC else JsonBatch(array.tolist())


def _of_list(rows: Sequence[Any], form: ModelForm) -> Batch:
    """A long list of numbers in binary, where the model takes nothing but numbers."""
    if form.takes_numbers and _is_long(rows):
        try:
            array = np.asarray(rows)
        except ValueError:  # ragged: the service says which row it is
            return JsonBatch(rows)
        if array.dtype.kind in "iuf":
            return ArrayBatch(array)
    return JsonBatch([np.asarray(row).tolist() if isinstance(row, np.ndarray) else row for row in rows])


def _is_long(rows: Sequence[Any]) -> bool:
    """Whether a list holds so many numbers, going by its first row."""
    count, row = len(rows), rows[0] if rows else None
    while isinstance(row, (Sequence, np.ndarray)) and not isinstance(row, (str, bytes)) and len(row):
        count, row = count * len(row), row[0]
    return count > LONG_LIST


def _of_frame(frame: Any, form: ModelForm) -> Batch:
    matrix = matrix_of(frame, form.features) if form.features and form.takes_numbers else None
    return TableBatch(records_of(frame)) if matrix is None else ArrayBatch(matrix)


def ignored_columns(rows: Any, form: ModelForm) -> tuple[str, ...]:
    """The columns of a frame that the model does not know."""
    if not is_frame(rows) or not form.features:
        return ()
    known = set(form.features)
    return tuple(name for name in map(str, rows.columns) if name not in known)
