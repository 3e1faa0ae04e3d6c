"""Rows that were answered and not counted yet: kept as they came, counted many at once, which costs a hundredth."""

import numpy as np

from models.preprocessing.instances import Array

__all__ = ["RowBuffer"]

MOST_ROWS, MOST_VALUES, MOST_OBJECTS = 4096, 128 * 1024, 3 * 1024
"""In the buffer: rows, numbers, and cells of any kind, which take more. Half a megabyte at most."""
ROWS_A_TURN, BATCHES_A_TURN = 16 * 1024, 512
OBJECTS_A_TURN, VALUES_A_TURN, PIXELS_A_TURN = 64 * 1024, 512 * 1024, 8 * 1024 * 1024
"""In one turn, a second: rows; the requests that brought them, which cost most where each has one row; cells of any
kind, numbers in columns, and those in pictures, which cost the least. Of rows beyond only the number is kept: more
would take more than a hundredth of a core."""


class RowBuffer:
    """Rows of one version in one process."""

    def __init__(self) -> None:
        self.seen = 0
        """Rows that came since the last `take`, in the buffer or not."""
        self._batches: list[tuple[Array, Array]] = []
        self._rows = self._values = 0
        self.begin_turn()

    def begin_turn(self) -> None:
        """Begin a new second."""
        self._rows_left, self._batches_left, self._share_left = ROWS_A_TURN, BATCHES_A_TURN, 1.0

    def add(self, batch: Array, predictions: Array) -> bool:
        """Keep rows; of a large batch some, evenly spread.

        Args:
            batch: `(batch, *instance shape)` of float32, or object.
            predictions: `(batch, outputs) float32`.

        Returns:
            Whether the buffer is full: it should be counted now, or emptied.
        """
        rows = len(batch)
        self.seen += rows
        if self._batches_left <= 0 or self._rows_left <= 0 or self._share_left <= 0:
            return False
        self._batches_left -= 1
        is_object = batch.dtype.hasobject
        most = MOST_OBJECTS if is_object else MOST_VALUES
        if batch.size > most or rows > MOST_ROWS:
            batch, predictions = _some(batch, predictions, max(1, min(MOST_ROWS, most * rows // batch.size)))
            rows = len(batch)
        self._batches.append((batch, predictions))
        self._rows += rows
        self._values += batch.size
        self._rows_left -= rows
        self._share_left -= batch.size / _values_a_turn(batch, is_object=is_object)
        return self._values >= most or self._rows >= MOST_ROWS

    def take(self) -> tuple[Array, Array] | None:
        """The rows in the buffer, which is empty then; None where there are none.

        Returns:
            `(rows, *instance shape)` of float32 or object, and `(rows, outputs) float32`.
        """
        batches, self._batches = self._batches, []
        self._rows = self._values = self.seen = 0
        if not batches:
            return None
        if len(batches) == 1:
            return batches[0]
        rows, predictions = zip(*batches, strict=True)
        return np.concatenate(rows), np.concatenate(predictions)


def _some(batch: Array, predictions: Array, most: int) -> tuple[Array, Array]:
    """So many of the rows, in memory of their own: the batch may be a view of a whole body."""
    chosen = np.linspace(0, len(batch) - 1, min(most, len(batch))).astype(np.int64)
    return batch[chosen], predictions[chosen]


def _values_a_turn(batch: Array, *, is_object: bool) -> int:
    if is_object:
        return OBJECTS_A_TURN
    return VALUES_A_TURN if batch.ndim == 2 else PIXELS_A_TURN
