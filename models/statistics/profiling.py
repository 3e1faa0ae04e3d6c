"""Statistics made of training rows, batch by batch."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from models.preprocessing.instances import Array, InstanceSpec
from models.statistics.bins import CategoryBins, NumberBins
from models.statistics.instance_columns import Columns
from models.statistics.output_columns import OutputColumns
from models.statistics.version_statistics import Bins, VersionStatistics

__all__ = ["MOST_ROWS", "chosen_rows", "profile"]

MOST_ROWS = 50_000
"""Of the features; a decile of so many is known to a seventh of a percent."""


def chosen_rows(rows: int, most: int = MOST_ROWS) -> Array:
    """So many of the rows, evenly spread: `(chosen,) int64` indices in their order."""
    return np.arange(rows) if rows <= most else np.linspace(0, rows - 1, most).astype(np.int64)


def profile(
    instance: InstanceSpec, outputs: OutputColumns, batches: Iterable[Array], predictions: Array, *,
    rows: int, data: dict[str, Any],
) -> VersionStatistics:  # fmt: skip
    """Make the statistics of a version.

    Args:
        instance: What its instances look like.
        outputs: What its predictions look like.
        batches: Raw training rows, `(batch, *instance shape)` of any dtype; at least one batch.
        predictions: `(rows, outputs) float32` for training rows.
        rows: How many training rows there are.
        data: Where they come from.
    """
    several = iter(batches)
    first = next(several)
    columns = Columns.of(instance, first)
    pieces = [columns.of_batch(batch) for batch in chain([first], several)]
    features = [_bins(name, [piece[place] for piece in pieces]) for place, name in enumerate(columns.names)]
    return VersionStatistics(rows, data, columns, tuple(features), outputs.bins(outputs.of_batch(predictions)))


def _bins(name: str, pieces: Sequence[Any]) -> Bins:
    """The bins of one column, of which there is a piece for each batch."""
    if isinstance(pieces[0], np.ndarray):
        return NumberBins.of(name, np.concatenate(pieces))
    return CategoryBins.of(name, chain.from_iterable(pieces))
