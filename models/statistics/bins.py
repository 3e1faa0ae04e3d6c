"""The bins of one column: its training values in them, and how live values are counted into the same ones.

Counts of a column are one row of numbers: first those of its bins, then the kinds of values that are told apart beside
them. A value that is out of range, or an unseen category, stands in a bin as well, so that the bins hold every value
that is not missing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from marshmallow import fields

from models.dataclass_schema import Tuple
from models.preprocessing.instances import Array

__all__ = ["OTHER", "BinCounts", "CategoryBins", "NumberBins"]

BINS = 10
"""Deciles of the training values, fewer where many are equal."""
MOST_CATEGORIES = 20
"""Each with a bin; the rarer ones share one."""
MOST_KNOWN = 1000
"""Of the rarer ones, how many are known by their names; and of classes, how many have a bin."""
OTHER = "other"

WHOLE = fields.Integer(strict=True)


@dataclass(frozen=True, slots=True)
class BinCounts:
    """How many rows have what in one column.

    Args:
        binned: `(bins,) int64`; together every row that has a value.
        missing: Rows without a value.
        below: Of the binned, values under the least of the training rows.
        above: Of the binned, values over the largest of them.
        unseen: Of the binned, categories that no training row has.
    """

    binned: Array
    missing: int
    below: int = 0
    above: int = 0
    unseen: int = 0

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return int(self.binned.sum()) + self.missing


@dataclass(frozen=True, slots=True)
class NumberBins:
    """A column of numbers.

    Args:
        name: Of the column.
        edges: Between the bins: a value belongs to the bin of the first edge that is not less than it, else to the
            last one.
        counts: Training rows in each bin.
        missing: Training rows without a value.
        minimum: Of the training values; None when there is none.
        maximum: Likewise.
        mean: Likewise.
        deviation: Their standard deviation.
    """

    name: Annotated[str, fields.String()]
    edges: Annotated[tuple[float, ...], Tuple(fields.Float())]
    counts: Annotated[tuple[int, ...], Tuple(WHOLE)]
    missing: Annotated[int, WHOLE]
    minimum: Annotated[float | None, fields.Float()] = None
    maximum: Annotated[float | None, fields.Float()] = None
    mean: Annotated[float | None, fields.Float()] = None
    deviation: Annotated[float | None, fields.Float()] = None

    @classmethod
    def of(cls, name: str, column: Array) -> Self:
        """The bins of training values.

        Args:
            name: Of the column.
            column: `(rows,) float64`; what is not finite is missing.
        """
        values = np.asarray(column, np.float64)
        values = values[np.isfinite(values)]
        if not values.size:
            return cls(name, (), (0,), len(column))
        edges = _edges(values)
        counts = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
        numbers = (float(values.min()), float(values.max()), float(values.mean()), float(values.std()))
        return cls(name, tuple(edges.tolist()), tuple(counts.tolist()), len(column) - values.size, *numbers)

    @property
    def labels(self) -> tuple[str, ...]:
        """The bins in words."""
        texts = [f"{edge:.6g}" for edge in self.edges]
        return (*(f"up to {text}" for text in texts), f"over {texts[-1]}" if texts else "all")

    @property
    def slots(self) -> int:
        """How many numbers its counts are."""
        return len(self.edges) + 4

    def count(self, column: Array) -> Array:
        """Count values.

        Args:
            column: `(rows,) float64` or float32; what is not finite is missing.

        Returns:
            `(slots,) int64`.
        """
        values = column[np.isfinite(column)]
        counts = np.zeros(self.slots, np.int64)
        if self.minimum is not None:
            bins = np.searchsorted(np.asarray(self.edges, column.dtype), values)
            counts[:-3] = np.bincount(bins, minlength=self.slots - 3)
            counts[-2] = np.count_nonzero(values < column.dtype.type(self.minimum))
            counts[-1] = np.count_nonzero(values > column.dtype.type(self.maximum))
        else:
            counts[0] = len(values)
        counts[-3] = len(column) - len(values)
        return counts

    def read(self, counts: Array) -> BinCounts:
        """What counts say, `(slots,) int64`."""
        missing, below, above = counts[-3:].tolist()
        return BinCounts(counts[:-3], missing, below, above)

    @property
    def training(self) -> BinCounts:
        """The training rows."""
        return BinCounts(np.array(self.counts, np.int64), self.missing)


def _edges(values: Array) -> Array:
    """The deciles, each once; none where only the largest value would lie beyond it."""
    edges: Array = np.unique(np.quantile(values, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    inner: Array = edges[edges < values.max()]
    return inner


@dataclass(frozen=True, slots=True)
class CategoryBins:
    """A column of categories.

    Args:
        name: Of the column.
        categories: The most frequent ones, each with a bin; one more bin holds all others.
        counts: Training rows of each, then of the others.
        missing: Training rows without a category.
        rare: Others that training rows have, by their names.
        singles: Categories that one training row has, which stand for those that none of them has; and rows of
            categories that are too many to be known by their names.
    """

    name: Annotated[str, fields.String()]
    categories: Annotated[tuple[str, ...], Tuple(fields.String())]
    counts: Annotated[tuple[int, ...], Tuple(WHOLE)]
    missing: Annotated[int, WHOLE] = 0
    rare: Annotated[tuple[str, ...], Tuple(fields.String())] = ()
    singles: Annotated[int, WHOLE] = 0

    @classmethod
    def of(cls, name: str, column: Iterable[Any], *, known: Sequence[str] | None = None) -> Self:
        """The bins of training values.

        Args:
            name: Of the column.
            column: Text for each row; None where it is missing.
            known: All categories that there can be, in their order; else those that are there, the most frequent first.
        """
        found = Counter(column)
        missing = found.pop(None, 0)
        ranked = [*known] if known is not None else sorted(found, key=lambda one: (-found[one], one))
        most = MOST_CATEGORIES if known is None else MOST_KNOWN
        frequent, rare = ranked[:most], ranked[most:]
        counts = [found[one] for one in frequent]
        counts.append(found.total() - sum(counts))
        singles = 0 if known is not None else sum(count == 1 for count in found.values())
        singles += sum(found[one] for one in rare[MOST_KNOWN:])
        return cls(name, tuple(frequent), tuple(counts), missing, tuple(rare[:MOST_KNOWN]), singles)

    @property
    def labels(self) -> tuple[str, ...]:
        """The bins in words."""
        return (*self.categories, OTHER)

    @property
    def slots(self) -> int:
        """How many numbers its counts are."""
        return len(self.categories) + 3

    @property
    def places(self) -> Mapping[Any, int]:
        """Category → its bin; a missing one has the place behind the bins."""
        last = len(self.categories)
        frequent = {one: place for place, one in enumerate(self.categories)}
        return {**dict.fromkeys(self.rare, last), **frequent, None: last + 1}

    def count(self, column: Iterable[Any]) -> Array:
        """Count categories: text, or None where it is missing, for each row.

        Returns:
            `(slots,) int64`.
        """
        counts, places = np.zeros(self.slots, np.int64), self.places
        for category, times in Counter(column).items():
            place = places.get(category)
            if place is None:
                counts[[-3, -1]] += times
            else:
                counts[place] += times
        return counts

    def read(self, counts: Array) -> BinCounts:
        """What counts say, `(slots,) int64`."""
        missing, unseen = counts[-2:].tolist()
        return BinCounts(counts[:-2], missing, unseen=unseen)

    @property
    def training(self) -> BinCounts:
        """The training rows; as many count as unseen as would be, were each left out once (Good and Turing)."""
        return BinCounts(np.array(self.counts, np.int64), self.missing, unseen=self.singles)
