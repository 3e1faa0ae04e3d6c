"""The file `statistics.json`: how the rows that a version was trained on are distributed, and what it says of them.

Its fields are named as they stand on disk; `models/README.md` describes them. Beside the digest in the manifest the
file carries one of its own, by which it can be believed in versions whose manifest is older than it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Annotated, Any, Self

import numpy as np
from marshmallow import Schema, ValidationError, fields

from models.dataclass_schema import Tuple, Value, schema_of
from models.preprocessing.instances import Array
from models.statistics.bins import CategoryBins, NumberBins
from models.statistics.instance_columns import Columns
from models.statistics.output_columns import OutputColumns
from models.strict_json import read_object

__all__ = ["STATISTICS", "Bins", "StatisticsError", "VersionStatistics"]

STATISTICS = "statistics.json"
"""The file."""
FORMAT_VERSION = 1
NUMBER, CATEGORY = "number", "category"

Bins = NumberBins | CategoryBins


class StatisticsError(ValueError):
    """Statistics that cannot be read; who reads them adds whose they are."""


class _BinsField(fields.Field[Any]):
    """Bins of one kind or the other."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Bins:
        del attr, data, kwargs
        kinds: dict[Any, type[Bins]] = {NUMBER: NumberBins, CATEGORY: CategoryBins}
        made = kinds.get(value.get("kind")) if isinstance(value, dict) else None
        if made is None:
            raise ValidationError(f"expected bins of a {NUMBER} or a {CATEGORY}")
        found: Bins = made(**schema_of(made).load(value))
        if len(found.counts) != len(found.labels):
            raise ValidationError(f"expected {len(found.labels)} counts")
        return found


@dataclass(frozen=True, slots=True)
class VersionStatistics:
    """The distributions of a version's training rows.

    Args:
        rows: How many there are; of very many, every so manieth was looked at.
        data: Where they come from: `source`, `sha256` where it is known, and the `part` of it.
        columns: What is looked at of an instance.
        features: The bins of each of those columns.
        outputs: The bins of what the version's network predicts for training rows.
    """

    rows: Annotated[int, fields.Integer(strict=True)]
    data: Annotated[dict[str, Any], fields.Dict(keys=fields.String())]
    columns: Annotated[Columns, Value(Columns)]
    features: Annotated[tuple[Bins, ...], Tuple(_BinsField())]
    outputs: Annotated[tuple[Bins, ...], Tuple(_BinsField())]

    @property
    def slots(self) -> int:
        """How many numbers its counts are."""
        return sum(bins.slots for bins in (*self.features, *self.outputs))

    def count(self, outputs: OutputColumns, batch: Array, predictions: Array) -> Array:
        """Count live rows into the bins.

        Args:
            outputs: Of the version.
            batch: `(batch, *instance shape)` of float32, or object where columns hold text or gaps.
            predictions: `(batch, outputs) float32` for them.

        Returns:
            `(slots,) int64`: the features' counts one after the other, then the outputs'.
        """
        columns = [*self.columns.of_batch(batch), *outputs.of_batch(predictions)]
        bins = (*self.features, *self.outputs)
        return np.concatenate([one.count(column) for one, column in zip(bins, columns, strict=True)])

    def split(self, counts: Array) -> Iterator[tuple[Bins, Array]]:
        """The bins of each column with its part of counts, `(slots,) int64`."""
        start = 0
        for bins in (*self.features, *self.outputs):
            yield bins, counts[start : start + bins.slots]
            start += bins.slots

    def to_json(self) -> bytes:
        """The file's bytes: UTF-8 JSON."""
        plain = asdict(self)
        for part in ("features", "outputs"):
            plain[part] = [{"kind": _kind_of(bins), **asdict(bins)} for bins in getattr(self, part)]
        document = {"format_version": FORMAT_VERSION, **plain}
        return _encoded({**document, "sha256": hashlib.sha256(_encoded(document)).hexdigest()})

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read and check the file's bytes.

        Raises:
            StatisticsError: When they are no statistics of a format that this code knows, or were changed.
        """
        try:
            document = read_object(content)
        except ValueError as error:
            raise StatisticsError(f"expected UTF-8 JSON; received {error}") from error
        digest, known = document.pop("sha256", None), document.get("format_version")
        if known != FORMAT_VERSION:
            raise StatisticsError(f"expected format_version {FORMAT_VERSION}; received {known!r}")
        if digest != hashlib.sha256(_encoded(document)).hexdigest():
            raise StatisticsError("expected what its own sha-256 says; received something else")
        try:
            return cls(**_schema().load(document))
        except ValidationError as error:
            raise StatisticsError(f"expected statistics; received {error}") from error


@cache
def _schema() -> Schema:
    return schema_of(VersionStatistics)


def _kind_of(bins: Bins) -> str:
    return NUMBER if isinstance(bins, NumberBins) else CATEGORY


def _encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False).encode()
