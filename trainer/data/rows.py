"""Features that may be larger than memory: rows that lie in a file and are read when they are asked for."""

import os
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Protocol

import numpy as np

from models.errors import DiskFull
from models.preprocessing.instances import Array
from models.preprocessing.pipeline import Preprocessing

__all__ = [
    "BATCH_BYTES",
    "MOST_BYTES",
    "ChosenRows",
    "FileRows",
    "Rows",
    "batches",
    "empty_rows",
    "join_rows",
    "preprocessed",
    "row_bytes",
    "take_rows",
]

MOST_BYTES = 256 * 2**20
"""Features up to this size are an array in memory; larger ones lie in a file."""
BATCH_BYTES = 4 * 2**20
"""How much of them is in memory at once, where all are gone through."""


class Rows(Protocol):
    """What features are for those who ask for some of them: numpy's arrays are, too."""

    @property
    def shape(self) -> tuple[int, ...]:
        """`(rows, *instance shape)`."""

    @property
    def ndim(self) -> int:
        """How many axes there are, the samples axis included."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of every value."""

    def __len__(self) -> int:
        """How many rows there are."""

    def __getitem__(self, rows: Any, /) -> Array:
        """Some of the rows, in memory."""


class FileRows:
    """Rows in a file without a name, in TMPDIR: its room is free again with the last reference to it.

    Nothing is mapped into memory, so that a limit on the address space does not count the file.

    Args:
        shape: `(rows, *instance shape)`.
        dtype: Of every value.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self._row_bytes = prod(shape[1:]) * self.dtype.itemsize
        with tempfile.TemporaryFile(prefix="onehot-") as file:
            self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __setitem__(self, rows: slice, values: Array) -> None:
        content = _bytes_of(np.ascontiguousarray(values, self.dtype))
        try:
            self._write(content, rows.start * self._row_bytes)
        except OSError as error:
            if error.errno not in DiskFull.ERRNOS:
                raise
            needed_mib = len(self) * self._row_bytes / 2**20
            raise DiskFull(f"{tempfile.gettempdir()}, where the data takes {needed_mib:.0f} MiB") from error

    def _write(self, content: memoryview, place: int) -> None:
        while content:
            written = os.pwrite(self._descriptor, content, place)
            content, place = content[written:], place + written

    def __getitem__(self, rows: slice | Array) -> Array:
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            found = np.empty((max(stop - start, 0), *self.shape[1:]), self.dtype)
            self._read(_bytes_of(found), start)
            return found
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        content, size = _bytes_of(found), self._row_bytes
        for position, row in enumerate(rows.tolist()):
            self._read(content[position * size : (position + 1) * size], row)
        return found

    def _read(self, content: memoryview, row: int) -> None:
        place = row * self._row_bytes
        while content:
            count = os.preadv(self._descriptor, [content], place)
            if not count:
                raise EOFError(f"rows in a file: expected {len(content)} more bytes at {place}; received its end")
            content, place = content[count:], place + count


def _bytes_of(array: Array) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """Some rows of a file, preprocessed when they are read where that is asked for.

    Args:
        base: All rows.
        numbers: Which of them, in order: `(rows,) int64`.
        preprocessing: What is done to them.
    """

    base: FileRows
    numbers: Array
    preprocessing: Preprocessing | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """`(rows, *instance shape)`, after the preprocessing."""
        shape = self.base.shape[1:] if self.preprocessing is None else self.preprocessing.output_shape
        return (len(self.numbers), *shape)

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 after the preprocessing."""
        return self.base.dtype if self.preprocessing is None else np.dtype(np.float32)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: slice | Array) -> Array:
        raw = self.base[self.numbers[rows]]
        return raw if self.preprocessing is None else self.preprocessing.apply(raw)


def empty_rows(shape: tuple[int, ...], dtype: Any) -> Any:
    """Room for rows, to be written slice by slice: an array, or a file when they are many."""
    if prod(shape) * np.dtype(dtype).itemsize <= MOST_BYTES:
        return np.empty(shape, dtype)
    return FileRows(shape, dtype)


def take_rows(features: Rows, numbers: Array) -> Rows:
    """The rows of `(rows,) int` indices only; rows in a file stay there."""
    if isinstance(features, FileRows):
        return ChosenRows(features, numbers)
    if isinstance(features, ChosenRows):
        return replace(features, numbers=features.numbers[numbers])
    return features[numbers]


def join_rows(first: Rows, second: Rows) -> Rows:
    """Two choices of rows of the same features, `(rows, *shape)` of one dtype, joined; rows in a file stay there."""
    if isinstance(first, ChosenRows) and isinstance(second, ChosenRows):
        return replace(first, numbers=np.concatenate([first.numbers, second.numbers]))
    return np.concatenate([first[:], second[:]])


def preprocessed(features: Rows, preprocessing: Preprocessing) -> Rows:
    """The rows as the network takes them, `(rows, *input shape) float32`; rows in a file are preprocessed when read."""
    if isinstance(features, FileRows):
        return ChosenRows(features, np.arange(len(features)), preprocessing)
    if isinstance(features, ChosenRows):
        return replace(features, preprocessing=preprocessing)
    return preprocessing.apply(features[:])


def row_bytes(features: Rows) -> int:
    """Bytes of one row of `(rows, *shape)`, whatever its dtype; at least 1."""
    return int(max(prod(features.shape[1:]) * features.dtype.itemsize, 1))


def batches(features: Rows) -> Iterator[Array]:
    """All rows in order, so many at once as may be in memory: `(batch, *shape)` of their own dtype."""
    if isinstance(features, np.ndarray):
        yield features
        return
    step = max(BATCH_BYTES // row_bytes(features), 1)
    for start in range(0, len(features), step):
        yield features[start : start + step]
