"""Rows that are sent in one request or in several."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from onehot_client.lazy_numpy import Array
from onehot_client.rows.npy_format import NPY, encode_npy

__all__ = ["JSON", "ArrayBatch", "Batch", "JsonBatch", "RowsBody", "TableBatch"]

JSON = "application/json"
JSON_LINES = "application/jsonl"
MOST_ROWS = 2**14
"""Of one request, well below what a service takes."""


class RowsBody(NamedTuple):
    """The body of one request, and its type."""

    content: bytes
    content_type: str


class Batch(ABC):
    """Rows in their order."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def step(self, most_bytes: int) -> int:
        """How many rows, at least one, make a body of about so many bytes at most."""

    @abstractmethod
    def body(self, start: int, stop: int) -> RowsBody:
        """The body that holds the rows from `start` up to `stop`."""


class ArrayBatch(Batch):
    """Numbers in binary.

    Args:
        array: `(rows, *instance shape)` of any numeric dtype.
    """

    def __init__(self, array: Array) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def step(self, most_bytes: int) -> int:
        """How many rows fit."""
        row_bytes = self._array.nbytes // len(self._array)
        return max(1, min(MOST_ROWS, most_bytes // max(row_bytes, 1)))

    def body(self, start: int, stop: int) -> RowsBody:
        """A `.npy` file."""
        return RowsBody(encode_npy(self._array[start:stop]), NPY)


class JsonBatch(Batch):
    """Instances as they are, in JSON: a name that the model does not know is an error.

    Args:
        rows: Numbers, lists or objects.
    """

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def step(self, most_bytes: int) -> int:
        """How many rows fit, going by the first."""
        return max(1, min(MOST_ROWS, most_bytes // max(len(_dumped(self._rows[0])), 1)))

    def body(self, start: int, stop: int) -> RowsBody:
        """`{"instances": […]}`."""
        rows = list(self._rows[start:stop])
        return RowsBody(_dumped({"instances": rows}).encode(), JSON)


class TableBatch(JsonBatch):
    """Rows of a table, matched by name; columns that the model does not know are passed over."""

    def body(self, start: int, stop: int) -> RowsBody:
        """An object a line."""
        lines = map(_dumped, self._rows[start:stop])
        return RowsBody("\n".join(lines).encode(), JSON_LINES)


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    """A number, array or date of another library as JSON knows it."""
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "tolist"):  # numpy's numbers and arrays
        return value.tolist()
    raise TypeError(f"rows: expected numbers, text, lists and objects; received {type(value).__name__}")
