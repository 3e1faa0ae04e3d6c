"""Which columns of numbers or categories are looked at of a batch of instances, and how they come from it.

Of a row of a table each column; of a picture its brightness, contrast and channels; of a series of values their mean,
deviation and channels; of a text as numbers of words its length and how much of it is frequent words.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from marshmallow import fields, validate

from models.dataclass_schema import Tuple
from models.preprocessing.instances import Array, InstanceSpec
from models.preprocessing.table_cells import date_of

__all__ = ["WEEKDAYS", "Columns"]

LAYOUTS = TABLE, PICTURE, SERIES, VECTOR, WORDS = ("table", "picture", "series", "vector", "words")
NUMBER, CATEGORY, DATE = KINDS = ("number", "category", "date")
"""Of columns; of a date, the day of the week is looked at, as time itself always moves on."""
MOST_COLUMNS = 150
"""Of a table or a vector."""
MOST_CHANNELS = 16
COLOURS = ("red", "green", "blue", "alpha")
FREQUENT_WORDS = 100
LEAST_WORDS = 16
"""Shorter rows of whole numbers are no text."""
PIXEL_VALUES = 256
"""Whole numbers below it may be pixels."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a version.

    Args:
        layout: What an instance is.
        names: Of the columns.
        kinds: `number`, `category` or `date` of each.
        left_out: How many more columns there are, that are not looked at.
        frequent: Of a text, its most frequent words.
    """

    layout: Annotated[str, fields.String(validate=validate.OneOf(LAYOUTS))]
    names: Annotated[tuple[str, ...], Tuple(fields.String())]
    kinds: Annotated[tuple[str, ...], Tuple(fields.String(validate=validate.OneOf(KINDS)))]
    left_out: Annotated[int, fields.Integer(strict=True)] = 0
    frequent: Annotated[tuple[int, ...], Tuple(fields.Integer(strict=True))] = ()

    @classmethod
    def of(cls, instance: InstanceSpec, sample: Array) -> Self:
        """The columns of a version.

        Args:
            instance: What its instances look like.
            sample: `(rows, *instance shape)` of training rows, of any dtype.
        """
        shape = instance.shape
        if len(shape) > 1:
            return cls._of_channels(*_channels(shape))
        if instance.features is None and _are_words(sample):
            words, counts = np.unique(sample[sample != 0], return_counts=True)
            frequent = words[np.argsort(-counts, kind="stable")[:FREQUENT_WORDS]]
            return cls(WORDS, ("length", "frequent words"), (NUMBER, NUMBER), frequent=tuple(map(int, frequent)))
        if instance.features is None and shape[0] > MOST_COLUMNS:
            return cls(VECTOR, ("mean", "deviation"), (NUMBER, NUMBER), left_out=shape[0])
        return cls._of_table(instance)

    @classmethod
    def _of_channels(cls, layout: str, channels: tuple[str, ...]) -> Self:
        first = ("brightness", "contrast") if layout == PICTURE else ("mean", "deviation")
        return cls(layout, first + channels, (NUMBER,) * (2 + len(channels)))

    @classmethod
    def _of_table(cls, instance: InstanceSpec) -> Self:
        kinds = {"category": CATEGORY, "date": DATE}
        features = instance.features or ()
        names = [one.name for one in features] or [f"x{index}" for index in range(instance.shape[0])]
        named = [kinds.get(one.kind, NUMBER) for one in features] or [NUMBER] * len(names)
        left_out = max(0, len(names) - MOST_COLUMNS)
        return cls(TABLE, tuple(names[:MOST_COLUMNS]), tuple(named[:MOST_COLUMNS]), left_out)

    def of_batch(self, batch: Array) -> list[Any]:
        """The columns of a batch of instances.

        Args:
            batch: `(batch, *instance shape)` of numbers, or object where columns hold text or gaps.

        Returns:
            For each column `(batch,) float32` or float64, or a list of categories; not a number and None are missing.
        """
        if self.layout == TABLE:
            return self._of_cells(batch)
        flat = np.asarray(batch, np.float32).reshape(len(batch), -1)
        if self.layout == WORDS:
            length = np.count_nonzero(flat, axis=1)
            frequent = np.isin(flat, np.asarray(self.frequent, np.float32)).sum(axis=1)
            return [length.astype(np.float32), (frequent / np.maximum(length, 1)).astype(np.float32)]
        channels = len(self.names) - 2
        columns = [flat.mean(axis=1), flat.std(axis=1)]
        means = flat.reshape(len(batch), -1, max(channels, 1)).mean(axis=1)
        return [*columns, *(means[:, channel] for channel in range(channels))]

    def _of_cells(self, batch: Array) -> list[Any]:
        if batch.dtype != object:
            numbers = np.ascontiguousarray(batch[:, : len(self.names)].T, np.float32)
            return [numbers[place] for place in range(len(self.names))]
        return [_cells(batch[:, place].tolist(), kind) for place, kind in enumerate(self.kinds)]


def _cells(cells: list[Any], kind: str) -> Any:
    if kind == CATEGORY:
        return cells
    if kind == DATE:
        dates = [None if cell is None else date_of(cell) for cell in cells]
        return [None if day is None else WEEKDAYS[day.weekday()] for day in dates]
    return np.array([np.nan if cell is None else cell for cell in cells], np.float32)


def _channels(shape: tuple[int, ...]) -> tuple[str, tuple[str, ...]]:
    """What an instance with these axes is, and the names of its channels.

    Two axes are a picture in grey, unless the last one is short beside the first: then it has channels.
    """
    size = shape[-1]
    is_grey = len(shape) == 2 and (shape[0] == size or size > MOST_CHANNELS)
    if is_grey or size > MOST_CHANNELS or size == 1:
        return PICTURE if is_grey or len(shape) == 3 else SERIES, ()
    if len(shape) == 3 and size in (3, 4):
        return PICTURE, COLOURS[:size]
    return PICTURE if len(shape) == 3 else SERIES, tuple(f"channel {index}" for index in range(size))


def _are_words(sample: Array) -> bool:
    """Whether rows of whole numbers are numbers of words: more different ones than pixels have."""
    if sample.ndim != 2 or sample.shape[1] < LEAST_WORDS or sample.dtype == object:
        return False
    is_whole = bool((sample >= 0).all() and (sample == np.floor(sample)).all())
    return is_whole and bool(sample.max(initial=0) >= PIXEL_VALUES)
