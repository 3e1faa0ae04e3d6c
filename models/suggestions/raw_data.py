"""What a suggestion needs to see of data: raw features and targets, read by either side in its own way."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from models.preprocessing.instances import Array, Feature
from models.sources.row_numbers import NUMBERED, RowName

__all__ = ["FeatureRows", "RawData", "SampledData"]


class FeatureRows(Protocol):
    """Features of which rows are asked for: numpy's arrays are, and so are rows that lie in a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """`(rows, *instance shape)`."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of every value."""

    def __len__(self) -> int:
        """How many rows there are."""

    def __getitem__(self, rows: Any, /) -> Array:
        """Some of the rows, in memory."""


class RawData(Protocol):
    """Raw data, before labels are encoded and features preprocessed: the trainer's data sets are such."""

    @property
    def source(self) -> str:
        """Where it comes from, as a spec names it."""

    @property
    def features(self) -> FeatureRows:
        """`(rows, *instance shape)` in its natural type; object where a table holds text or gaps."""

    @property
    def targets(self) -> Array:
        """`(rows,)` or `(rows, columns)` of any dtype."""

    @property
    def columns(self) -> tuple[Feature, ...] | None:
        """The names of the features, when an instance is a row of a table."""

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names that the source itself has for its classes."""

    @property
    def own_test_rows(self) -> int:
        """How many of the last rows are the source's own test part."""

    @property
    def target(self) -> str | None:
        """The column or array that the targets are, where it has a name."""

    @property
    def features_name(self) -> str | None:
        """The array that the features are, where it has a name."""

    @property
    def rows(self) -> int:
        """How many instances there are."""

    @property
    def instance_shape(self) -> tuple[int, ...]:
        """The raw shape of one instance."""

    def row_name(self, row: int) -> str:
        """A row in words."""


@dataclass(frozen=True, slots=True)
class SampledData:
    """Raw data of which some rows may stand for all.

    Args:
        source: Where it comes from, as a spec names it.
        features: `(rows, *instance shape)` in its natural type; object where a table holds text or gaps.
        targets: `(rows,)` or `(rows, columns)`.
        rows: How many instances the source has, also where fewer are here.
        columns: The names of the features, when an instance is a row of a table.
        class_names: The names that the source itself has for its classes.
        own_test_rows: How many more rows are the source's own test part.
        target: The column or array that the targets are, where it has a name.
        features_name: The array that the features are, where it has a name.
        row_name: A row in words.
    """

    source: str
    features: FeatureRows
    targets: Array
    rows: int
    columns: tuple[Feature, ...] | None = None
    class_names: tuple[str, ...] | None = None
    own_test_rows: int = 0
    target: str | None = None
    features_name: str | None = None
    row_name: RowName = NUMBERED

    @property
    def instance_shape(self) -> tuple[int, ...]:
        """The raw shape of one instance."""
        return tuple(self.features.shape[1:])
